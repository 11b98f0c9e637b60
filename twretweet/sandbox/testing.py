"""What the pytest plugin does, without pytest."""

from typing import Final

from twretweet.sandbox.records import RecordedRequest
from twretweet.sandbox.sandbox import Sandbox

_SHOWN: Final = 20


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables with which a program finds the sandbox and signs in to it.

    Args:
        sandbox: a running one.
    """
    oauth1, oauth2, app_only = sandbox.oauth1, sandbox.oauth2, sandbox.app_only
    return {
        "TWRETWEET_BASE_URL": sandbox.url,
        "TWRETWEET_CONSUMER_KEY": oauth1.consumer_key,
        "TWRETWEET_CONSUMER_SECRET": oauth1.consumer_secret,
        "TWRETWEET_ACCESS_TOKEN": oauth1.access_token,
        "TWRETWEET_ACCESS_TOKEN_SECRET": oauth1.access_token_secret,
        "TWRETWEET_BEARER_TOKEN": app_only.bearer_token,
        "TWRETWEET_CLIENT_ID": oauth2.client_id,
    }


def account_of(sandbox: Sandbox) -> str:
    """Return what the sandbox was asked and how it answered, for the report of a failed test.

    Args:
        sandbox: any one.
    """
    requests = list(sandbox.requests)
    lines = [_line(request) for request in requests[-_SHOWN:]]
    if len(requests) > _SHOWN:
        lines.insert(0, f"… {len(requests) - _SHOWN} requests before these")
    return "\n".join(lines) or "no request has come"


def _line(request: RecordedRequest) -> str:
    status = request.status or "dropped"
    target = f"{request.path}?{request.query}" if request.query else request.path
    left = "" if request.remaining is None else f", {request.remaining} left"
    return f"{status} {request.method} {target} (by {request.account or 'nobody known'}{left})"

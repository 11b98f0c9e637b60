"""What the pytest plugin does, without pytest."""

from collections.abc import Mapping
from typing import Final

from twretweet.sandbox.records import RecordedRequest
from twretweet.sandbox.sandbox import Sandbox

_KEYS: Final = (
    "consumer_key",
    "consumer_secret",
    "access_token",
    "access_token_secret",
    "bearer_token",
    "client_id",
)
_SHOWN: Final = 20


def environment(sandbox: Sandbox) -> dict[str, str]:
    """Return the variables with which a program finds the sandbox and signs in to it.

    Args:
        sandbox: a running one.
    """
    return variables(sandbox.url, keys(sandbox))


def variables(url: str, told: Mapping[str, str | None]) -> dict[str, str]:
    """Return the same by what was told of a sandbox.

    Args:
        url: its address.
        told: what :func:`keys` returned, among other things.
    """
    named = {f"TWRETWEET_{name.upper()}": told[name] or "" for name in _KEYS}
    return {"TWRETWEET_BASE_URL": url, **named}


def keys(sandbox: Sandbox) -> dict[str, str]:
    """Return what its first user and its app sign in with, by the names that variables have.

    Args:
        sandbox: any one.
    """
    oauth1, oauth2, app_only = sandbox.oauth1, sandbox.oauth2, sandbox.app_only
    return {
        "consumer_key": oauth1.consumer_key,
        "consumer_secret": oauth1.consumer_secret,
        "access_token": oauth1.access_token,
        "access_token_secret": oauth1.access_token_secret,
        "bearer_token": app_only.bearer_token,
        "client_id": oauth2.client_id,
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

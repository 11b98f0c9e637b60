"""Checking OAuth 1.0a signatures, with the server side of oauthlib.

oauthlib compares timestamps with the machine's clock and knows no nonces; both are decided here,
by the sandbox's own clock.
Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, Protocol, TypeAlias

from oauthlib.oauth1 import ResourceEndpoint  # type: ignore[import-untyped]  # it ships no types

from twretweet.sandbox.accounts import Account, Accounts
from twretweet.sandbox.oauth.keys import Keys
from twretweet.sandbox.reply import Reply, v1_error

TOLERANCE: Final = 300
"""By how many seconds a timestamp may differ."""

_REMEMBERED: Final = 2 * TOLERANCE
_MOST_NONCES: Final = 500_000

Flaw: TypeAlias = Literal["malformed", "timestamp", "nonce", "token", "signature"]


_REFUSALS: Final[dict[Flaw, tuple[int, int, str]]] = {
    "malformed": (400, 215, "Bad Authentication data."),
    "timestamp": (401, 135, "Timestamp out of bounds."),
    "nonce": (401, 32, "Could not authenticate you."),
    "signature": (401, 32, "Could not authenticate you."),
    "token": (401, 89, "Invalid or expired token."),
}


def flawed(flaw: Flaw) -> Reply:
    """Return what v1.1 and the endpoints of OAuth 1.0a answer to a bad signature."""
    return v1_error(*_REFUSALS[flaw])


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose signature it is.

    Args:
        account: the user.
        token: the access token.
    """

    account: Account
    token: str = field(repr=False)


class _Signed(Protocol):
    """What oauthlib found in a request; it ships no types."""

    timestamp: str | None
    nonce: str | None
    resource_owner_key: str | None
    validator_log: dict[str, bool]


class _Endpoint(Protocol):
    def validate_protected_resource_request(
        self, uri: str, http_method: str, body: str, headers: dict[str, str]
    ) -> tuple[bool, _Signed | None]: ...


def is_timely(timestamp: str, now: float, ahead: float) -> bool:
    """Tell whether a timestamp is near enough to the sandbox's time.

    Args:
        timestamp: what was signed.
        now: the sandbox's time, in epoch seconds.
        ahead: by how many seconds its clock was moved on; who signs may not know of it.
    """
    if not timestamp.isdigit():
        return False
    return any(abs(int(timestamp) - time) <= TOLERANCE for time in (now, now - ahead))


class Nonces:
    """Remembers nonces for as long as their timestamps could be taken again."""

    def __init__(self) -> None:
        self._seen: set[tuple[str, str]] = set()
        self._seen_before: set[tuple[str, str]] = set()
        self._since = 0.0

    def is_new(self, token: str, nonce: str) -> bool:
        """Tell whether a token has not used this nonce yet."""
        entry = (token, nonce)
        return entry not in self._seen and entry not in self._seen_before

    def remember(self, token: str, nonce: str, now: float) -> None:
        """Let a nonce be used."""
        if now - self._since > _REMEMBERED or len(self._seen) > _MOST_NONCES:
            self._seen_before, self._seen, self._since = self._seen, set(), now
        self._seen.add((token, nonce))


class Signatures:
    """Verifies requests, and remembers the nonces it has seen.

    Args:
        accounts: who may sign.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._endpoint: _Endpoint = ResourceEndpoint(Keys(accounts))
        self.nonces = Nonces()

    def verify(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: str,
        now: float,
        *,
        ahead: float = 0.0,
    ) -> Signer | Flaw:
        """Check one request.

        Args:
            method: the HTTP method.
            url: the whole address, as it was sent.
            headers: all headers.
            body: the body of a form, which is signed as well.
            now: epoch seconds.
            ahead: by how many seconds the clock was moved on.

        Returns:
            Whose signature it is, or what is wrong with it.
        """
        try:
            valid, request = self._endpoint.validate_protected_resource_request(
                url, http_method=method, body=body, headers=dict(headers)
            )
        except ValueError:
            # oauthlib refuses a query or header that is not percent-encoded this way.
            return "malformed"
        if request is None or not (
            request.timestamp and request.nonce and request.resource_owner_key
        ):
            return "malformed"
        if not is_timely(request.timestamp, now, ahead):
            return "timestamp"
        if not valid:
            unknown = request.validator_log.get("resource_owner") is False
            return "token" if unknown else "signature"
        token = request.resource_owner_key
        account = self._accounts.by_token(token)
        if account is None:
            return "token"
        if not self.nonces.is_new(token, request.nonce):
            return "nonce"
        self.nonces.remember(token, request.nonce, now)
        return Signer(account, token)

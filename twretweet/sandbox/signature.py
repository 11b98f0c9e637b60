"""Checking OAuth 1.0a signatures, with the server side of oauthlib.

oauthlib compares timestamps with the machine's clock and knows no nonces; both are decided here,
by the sandbox's own clock.
Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a
"""

from collections.abc import Mapping
from typing import Final, Literal, Protocol, TypeAlias

from oauthlib.oauth1 import (  # type: ignore[import-untyped]  # it ships no types
    SIGNATURE_HMAC_SHA1,
    RequestValidator,
    ResourceEndpoint,
)

from twretweet.sandbox.accounts import Account, Accounts

TOLERANCE: Final = 300
"""By how many seconds a timestamp may differ."""

_REMEMBERED: Final = 2 * TOLERANCE
_MOST_NONCES: Final = 500_000
_LONGEST: Final = 128

Flaw: TypeAlias = Literal["malformed", "timestamp", "nonce", "token", "signature"]


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


class Signatures:
    """Verifies requests, and remembers the nonces it has seen.

    Args:
        accounts: who may sign.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._endpoint: _Endpoint = ResourceEndpoint(_Keys(accounts))
        self._seen: set[tuple[str, str]] = set()
        self._seen_before: set[tuple[str, str]] = set()
        self._since = 0.0

    def verify(
        self, method: str, url: str, headers: Mapping[str, str], body: str, now: float
    ) -> Account | Flaw:
        """Check one request.

        Args:
            method: the HTTP method.
            url: the whole address, as it was sent.
            headers: all headers.
            body: the body of a form, which is signed as well.
            now: epoch seconds.

        Returns:
            The account whose signature it is, or what is wrong with it.
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
        if not request.timestamp.isdigit() or abs(int(request.timestamp) - now) > TOLERANCE:
            return "timestamp"
        if not valid:
            unknown = request.validator_log.get("resource_owner") is False
            return "token" if unknown else "signature"
        account = self._accounts.by_token(request.resource_owner_key)
        if account is None:
            return "token"
        return account if self._is_new(request.resource_owner_key, request.nonce, now) else "nonce"

    def _is_new(self, token: str, nonce: str, now: float) -> bool:
        """Remember a nonce for as long as its timestamp could be taken again."""
        if now - self._since > _REMEMBERED or len(self._seen) > _MOST_NONCES:
            self._seen_before, self._seen, self._since = self._seen, set(), now
        entry = (token, nonce)
        if entry in self._seen or entry in self._seen_before:
            return False
        self._seen.add(entry)
        return True


class _Keys(RequestValidator):  # type: ignore[misc]  # untyped, so mypy takes it for Any
    """Hands oauthlib the keys, and its rules of what a key may look like."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__()
        self._accounts = accounts

    @property
    def dummy_client(self) -> str:
        """What oauthlib checks against where there is no such app."""
        return "none"

    @property
    def dummy_access_token(self) -> str:
        """What oauthlib checks against where there is no such token."""
        return "none"

    @property
    def allowed_signature_methods(self) -> tuple[str, ...]:
        """X takes HMAC-SHA1 alone."""
        return (SIGNATURE_HMAC_SHA1,)

    @property
    def enforce_ssl(self) -> bool:
        """On loopback there is none."""
        return False

    @property
    def timestamp_lifetime(self) -> int:
        """So long that oauthlib leaves the decision to :class:`Signatures`."""
        return 1 << 40

    def check_client_key(self, client_key: str) -> bool:
        return len(client_key) <= _LONGEST

    def check_access_token(self, request_token: str) -> bool:
        return len(request_token) <= _LONGEST

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) <= _LONGEST

    def validate_timestamp_and_nonce(  # noqa: PLR0917  # as oauthlib calls it
        self,
        client_key: str,
        timestamp: object,
        nonce: str,
        request: object,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        return True

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == self._accounts.consumer_key

    def validate_access_token(self, client_key: str, token: str, request: object) -> bool:
        return self._accounts.by_token(token) is not None

    def validate_realms(
        self,
        client_key: str,
        token: str,
        request: object,
        uri: str | None = None,
        realms: list[str] | None = None,
    ) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: object) -> str:
        return self._accounts.consumer_secret

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        account = self._accounts.by_token(token)
        return account.oauth1.access_token_secret if account is not None else "none"

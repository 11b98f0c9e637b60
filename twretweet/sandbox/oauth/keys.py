"""What oauthlib asks about keys and tokens of OAuth 1.0a."""
# ruff: noqa: D102  # what its questions mean is told by oauthlib

from typing import Final

from oauthlib.oauth1 import (  # type: ignore[import-untyped]  # it ships no types
    SIGNATURE_HMAC_SHA1,
    RequestValidator,
)

from twretweet.sandbox.accounts import Accounts

LONGEST: Final = 128
"""How long a key, a token or a nonce may be."""


class Keys(RequestValidator):  # type: ignore[misc]  # untyped, so mypy takes it for object
    """Hands oauthlib the keys, and its rules of what a key may look like."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__()
        self.accounts = accounts

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
        """So long that oauthlib leaves the decision to the sandbox's own clock."""
        return 1 << 40

    def check_client_key(self, client_key: str) -> bool:
        return len(client_key) <= LONGEST

    def check_access_token(self, request_token: str) -> bool:
        return len(request_token) <= LONGEST

    def check_nonce(self, nonce: str) -> bool:
        return len(nonce) <= LONGEST

    def validate_timestamp_and_nonce(  # noqa: PLR0917  # as oauthlib calls it
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: object,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        return True

    def validate_client_key(self, client_key: str, request: object) -> bool:
        return client_key == self.accounts.registration.consumer_key

    def validate_access_token(self, client_key: str, token: str, request: object) -> bool:
        return self.accounts.by_token(token) is not None

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
        return self.accounts.registration.consumer_secret

    def get_access_token_secret(self, client_key: str, token: str, request: object) -> str:
        return self.accounts.legs.secret(token) or "none"

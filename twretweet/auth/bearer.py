"""Bearer tokens: of a user (OAuth 2.0) or of the app itself.

Source: https://docs.x.com/resources/fundamentals/authentication/overview
"""

from __future__ import annotations

from twretweet.auth.account import Flow, fingerprint
from twretweet.credentials import AppOnly, OAuth2
from twretweet.errors import CredentialsError
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import Request


class OAuth2Account:
    """A user known by an OAuth 2.0 access token."""

    __slots__ = ("_header", "app_key", "key", "label")

    kind: AuthKind = "oauth2"
    dated = False
    user_id: str | None = None

    def __init__(self, credentials: OAuth2) -> None:
        if credentials.access_token is None:
            raise CredentialsError(
                "OAuth2 has no access token: pass access_token=, or set TWRETWEET_ACCESS_TOKEN"
            )
        self.app_key = fingerprint(credentials.client_id)
        owner = credentials.account or fingerprint(credentials.access_token)
        self.key = f"{self.app_key}:{owner}"
        self.label = credentials.account or f"account {owner[:6]}"
        self._header = f"Bearer {credentials.access_token}"

    def authenticate(self, request: Request, now: float) -> Flow:
        """Yield the request with the token."""
        del now  # a bearer token is not dated
        yield request.with_header("Authorization", self._header)


class AppAccount:
    """The app itself."""

    __slots__ = ("_header", "app_key", "key")

    kind: AuthKind = "app"
    dated = False
    label = "the app"
    user_id: str | None = None

    def __init__(self, credentials: AppOnly) -> None:
        self.app_key = self.key = fingerprint(credentials.bearer_token)
        self._header = f"Bearer {credentials.bearer_token}"

    def authenticate(self, request: Request, now: float) -> Flow:
        """Yield the request with the token."""
        del now  # a bearer token is not dated
        yield request.with_header("Authorization", self._header)

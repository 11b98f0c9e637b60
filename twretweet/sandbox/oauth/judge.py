"""What oauthlib asks about OAuth 2.0, and the answers at one moment.

Codes and refresh tokens come here as handles, see :mod:`twretweet.sandbox.oauth.grants`.
"""
# ruff: noqa: D102  # what its questions mean is told by oauthlib

from typing import Protocol

from twretweet.sandbox.oauth.app import App, Client, basic
from twretweet.sandbox.oauth.grants import Code, Family, Grants
from twretweet.sandbox.oauth.scopes import MEANINGS


class Asked(Protocol):
    """What oauthlib reads from a request, and what it wants noted there; it ships no types."""

    headers: dict[str, str]
    redirect_uri: str | None
    state: str | None
    response_type: str | None
    code_challenge: str
    code_challenge_method: str
    grant_type: str | None
    refresh_token: str | None
    token: str | None
    client_id: str | None
    client: Client | None
    scopes: list[str] | None


class Judge:
    """Answers oauthlib, and notes what it found.

    Args:
        app: the app.
        grants: what was given out.
        now: epoch seconds.

    Attributes:
        code: the code that was presented, if it is known.
        family: what the presented code or refresh token belongs to, if it is known.
        replayed: whether the refresh token that was presented has been used before.
    """

    def __init__(self, app: App, grants: Grants, now: float) -> None:
        self._app = app
        self._grants = grants
        self._now = now
        self.code: Code | None = None
        self.family: Family | None = None
        self.replayed = False

    # The client

    def client_authentication_required(self, request: Asked) -> bool:
        """Any header is taken for an attempt to authenticate, as X takes it."""
        client = self._app.client(request.client_id)
        return "authorization" in request.headers or (
            client is not None and client.secret is not None
        )

    def authenticate_client(self, request: Asked) -> bool:
        given = basic(request.headers.get("authorization", ""))
        confidential = self._app.confidential
        if given != (confidential.client_id, confidential.secret):
            return False
        request.client = confidential
        return request.client_id in {None, "", confidential.client_id}

    def authenticate_client_id(self, client_id: str | None, request: Asked) -> bool:
        request.client = self._app.public
        return client_id == self._app.public.client_id

    def validate_client_id(self, client_id: str, request: Asked) -> bool:
        request.client = self._app.client(client_id)
        return request.client is not None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Asked
    ) -> bool:
        return True

    # What may be asked of a person

    def validate_redirect_uri(self, client_id: str, redirect_uri: str, request: Asked) -> bool:
        return self._app.may_redirect(redirect_uri)

    def get_default_redirect_uri(self, client_id: str, request: Asked) -> None:
        """X wants it given every time."""

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Asked
    ) -> bool:
        return response_type == "code"

    def get_default_scopes(self, client_id: str, request: Asked) -> list[str]:
        return []

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Asked
    ) -> bool:
        return bool(scopes) and all(scope in MEANINGS for scope in scopes)

    def is_pkce_required(self, client_id: str, request: Asked) -> bool:
        return True

    # A code

    def validate_code(self, client_id: str, code: str, client: Client, request: Asked) -> bool:
        """A code that comes back takes with it whatever it was exchanged for."""
        found = self._grants.code(code)
        if found is None or found.family.client_id != client.client_id:
            return False
        self.code, self.family = found, found.family
        if found.used:
            found.family.revoked = True
        return not found.family.revoked and self._now < found.expires_at

    def get_code_challenge(self, code: str, request: Asked) -> str | None:
        return None if self.code is None else self.code.challenge

    def get_code_challenge_method(self, code: str, request: Asked) -> str | None:
        return None if self.code is None else self.code.method

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Client, request: Asked
    ) -> bool:
        return self.code is not None and redirect_uri == self.code.redirect_uri

    # A refresh token

    def validate_refresh_token(self, refresh_token: str, client: Client, request: Asked) -> bool:
        """A refresh token that comes back takes its whole family with it."""
        found = self._grants.refresh(refresh_token)
        if found is None or found.family.client_id != client.client_id:
            return False
        self.family = found.family
        if found.used:
            self.replayed = found.family.revoked = True
        return not (found.used or found.revoked or found.family.revoked)

    def get_original_scopes(self, refresh_token: str, request: Asked) -> list[str]:
        return [] if self.family is None else list(self.family.scopes)

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Asked
    ) -> bool:
        """No scope contains another."""
        return False

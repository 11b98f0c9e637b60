"""The app itself, known by a bearer token, or by its key and secret.

X gives the same bearer token for a key and its secret until somebody invalidates it, so nothing
is lost when it is asked for twice, and it is kept in memory only.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from twretweet.auth.account import IN_VAIN, Flow, Lasting, Means, drive, fingerprint
from twretweet.auth.grant import Form, basic, is_token, redacted_error, unreadable
from twretweet.credentials import AppOnly
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import FORM_TYPE, Request
from twretweet.protocol.response import Reply

APP_TOKEN_PATH = "/oauth2/token"  # noqa: S105  # a path
APP_TOKEN_ENDPOINT = f"POST {APP_TOKEN_PATH}"
_OK = range(200, 300)


class AppAccount(Lasting):
    """The app, known by its bearer token."""

    __slots__ = ("_credentials", "user_id")

    kind: AuthKind = "app"
    dated = False
    label = "the app"

    def __init__(self, credentials: AppOnly) -> None:
        self._credentials = credentials
        self.user_id: str | None = None

    @property
    def key(self) -> str:
        """The app."""
        return fingerprint(self._credentials.bearer_token)

    @property
    def app_key(self) -> str:
        """The app."""
        return self.key

    def sign(self, request: Request, now: float) -> Request:
        """The request with the token."""
        del now  # a bearer token is not dated
        token = f"Bearer {self._credentials.bearer_token}"
        return request.with_header("Authorization", token)


class AppKeyAccount:
    """The app, known by its key and secret, for which it gets a bearer token."""

    __slots__ = ("__weakref__", "_credentials", "_rests_until", "_token", "generation", "user_id")

    kind: AuthKind = "app"
    dated = False
    label = "the app"
    sign_in = 0
    unsettled = False

    def __init__(self, credentials: AppOnly) -> None:
        self._credentials = credentials
        self._token: str | None = None
        self._rests_until = 0.0
        self.generation = 0
        self.user_id: str | None = None

    @property
    def key(self) -> str:
        """The app, by its consumer key; a new bearer token changes nothing of it."""
        return fingerprint(self._credentials.consumer_key or "")

    @property
    def app_key(self) -> str:
        """The app."""
        return self.key

    @property
    def identity(self) -> str:
        """The app."""
        return self.key

    def due(self, now: float, rejected: int | None = None) -> bool:
        """Whether the bearer token has to be had, because there is none or X takes it no more."""
        # It does not expire.
        return self._token is None or (rejected == self.generation and now >= self._rests_until)

    def put_off(self, now: float, rejected: int | None) -> bool:
        """Never: it is renewed when there is no good one."""
        del now, rejected
        return False

    def renewed_in_vain(self, now: float) -> None:
        """X refuses what it has just given, and would give the same again."""
        self._rests_until = now + IN_VAIN

    async def renew(self, means: Means, rejected: int | None) -> None:
        """Exchange key and secret for the bearer token.

        Raises:
            APIError: X does not take them.
            TwretweetError: X could not be asked, or has trouble.
        """
        if self.due(means.now(), rejected):
            async with means.connect() as send:
                self._token = await drive(app_token(means.base_url, self._credentials), send)
            self.generation += 1

    async def settle(self, means: Means) -> None:
        """Nothing to do: the token is not stored."""

    def sign(self, request: Request, now: float) -> Request:
        """The request with the token."""
        del now  # a bearer token is not dated
        return request.with_header("Authorization", f"Bearer {self._token}")


class _Body(Struct):
    access_token: str
    token_type: str


def secrets_of(app: AppOnly) -> Form:
    """What must not be repeated from a reply that quotes it."""
    return Form({"key": app.consumer_key or "", "secret": app.consumer_secret or ""})


def app_token(base_url: str, credentials: AppOnly) -> Flow[str]:
    """Exchange the key and secret of an app for its bearer token.

    Raises:
        APIError: X does not take them.
        DecodeError: the reply can't be read.
    """
    form = Form({"grant_type": "client_credentials"})
    proof = basic(credentials.consumer_key or "", credentials.consumer_secret or "")
    reply = yield Request("POST", base_url + APP_TOKEN_PATH, (), (FORM_TYPE, proof), form.encode())
    del proof  # the locals of this frame stand in the traceback
    if reply.status not in _OK:
        raise redacted_error(reply, secrets_of(credentials))
    token = _token(reply)
    if token is None:
        raise unreadable(reply)
    return token


def _token(reply: Reply) -> str | None:
    """The token in a reply of success; it never raises, since its locals hold it."""
    if reply.fault is not None:
        return None
    try:
        body = msgspec.json.decode(reply.body, type=_Body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    good = body.token_type.lower() == "bearer" and is_token(body.access_token)
    return body.access_token if good else None

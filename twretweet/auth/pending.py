"""Sign-ins that were begun: plain data, to be kept until the person comes back.

It may be another process that they come back to, so it can be written down. The app's own secret
stays out of that: whoever finishes a sign-in knows the app.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec
from msgspec import Struct

from twretweet.auth.account import fingerprint
from twretweet.credentials import AppOnly, OAuth2
from twretweet.errors import SignInError

S = TypeVar("S", bound="_Written")


class PendingSignIn(Struct, frozen=True, kw_only=True):
    """A sign-in of OAuth 2.0 that was begun.

    Attributes:
        url: the page to send the person to.
        redirect_uri: where X sends them back to.
        scopes: what they are asked to allow.
        client: the app.
        state: comes back with them; a secret between this program and their browser.
        verifier: proves that it was this program that sent them; a secret.
    """

    url: str
    redirect_uri: str
    scopes: tuple[str, ...]
    client: OAuth2
    state: str
    verifier: str

    def to_json(self) -> str:
        """Write it down, for another process to finish.

        The text holds the verifier: keep it where the person's browser can't read it.
        """
        app = fingerprint(self.client.client_id)
        return _write(
            _WrittenOAuth2(
                app, self.url, self.redirect_uri, self.scopes, self.state, self.verifier
            )
        )

    @staticmethod
    def from_json(text: str | bytes, client: OAuth2) -> PendingSignIn:
        """Read what :meth:`to_json` wrote.

        Args:
            text: what it wrote.
            client: the app that has begun the sign-in.

        Raises:
            SignInError: it is no such text, or another app's.
        """
        read = _read(text, _WrittenOAuth2, fingerprint(client.client_id))
        del text  # the locals of this frame stand in the traceback
        if isinstance(read, str):
            raise SignInError(read)
        return PendingSignIn(
            url=read.url,
            redirect_uri=read.redirect_uri,
            scopes=read.scopes,
            client=client,
            state=read.state,
            verifier=read.verifier,
        )

    def __repr__(self) -> str:
        return f"<PendingSignIn of {self.client.client_id}, back to {self.redirect_uri}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("client_id", self.client.client_id), ("redirect_uri", self.redirect_uri)]


class PendingOAuth1(Struct, frozen=True, kw_only=True):
    """A sign-in of OAuth 1.0a that was begun.

    Attributes:
        url: the page to send the person to.
        callback: where X sends them back to; ``None`` shows them a PIN instead.
        app: the app, by its key and secret.
        token: the request token; it comes back with them.
        token_secret: signs with it; a secret.
    """

    url: str
    callback: str | None
    app: AppOnly
    token: str
    token_secret: str

    def to_json(self) -> str:
        """Write it down, for another process to finish.

        The text holds a secret: keep it where the person's browser can't read it.
        """
        app = fingerprint(self.app.consumer_key or "")
        return _write(_WrittenOAuth1(app, self.url, self.callback, self.token, self.token_secret))

    @staticmethod
    def from_json(text: str | bytes, app: AppOnly) -> PendingOAuth1:
        """Read what :meth:`to_json` wrote.

        Args:
            text: what it wrote.
            app: the app that has begun the sign-in.

        Raises:
            SignInError: it is no such text, or another app's.
        """
        read = _read(text, _WrittenOAuth1, fingerprint(app.consumer_key or ""))
        del text  # the locals of this frame stand in the traceback
        if isinstance(read, str):
            raise SignInError(read)
        return PendingOAuth1(
            url=read.url,
            callback=read.callback,
            app=app,
            token=read.token,
            token_secret=read.token_secret,
        )

    def __repr__(self) -> str:
        back = "with a PIN" if self.callback is None else f"back to {self.callback}"
        return f"<PendingOAuth1, {back}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("callback", self.callback)]


class _Written(Struct, frozen=True):
    app: str

    def __repr__(self) -> str:
        return "<a sign-in>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


class _WrittenOAuth2(_Written, frozen=True):
    url: str
    redirect_uri: str
    scopes: tuple[str, ...]
    state: str
    verifier: str


class _WrittenOAuth1(_Written, frozen=True):
    url: str
    callback: str | None
    token: str
    token_secret: str


def _write(written: _Written) -> str:
    return msgspec.json.encode(written).decode()


def _read(text: str | bytes, kind: type[S], app: str) -> S | str:
    """What was written; or what is wrong with it. It never raises, since its locals hold it."""
    try:
        written = msgspec.json.decode(text, type=kind)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return "this is no sign-in that was begun: begin another"
    if written.app != app:
        return "this sign-in was begun by another app: finish it with that one"
    return written

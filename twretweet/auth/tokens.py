"""What a token store keeps of an account, and how it is written down.

Every kind is one JSON object with its ``kind`` and a ``version``, so that a store holds texts and
knows nothing of what they say. A version that this code does not know is refused and never
overwritten; members that it does not know are ignored.

An OAuth 2.0 refresh token works once, and the reply to it brings the next one. All tokens that
follow from one another are a *lineage*; ``seed`` is the fingerprint of the one it began with, and
``spent`` those of the latest that were used up. So whoever still passes one of these, as after a
restart, finds its successor by it.
"""

from __future__ import annotations

import sys
from typing import ClassVar

import msgspec
from msgspec import Struct

from twretweet.credentials import AppOnly, Credentials, OAuth1, OAuth2
from twretweet.errors import TokenStoreError

VERSION = 1


class StoredTokens(Struct, frozen=True, kw_only=True, tag_field="kind"):
    """The tokens of one account; one of the kinds below. None ever prints a secret.

    Attributes:
        version: of the form in which they are written down.
        host: the API that gave them, by its address; they are sent to no other. ``None`` where it
            is not known, as of what was stored before it was noted.
    """

    version: int = VERSION
    host: str | None = None

    _hidden: ClassVar[frozenset[str]] = frozenset()

    def to_json(self) -> str:
        """Write it down; the text holds secrets."""
        return msgspec.json.encode(self).decode()

    @staticmethod
    def from_json(text: str | bytes) -> StoredTokens:
        """Read what :meth:`to_json` wrote.

        Raises:
            TokenStoreError: it is no such text, or one of a newer version.
        """
        read = read_tokens(text)
        del text  # the locals of this frame stand in the traceback
        if isinstance(read, str):
            raise TokenStoreError(f"the stored tokens {read}")
        return read

    def credentials(self, account: str) -> Credentials:
        """Credentials for ``manager.session()``.

        Args:
            account: the name under which the tokens are stored.
        """
        raise NotImplementedError

    def secrets(self) -> list[str]:
        """What must be shown nowhere."""
        return [value for name in self._hidden if (value := getattr(self, name))]

    def __repr__(self) -> str:
        shown = [f"{name}={value!r}" for name, value in self._shown()]
        return f"{type(self).__name__}({', '.join(shown)})"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return self._shown()

    def _shown(self) -> list[tuple[str, object]]:
        return [
            (name, "…" if name in self._hidden else getattr(self, name))
            for name in self.__struct_fields__
            if name != "version" and getattr(self, name) not in (None, ())
        ]


class Attempt(Struct, frozen=True):
    """A refresh that was begun; while it stands in a store, no end of it is known.

    Attributes:
        token: the fingerprint of the refresh token that was sent.
        since: when, in epoch seconds of X's clock.
    """

    token: str
    since: float


class OAuth2Tokens(StoredTokens, frozen=True, kw_only=True, tag="oauth2"):
    """Tokens of a user, of OAuth 2.0.

    Attributes:
        client_id: the app that they were given to.
        client_secret: of a confidential client, where it is to be stored too.
        access_token: the bearer token; ``None`` where only a refresh token is known.
        refresh_token: renews both, once; ``None`` without the scope ``offline.access``.
        obtained_at: when the access token was given, in epoch seconds of X's clock.
        expires_at: when it ends, in epoch seconds of X's clock; ``None`` where X did not say.
        scopes: what the user allowed.
        seed: the fingerprint of the token that the lineage began with.
        spent: the fingerprints of the refresh tokens that these followed on, latest last; of a
            long lineage not all of them.
        user_id: the user's id, where it is known.
        username: the user's name when they signed in, where it is known.
        attempt: a refresh of these tokens, or of others for this account, that was begun.
        moved_to: the name under which they are stored instead, if they have arrived there.
    """

    client_id: str
    client_secret: str | None = None
    access_token: str | None = None
    refresh_token: str | None = None
    obtained_at: float | None = None
    expires_at: float | None = None
    scopes: tuple[str, ...] = ()
    seed: str = ""
    spent: tuple[str, ...] = ()
    user_id: str | None = None
    username: str | None = None
    attempt: Attempt | None = None
    moved_to: str | None = None

    _hidden: ClassVar[frozenset[str]] = frozenset(
        {"client_secret", "access_token", "refresh_token"}
    )

    def credentials(self, account: str) -> OAuth2:
        """Credentials that find these tokens, and their successors, in the store."""
        return OAuth2(self.client_id, self.client_secret, account=account)


class OAuth1Tokens(StoredTokens, frozen=True, kw_only=True, tag="oauth1"):
    """Keys of a user, of OAuth 1.0a; they don't expire.

    Attributes:
        consumer_key: the app's.
        consumer_secret: the app's.
        access_token: the user's.
        access_token_secret: the user's.
        user_id: the user's id.
        screen_name: the user's name when the keys were given.
    """

    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    user_id: str | None = None
    screen_name: str | None = None

    _hidden: ClassVar[frozenset[str]] = frozenset(
        {"consumer_key", "consumer_secret", "access_token", "access_token_secret"}
    )

    def credentials(self, account: str) -> OAuth1:
        """The four keys."""
        del account  # they never change, so they need no name
        return OAuth1(
            self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret
        )


class AppOnlyTokens(StoredTokens, frozen=True, kw_only=True, tag="app-only"):
    """The bearer token of an app.

    Attributes:
        bearer_token: from the developer portal, or had for the app's key and secret.
    """

    bearer_token: str

    _hidden: ClassVar[frozenset[str]] = frozenset({"bearer_token"})

    def credentials(self, account: str) -> AppOnly:
        """The bearer token."""
        del account  # it never changes, so it needs no name
        return AppOnly(self.bearer_token)


def redacted(text: str, *known: StoredTokens | None) -> str:
    """A text that may quote tokens, without their secrets, plain or as JSON has them."""
    for tokens in known:
        for secret in [] if tokens is None else tokens.secrets():
            for form in (secret, msgspec.json.encode(secret).decode()[1:-1]):
                text = text.replace(form, "[hidden]")
    return text


def _sharing(tokens: OAuth2Tokens) -> OAuth2Tokens:
    """The same tokens, with one copy of what thousands of accounts have in common."""
    return msgspec.structs.replace(
        tokens,
        host=None if tokens.host is None else sys.intern(tokens.host),
        client_id=sys.intern(tokens.client_id),
        scopes=tuple(map(sys.intern, tokens.scopes)),
    )


class _Version(Struct):
    version: int = VERSION


def read_tokens(text: str | bytes) -> StoredTokens | str:
    """The tokens in a text; or, as the end of a sentence, why they can't be read.

    It never raises, so that no frame of a traceback holds the text.
    """
    try:
        version = msgspec.json.decode(text, type=_Version).version
        if version > VERSION:
            return f"are of version {version}, which a newer twretweet wrote: update this one"
        read = msgspec.json.decode(text, type=OAuth2Tokens | OAuth1Tokens | AppOnlyTokens)
        return _sharing(read) if isinstance(read, OAuth2Tokens) else read
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return f"can't be read ({error}): restore them, or sign in again"

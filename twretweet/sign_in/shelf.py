"""Under which names sign-ins are stored, and what becomes of what was there.

1. A name that the caller chose is taken, and what was stored under it is replaced: this is how an
   account is signed in again. What can't be read is not replaced.
2. Otherwise it is the user's name at X. Where that is taken by another user, app or kind of
   sign-in, a number is added, so that nobody's tokens are lost.
3. Where X does not tell the user's name, a name is made up. It is also what a sign-in has until X
   has told: then it moves, and its old entry says where to until it is deleted, lest a crash in
   between leave one refresh token under two names.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec
from msgspec import Struct

from twretweet import ids
from twretweet.auth import TokenStore
from twretweet.auth.account import fingerprint
from twretweet.auth.guard import GuardedStore
from twretweet.auth.tokens import OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.credentials import OAuth1, OAuth2
from twretweet.errors import QueryError, TokenStoreError, TwretweetError
from twretweet.models import User

C = TypeVar("C", OAuth1, OAuth2)

_PROBE = "sign-in"
_LONGEST = 100


class SignedIn(Struct, Generic[C], frozen=True, kw_only=True):
    """Somebody has signed in, and their tokens are stored.

    Attributes:
        account: the name under which they are stored.
        credentials: for ``manager.session()``.
        user_id: the user's id at X; ``None`` where X did not tell.
        username: the user's name at X; ``None`` where X did not tell.
        scopes: what they allowed; empty for OAuth 1.0a, which has none.
        unnamed: why X did not tell who it is; ``None`` where it did.
    """

    account: str
    credentials: C
    user_id: str | None = None
    username: str | None = None
    scopes: tuple[str, ...] = ()
    unnamed: TwretweetError | None = None


class Shelf:
    """Stores sign-ins.

    Args:
        store: where tokens live.
    """

    def __init__(self, store: TokenStore) -> None:
        self._store = store

    async def check(self, account: str | None) -> None:
        """Find out whether a sign-in could be stored, by storing something.

        Args:
            account: its name, if it is known.

        Raises:
            TokenStoreError: it could not.
        """
        name = _PROBE if account is None else account
        store = GuardedStore(self._store)
        async with store.lock(name):
            found = await store.load(name)
            if found is None:
                await store.save(name, OAuth2Tokens(client_id=_PROBE))
                await store.delete(name)
            else:
                await store.save(name, found)

    async def put(self, name: str, tokens: StoredTokens) -> None:
        """Store a sign-in under a name, in place of what was there.

        Raises:
            TokenStoreError: it could not be stored, or what is there can't be read.
        """
        store = GuardedStore(self._store, lambda: tokens, advice="")
        try:
            # The lock, because whoever refreshes what was there stores what comes of it.
            async with store.lock(name):
                await store.load(name)
                await store.save(name, tokens)
            return
        except TokenStoreError as error:
            why = str(error)
        raise TokenStoreError(
            f"X has granted it, but the tokens could not be stored, so sign in again: {why}"
        )

    async def name(self, username: str | None, tokens: OAuth1Tokens | OAuth2Tokens) -> str:
        """A name for a sign-in that has none.

        Args:
            username: of the user, if it is known.
            tokens: what is to be stored.

        Raises:
            TokenStoreError: the store can't be read.
        """
        if username is None:
            return made_up(tokens)
        store = GuardedStore(self._store, lambda: tokens)
        taken = set(await store.accounts())
        number, name = 1, username
        while name in taken and not await _is_same(store, name, tokens):
            number += 1
            name = f"{username}-{number}"
        return name

    async def introduce(self, name: str, tokens: OAuth2Tokens, user: User, *, rename: bool) -> str:
        """Add to a sign-in that is stored who it is, and return its name from now on.

        Args:
            name: under which it is stored.
            tokens: what is stored.
            user: who it is.
            rename: whether it is to be stored under the user's name.

        Raises:
            TokenStoreError: it could not be stored; it is where it was.
        """
        named, store = _introduced(tokens, user), GuardedStore(self._store, lambda: tokens)
        if rename:
            chosen = await self.name(user.username, named)
            if chosen != name:
                # For a while both names have the tokens, and no process may use both.
                moving = msgspec.structs.replace(tokens, moved_to=chosen)
                async with store.lock(name):
                    await store.save(name, moving)
            await self.put(chosen, named)
            if chosen != name:
                async with store.lock(name):
                    await store.delete(name)
            return chosen
        async with store.lock(name):
            # Somebody may have renewed it, or signed in once more.
            found = await store.load(name)
            if isinstance(found, OAuth2Tokens) and found.seed == tokens.seed:
                await store.save(name, _introduced(found, user))
        return name


async def _is_same(store: GuardedStore, name: str, tokens: OAuth1Tokens | OAuth2Tokens) -> bool:
    try:
        found = await store.load(name)
    except TokenStoreError:
        return False
    return found is None or is_same_sign_in(found, tokens)


def _introduced(tokens: OAuth2Tokens, user: User) -> OAuth2Tokens:
    return msgspec.structs.replace(tokens, user_id=user.id, username=user.username)


def is_same_sign_in(one: StoredTokens, other: StoredTokens) -> bool:
    """Whether both are known to be of the same user, app and kind, and not of different hosts."""
    if None not in (one.host, other.host) and one.host != other.host:
        return False
    if isinstance(one, OAuth2Tokens) and isinstance(other, OAuth2Tokens):
        known = one.user_id is not None and one.user_id == other.user_id
        return known and one.client_id == other.client_id
    if isinstance(one, OAuth1Tokens) and isinstance(other, OAuth1Tokens):
        known = one.user_id is not None and one.user_id == other.user_id
        return known and one.consumer_key == other.consumer_key
    return False


def made_up(tokens: OAuth1Tokens | OAuth2Tokens) -> str:
    """A name that tells nothing of the tokens but which they are."""
    return f"account-{fingerprint(tokens.access_token or '')[:6]}"


def check_name(account: str | None) -> None:
    """Refuse what is no name for an account.

    Raises:
        QueryError: it is empty, too long, or can't be shown.
    """
    if account is None:
        return
    shown = account.isprintable() and account == account.strip()
    if not (account and shown and len(account) <= _LONGEST):
        raise QueryError(
            f"{account[:_LONGEST]!r} is no name for an account: give 1 to {_LONGEST} printable "
            "letters"
        )


def plausible_username(name: str | None) -> str | None:
    """A username as X gives them, ``None`` if it is none."""
    try:
        return None if name is None else ids.username(name)
    except QueryError:
        return None

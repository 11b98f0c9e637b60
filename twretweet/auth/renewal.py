"""Renewing the tokens of an account that others may be renewing too.

A refresh token works once. X answers with a new pair, and whoever loses that answer has lost the
account until a person signs in again; whoever sends the old token a second time may have made X
end the new one as well. Hence the order:

1. Take the lock of the account, and read the store again: if somebody has rotated meanwhile, use
   what they stored, and send nothing.
2. Wait for a connection, so that nothing is waited for between 3 and 5. That may take longer than
   the lock lasts: who has lost it begins anew, and waits for the connection first. So does who
   finds that something else is stored by now, as a sign-in.
3. Store that a refresh begins, of which token, and when. It proves that the store can be written,
   and tells whoever comes after a crash what happened.
4. Make sure that the lock outlives the reply. Who has lost it sends nothing.
5. Send, and store the answer, before anybody uses it. No scope cancels this step; who cancels
   all tasks there are may break off the wait for the answer, as a crash does, but not the storing.
6. If storing fails, the new tokens are kept here and are stored before their first use.

Nothing is written over what somebody else has stored meanwhile, whether they held the lock or not:
what 3 stored must still be there, both for the answer of 5 and to take the mark away again.

A reply that was lost leaves the mark of 3 in the store. The next attempt sends the same token: if
X had not rotated, it does now; if it had, it refuses, and the error tells of the interruption.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, nullcontext, suppress
from datetime import UTC, datetime
from functools import partial

import anyio

from twretweet.auth import grant, lineage
from twretweet.auth.account import Means, Send, drive
from twretweet.auth.guard import GuardedStore
from twretweet.auth.lineage import Lineage, spent_by
from twretweet.auth.store import Lease
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.errors import (
    APIError,
    CredentialsError,
    ReauthorizationRequired,
    ServerError,
    TokenStoreError,
    TransportError,
    TwretweetError,
)
from twretweet.interrupt import insist

# What a lock is held for beyond the longest exchange: storing the answer.
_STORING = 15.0
_ONCE_MORE = 2


class _LapsedError(TokenStoreError):
    """The lock was lost, and nothing sent."""


class Renewal:
    """One renewal of one account.

    Args:
        line: what is known of its tokens.
        means: the store, X's clock, a way to send.
        name: under which its tokens are stored.
        label: what errors call it.
        account: the name that its user gave it, ``None`` if none.
    """

    def __init__(
        self, line: Lineage, means: Means, *, name: str, label: str, account: str | None
    ) -> None:
        self._line = line
        self._means = means
        self._connect: Callable[[], AbstractAsyncContextManager[Send]] = means.connect
        self._store = GuardedStore(means.store, lambda: line.tokens)
        self._name = name
        self._label = label
        self._account = account

    async def run(self, rejected: int | None) -> None:
        """Renew the tokens, unless what is stored will do.

        Args:
            rejected: the generation that X has answered with 401.

        Raises:
            ReauthorizationRequired: a person has to sign in again.
            TokenStoreError: the store can't be read, written or locked.
            TwretweetError: X could not be asked, or has trouble.
        """
        line = self._line
        await self.settle()
        stored = await self._load()
        line.take_in(stored)
        line.loaded = True
        if line.ended is not None and not line.candidates(stored):
            raise self._ended(line.ended)
        if not self._due(rejected):
            return
        try:
            await self._under_lock(rejected)
        except _LapsedError:
            async with self._means.connect() as send:
                self._connect = lambda: nullcontext(send)
                await self._under_lock(rejected)

    async def _under_lock(self, rejected: int | None) -> None:
        line = self._line
        async with self._store.lock(self._name) as lease:
            for _ in range(_ONCE_MORE):
                stored = await self._load()
                line.take_in(stored)
                if line.spent is not None:  # the store has fallen back
                    await self._durably(partial(self._save_unless_replaced, line.spent))
                    stored = line.tokens
                if not self._due(rejected) or await self._renew(stored, lease):
                    return
                # A lock that was lost may have let somebody else rotate meanwhile.
        if line.ended is None:
            raise TokenStoreError(
                f"what is stored as {self._name!r} changed again and again though its lock was "
                "held: store sign-ins under the store's lock(), and try again"
            )
        raise self._ended(line.ended)

    async def settle(self) -> None:
        """Store new tokens that could not be stored before.

        Raises:
            TokenStoreError: they still can't be.
        """
        if self._line.spent is not None:
            await self._durably(partial(self._save_later, self._line.spent))

    # -- the steps ------------------------------------------------------------------------

    async def _renew(self, stored: OAuth2Tokens | None, lease: Lease | None) -> bool:
        """Try all tokens there are; whether some can be used now."""
        line = self._line
        if line.tokens is None:
            line.ended = f"nothing is stored as {self._name!r}"
        for tokens in line.candidates(stored):
            if tokens is not line.tokens and not lineage.stale(tokens, self._means.now()):
                line.use(tokens)  # the passed ones are no good, what is stored may be
                return True
            if tokens.refresh_token is None:
                line.ended = (
                    f"the access token of {self._label} has ended, and there is no refresh token "
                    "(it takes the scope offline.access to get one)"
                )
            elif await self._exchange(tokens, stored, lease):
                return True
        return False

    async def _exchange(
        self, tokens: OAuth2Tokens, stored: OAuth2Tokens | None, lease: Lease | None
    ) -> bool:
        """Exchange a refresh token; whether X took it."""
        line = self._line
        since = lineage.interrupted(tokens, stored)
        refusal = await self._spend(tokens, stored, lease)
        if not isinstance(refusal, grant.Refusal):
            return refusal
        line.refuse(tokens)
        line.ended = f"X takes the tokens of {self._label} no more ({refusal.said})"
        if since is None and tokens.seed == spent_by(tokens):
            line.ended += (
                "; a refresh token works once, so whoever else was given this one, as another "
                "manager, has to share the token store and the account's name"
            )
        if since is not None:
            when = datetime.fromtimestamp(since, UTC).isoformat(" ", "seconds")
            line.ended += (
                f"; a refresh at {when} was interrupted, so X may have sent new ones that nobody "
                "received"
            )
        return False

    async def _spend(
        self, tokens: OAuth2Tokens, stored: OAuth2Tokens | None, lease: Lease | None
    ) -> grant.Refusal | bool:
        """Steps 2 to 6; whether X has rotated, or how it refused."""
        line, means = self._line, self._means
        async with self._connect() as send:
            await self._hold(lease)
            if await self._load() != stored:
                return False
            mark = lineage.begun(tokens, stored, means.now())
            await self._store.save(self._name, mark)
            await self._hold(lease)
            flow = grant.refresh(means.base_url, line.client(tokens), tokens, means.now())
            with anyio.CancelScope(shield=True):
                try:
                    answer = await drive(flow, send)
                except TwretweetError as error:
                    answered = isinstance(error, APIError) and not isinstance(error, ServerError)
                    unsent = isinstance(error, TransportError) and not error.sent
                    if answered or unsent:
                        await self._unmark(mark, stored)  # it is known that X has not rotated
                    raise
                if isinstance(answer, grant.Refusal):
                    if lineage.interrupted(tokens, stored) is None:
                        await self._unmark(mark, stored)
                    return answer
                line.rotated(tokens, answer, means.base_url)
                save = partial(self._save, spent_by(tokens), lease)
                await insist(partial(self._durably, save))
        return True

    async def _hold(self, lease: Lease | None) -> None:
        """Make sure that nobody else refreshes until the answer is stored."""
        if lease is None:
            return
        try:
            await lease.hold(self._means.timeout + _STORING)
        except TokenStoreError as error:
            why = str(error)
        else:
            return
        raise _LapsedError(why)

    async def _unmark(self, mark: OAuth2Tokens, stored: OAuth2Tokens | None) -> None:
        """Store what was there before, since no refresh is under way, unless it was replaced."""
        if await self._load() != mark:
            return
        if stored is None:
            await self._store.delete(self._name)
        else:
            await self._store.save(self._name, stored)

    async def _durably(self, save: Callable[[], Awaitable[None]]) -> None:
        """Store the new tokens; if that fails, they are kept in memory."""
        try:
            await save()
        except TwretweetError as error:
            why = str(error)
        else:
            return
        raise TokenStoreError(
            f"the new tokens of {self._label} could not be stored; they are kept in memory, and "
            f"are stored before they are used: {why}"
        )

    async def _save(self, spent: str, lease: Lease | None) -> None:
        if lease is not None:
            with suppress(TokenStoreError):  # lost while X was asked: all the more look first
                await lease.hold(_STORING)
        await self._save_unless_replaced(spent)

    async def _save_later(self, spent: str) -> None:
        async with self._store.lock(self._name):
            await self._save_unless_replaced(spent)

    async def _save_unless_replaced(self, spent: str) -> None:
        stored = await self._load()
        if stored is not None and lineage.is_theirs(stored, spent):
            self._line.use(stored)
        elif self._line.tokens is not None:
            await self._store.save(self._name, self._line.tokens)
            self._line.saved()

    async def _load(self) -> OAuth2Tokens | None:
        name = self._name
        found = await self._store.load(name)
        stored = lineage.readable(found, name, self._line.client_id, self._means.base_url)
        if stored is not None and stored.moved_to is not None:
            there = await self._store.load(stored.moved_to)
            if lineage.has_moved(stored, there):
                raise CredentialsError(
                    f"what was stored as {name!r} is stored as {stored.moved_to!r} now: use that "
                    "account="
                )
        return stored

    def _due(self, rejected: int | None) -> bool:
        return self._line.due(self._means.now(), rejected)

    def _ended(self, why: str) -> ReauthorizationRequired:
        how = "sign in again, and pass"
        if self._account is not None:
            how = f"sign in with `twretweet login --account {self._account}`, or pass"
        error = ReauthorizationRequired(f"{why}: {how} new tokens")
        error.account = self._label
        return error

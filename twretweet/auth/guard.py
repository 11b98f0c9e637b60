"""A token store of which only ``TokenStoreError`` comes, whatever it raises, and no secret.

A service's own store raises what its database does, and some databases quote what they were given.
So what is known to be secret is taken out of the text, and the error itself is left behind, with
its frames.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import TypeVar

from twretweet.auth.store import Lease, TokenStore
from twretweet.auth.tokens import StoredTokens, redacted
from twretweet.errors import TokenStoreError
from twretweet.interrupt import bare

T = TypeVar("T")


class GuardedStore:
    """A token store, guarded, for as long as one thing is done with it.

    Args:
        store: the store.
        known: the tokens in use, of which nothing may be told; nor may it of those that come
            from the store.
        advice: what to do when it fails, as the end of a sentence; empty where the caller says it.
    """

    def __init__(
        self,
        store: TokenStore,
        known: Callable[[], StoredTokens | None] | None = None,
        *,
        advice: str = "; try again",
    ) -> None:
        self._store = store
        self._known = known
        self._advice = advice
        self._loaded: StoredTokens | None = None

    async def load(self, account: str) -> StoredTokens | None:
        """What is stored under a name."""
        self._loaded = await self.ask(lambda: self._store.load(account))
        return self._loaded

    async def save(self, account: str, tokens: StoredTokens) -> None:
        """Store ``tokens`` under a name."""
        await self.ask(lambda: self._store.save(account, tokens), tokens)

    async def delete(self, account: str) -> None:
        """Forget what is stored under a name."""
        await self.ask(lambda: self._store.delete(account))

    async def accounts(self) -> list[str]:
        """The names under which something is stored."""
        return await self.ask(self._store.accounts)

    def lock(self, account: str) -> _Lock:
        """The lock of an account."""
        return _Lock(self, lambda: self._store.lock(account))

    async def ask(self, call: Callable[[], Awaitable[T]], given: StoredTokens | None = None) -> T:
        """What comes of a call.

        Args:
            call: makes it.
            given: what the store is given.

        Raises:
            TokenStoreError: it failed.
        """
        failure: BaseException
        try:
            return await call()
        except Exception as error:  # noqa: BLE001  # whatever a store raises
            failure = TokenStoreError(self._fault(error, given))
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failure = error
        raise bare(failure)

    def _fault(self, error: Exception, given: StoredTokens | None) -> str:
        known = None if self._known is None else self._known()
        said = redacted(str(error), given, known, self._loaded)
        if isinstance(error, TokenStoreError):
            return said
        kind = type(error).__name__
        return f"the token store failed ({kind}{f': {said}' if said else ''}){self._advice}"


class _Lock:
    """The lock of an account; what is raised under it passes as it is."""

    def __init__(
        self,
        store: GuardedStore,
        lock: Callable[[], AbstractAsyncContextManager[Lease | None]],
    ) -> None:
        self._store = store
        self._make = lock
        self._lock: AbstractAsyncContextManager[Lease | None] | None = None

    async def __aenter__(self) -> Lease | None:
        lease = await self._store.ask(self._enter)
        return None if lease is None else _Lease(self._store, lease)

    async def _enter(self) -> Lease | None:
        self._lock = self._make()
        return await self._lock.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        lock = self._lock
        if lock is None:
            return None

        async def leave() -> bool | None:
            try:
                return await lock.__aexit__(kind, error, traceback)
            except Exception as raised:
                if raised is error:
                    return False
                raise

        return await self._store.ask(leave)


class _Lease:
    def __init__(self, store: GuardedStore, lease: Lease) -> None:
        self._store = store
        self._lease = lease

    async def hold(self, seconds: float) -> None:
        """Make sure that the lock is held for ``seconds`` more."""
        await self._store.ask(lambda: self._lease.hold(seconds))

"""Where tokens live between runs, and where two processes agree on who refreshes.

Rules that a store keeps:

1. ``save`` returns when the tokens would survive a crash of this process; it replaces all that
   was stored under the name.
2. ``lock`` is held by one at a time, over all processes that use the store. It ends with its
   holder: a process that dies must not hold it for ever.
3. What can't be read raises, and is never overwritten.

Whoever stores a sign-in, as a service does, does it under the ``lock`` of the account, because a
refresh of what was there may be under way.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import anyio

from twretweet.auth.tokens import StoredTokens


class Lease(Protocol):
    """What a lock yields that may be lost while it is held, as one that expires."""

    async def hold(self, seconds: float) -> None:
        """Make sure that the lock is held for ``seconds`` more.

        Raises:
            TokenStoreError: it was lost; somebody else may hold it.
        """
        ...


class TokenStore(Protocol):
    """Where tokens live. Implement it to keep them in a database of your own.

    ::

        class SQLiteTokenStore:
            def __init__(self, db: sqlite3.Connection) -> None:
                self.db, self.locks = db, defaultdict[str, anyio.Lock](anyio.Lock)

            async def load(self, account: str) -> StoredTokens | None:
                select = "SELECT tokens FROM accounts WHERE name = ?"
                row = self.db.execute(select, (account,)).fetchone()
                return StoredTokens.from_json(row[0]) if row else None

            async def save(self, account: str, tokens: StoredTokens) -> None:
                with self.db:
                    replace = "REPLACE INTO accounts (name, tokens) VALUES (?, ?)"
                    self.db.execute(replace, (account, tokens.to_json()))

            async def delete(self, account: str) -> None:
                with self.db:
                    self.db.execute("DELETE FROM accounts WHERE name = ?", (account,))

            async def accounts(self) -> list[str]:
                return [row[0] for row in self.db.execute("SELECT name FROM accounts")]

            def lock(self, account: str) -> anyio.Lock:
                return self.locks[account]

    The locks of this one hold within one process. With several processes, use those of the
    database: an advisory lock of PostgreSQL, or a transaction that holds the row ``FOR UPDATE``.
    """

    async def load(self, account: str) -> StoredTokens | None:
        """What is stored under a name; ``None`` if nothing is.

        Raises:
            TokenStoreError: it can't be read.
        """
        ...

    async def save(self, account: str, tokens: StoredTokens) -> None:
        """Store ``tokens`` under a name, durably, in place of what was there.

        Whoever calls it holds the :meth:`lock` of the account.

        Raises:
            TokenStoreError: they could not be stored.
        """
        ...

    async def delete(self, account: str) -> None:
        """Forget what is stored under a name; harmless where nothing is.

        Raises:
            TokenStoreError: it could not be forgotten.
        """
        ...

    async def accounts(self) -> list[str]:
        """The names under which something is stored.

        Raises:
            TokenStoreError: they can't be read.
        """
        ...

    def lock(self, account: str) -> AbstractAsyncContextManager[Lease | None]:
        """A lock of this account, to hold while it is refreshed.

        It yields a :class:`Lease` if it can be lost while it is held, or else ``None``.
        """
        ...


class MemoryTokenStore:
    """Keeps tokens as long as the process lives."""

    def __init__(self) -> None:
        self._tokens: dict[str, StoredTokens] = {}
        self._locks: dict[str, _SharedLock] = {}

    async def load(self, account: str) -> StoredTokens | None:
        """What is stored under a name; ``None`` if nothing is."""
        return self._tokens.get(account)

    async def save(self, account: str, tokens: StoredTokens) -> None:
        """Store ``tokens`` under a name, in place of what was there."""
        self._tokens[account] = tokens

    async def delete(self, account: str) -> None:
        """Forget what is stored under a name."""
        self._tokens.pop(account, None)

    async def accounts(self) -> list[str]:
        """The names under which something is stored."""
        return sorted(self._tokens)

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator[None]:
        """A lock of this account; it exists while somebody holds it or waits for it."""
        shared = self._locks.setdefault(account, _SharedLock())
        shared.users += 1
        try:
            async with shared.lock:
                yield
        finally:
            shared.users -= 1
            if not shared.users:
                del self._locks[account]


class _SharedLock:
    __slots__ = ("lock", "users")

    def __init__(self) -> None:
        self.lock = anyio.Lock()
        self.users = 0

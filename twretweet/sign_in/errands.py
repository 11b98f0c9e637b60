"""What is under way while people sign in: closing the manager ends it, or waits for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

from twretweet.errors import ManagerClosed

T = TypeVar("T")


class Errands:
    """Runs what can be ended; what must not be shields itself."""

    def __init__(self) -> None:
        self._under_way: set[anyio.CancelScope] = set()
        self._quiet: anyio.Event | None = None  # set when the last one has ended

    async def run(self, what: str, work: Callable[[], Awaitable[T]]) -> T:
        """Return what comes of ``work``.

        Args:
            what: it is, for the error.
            work: to be awaited.

        Raises:
            ManagerClosed: the manager was closed meanwhile.
        """
        with anyio.CancelScope() as scope:
            self._under_way.add(scope)
            try:
                return await work()
            finally:
                self._under_way.discard(scope)
                if self._quiet is not None and not self._under_way:
                    self._quiet.set()
        raise ManagerClosed(f"the manager was closed during {what}")

    async def aclose(self) -> None:
        """End all that can be ended, and wait for the rest."""
        with anyio.CancelScope(shield=True):
            for scope in list(self._under_way):
                scope.cancel()
            while self._under_way:
                self._quiet = anyio.Event()
                await self._quiet.wait()

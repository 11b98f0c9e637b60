"""What is under way while people sign in, so that neither a cancellation nor closing breaks it.

What must not end half-way runs in a task of its own: whoever waits for it may leave, by a cancel
scope or because their own task is cancelled. Closing ends all who wait, and then waits for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import anyio

from twretweet.errors import ManagerClosed, SignInError, TwretweetError

T = TypeVar("T")


class Errands:
    """Runs what may be ended, and what may not.

    Args:
        require_open: raises ``ManagerClosed`` unless the manager is open.
    """

    def __init__(self, require_open: Callable[[], None]) -> None:
        self._require_open = require_open
        self._waiting: set[anyio.CancelScope] = set()
        self._quiet: anyio.Event | None = None  # set when the last one has left
        self._unbroken: set[asyncio.Task[Any]] = set()

    async def run(self, what: str, work: Callable[[], Awaitable[T]]) -> T:
        """Do what closing may end.

        Args:
            what: it is, for the error.
            work: to be awaited.

        Raises:
            ManagerClosed: the manager was closed meanwhile, or before.
        """
        self._require_open()  # it may have been closed since the caller saw to it
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            try:
                return await work()
            finally:
                self._waiting.discard(scope)
                if self._quiet is not None and not self._waiting:
                    self._quiet.set()
        raise ManagerClosed(f"the manager was closed during {what}")

    async def finish(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do what nothing ends half-way, also if whoever waits for it is cancelled.

        Raises:
            SignInError: somebody cancelled all tasks there are, and this one with them.
            TwretweetError: what came of it.
        """
        task = asyncio.get_running_loop().create_task(_outcome(work), name="twretweet: a sign-in")
        self._unbroken.add(task)
        task.add_done_callback(self._unbroken.discard)
        await asyncio.wait([task])
        if task.cancelled():  # and who waits here is not
            raise SignInError(
                "the sign-in was broken off together with other tasks of the program; if X had "
                "granted it by then, it is stored: see what is, or begin another"
            )
        outcome = task.result()
        if isinstance(outcome, TwretweetError):
            raise outcome
        return outcome

    async def aclose(self) -> None:
        """End all that may be ended, and wait for the rest."""
        with anyio.CancelScope(shield=True):
            while self._waiting:
                for scope in list(self._waiting):
                    scope.cancel()
                self._quiet = anyio.Event()
                await self._quiet.wait()
            while self._unbroken:
                await asyncio.wait(self._unbroken)


async def _outcome(work: Callable[[], Awaitable[T]]) -> T | TwretweetError:
    """What comes of ``work``; errors too, which nobody may be left to hear of."""
    try:
        return await work()
    except TwretweetError as error:
        return error

"""The background tasks of a manager: it owns them, and ends and awaits them when it is closed.

The shield of a cancel scope keeps out what anyio cancels, but not ``asyncio.timeout``,
``asyncio.wait_for`` and ``Task.cancel``, which users of asyncio put around what they like. So
what must not end half-way is waited for as often as it takes, and the cancellation passed on
then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import anyio

T = TypeVar("T")


class Tasks:
    """Tasks that run until they are done or the manager is closed.

    They are plain asyncio tasks and no task group, since a manager may be opened in one task and
    closed in another. Each has to hand its errors to whoever wants its results.
    """

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._running)

    def start(
        self, work: Callable[[], Coroutine[object, object, None]], name: str
    ) -> asyncio.Task[None]:
        """Run ``work`` in the background."""
        task = asyncio.get_running_loop().create_task(work(), name=name)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return task

    async def aclose(self) -> None:
        """Cancel all tasks, and return when they have ended."""
        await ended(*self._running)


async def ended(*tasks: asyncio.Task[None]) -> None:
    """Cancel ``tasks`` and wait until they have ended, whoever is cancelled meanwhile."""
    for task in tasks:
        task.cancel()
    await _all_done(*tasks)


async def to_the_end(work: Callable[[], Coroutine[object, object, T]], name: str) -> T:
    """Do ``work`` to its end, whoever is cancelled meanwhile.

    Args:
        work: what to do, in a task of its own; it may be begun again.
        name: of that task.

    Raises:
        BaseException: what ``work`` raised, or else the cancellation that came meanwhile.
    """
    while True:
        task = asyncio.get_running_loop().create_task(work(), name=name)
        try:
            await _all_done(task)
        except asyncio.CancelledError:
            if not task.cancelled():
                task.result()  # an error that nobody would hear of otherwise
            raise
        if not task.cancelled():  # by somebody who cancels all tasks, and not who waits here
            return task.result()


async def _all_done(*tasks: asyncio.Task[Any]) -> None:
    """Wait for ``tasks``, however often that is cancelled, and pass it on at the end."""
    cancelled: asyncio.CancelledError | None = None
    with anyio.CancelScope(shield=True):
        while not all(task.done() for task in tasks):
            try:
                await asyncio.wait(tasks)
            except asyncio.CancelledError as error:
                cancelled = error
    if cancelled is not None:
        raise cancelled

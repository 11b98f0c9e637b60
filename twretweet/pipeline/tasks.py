"""The background tasks of a manager: it owns them, and ends and awaits them when it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

import anyio


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
    with anyio.CancelScope(shield=True):
        if tasks:
            await asyncio.wait(tasks)

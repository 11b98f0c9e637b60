"""Cancelling a call wherever it awaits, one place after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Literal

import anyio

How = Literal["by its task", "by a scope"]


async def ends_within(
    steps: int, call: Coroutine[object, object, object], how: How = "by its task"
) -> bool:
    """Run ``call`` for so many turns of the event loop, then cancel it.

    Args:
        steps: how many turns.
        call: what to run; an error that it raises is heard only from a scope.
        how: cancelled as asyncio does it, or as anyio does.

    Returns:
        Whether it had ended before.
    """
    if how == "by a scope":
        return await _in_scope(steps, call)
    task = asyncio.ensure_future(call)
    for _ in range(steps):
        await asyncio.sleep(0)
        if task.done():
            break
    ended = task.done()
    task.cancel()
    await asyncio.wait([task])
    return ended


async def _in_scope(steps: int, call: Coroutine[object, object, object]) -> bool:
    ended = False

    async def run() -> None:
        nonlocal ended
        await call
        ended = True

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        for _ in range(steps):
            await asyncio.sleep(0)
        tasks.cancel_scope.cancel()
    call.close()  # it may not even have begun
    return ended


async def turns(number: int) -> None:
    """Let so many turns of the event loop pass."""
    for _ in range(number):
        await asyncio.sleep(0)


def cancel_named(name: str) -> bool:
    """Cancel all tasks of a name, as who cancels all does to them; whether there was one."""
    found = [task for task in asyncio.all_tasks() if task.get_name() == name]
    for task in found:
        task.cancel()
    return bool(found)

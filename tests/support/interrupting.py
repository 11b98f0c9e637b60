"""The ways in which a program breaks off what it waits for, and what it is left with."""

import asyncio
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import anyio

from tests.support.virtual_time import virtual_loop

Call = Callable[[], Awaitable[object]]
_PATIENCE = 5.0  # shorter than any timeout of a manager


async def _asyncio_timeout(call: Call) -> None:
    async with asyncio.timeout(_PATIENCE):
        await call()


async def _wait_for(call: Call) -> None:
    await asyncio.wait_for(call(), _PATIENCE)


async def _fail_after(call: Call) -> None:
    with anyio.fail_after(_PATIENCE):
        await call()


async def _cancel(call: Call) -> None:
    task = asyncio.ensure_future(call())
    asyncio.get_running_loop().call_later(_PATIENCE, task.cancel, "no longer wanted")
    await task


async def _ctrl_c(call: Call) -> None:
    asyncio.get_running_loop().call_later(_PATIENCE, signal.raise_signal, signal.SIGINT)
    await call()


WAYS: dict[str, Callable[[Call], Coroutine[Any, Any, None]]] = {
    "asyncio.timeout": _asyncio_timeout,
    "asyncio.wait_for": _wait_for,
    "anyio.fail_after": _fail_after,
    "Task.cancel": _cancel,
    "Ctrl-C": _ctrl_c,
}
RAISED = {
    "asyncio.timeout": TimeoutError,
    "asyncio.wait_for": TimeoutError,
    "anyio.fail_after": TimeoutError,
    "Task.cancel": asyncio.CancelledError,
    "Ctrl-C": KeyboardInterrupt,
}


def new_runner() -> "asyncio.Runner":
    """Runs one coroutine after the other as ``asyncio.run`` does, on virtual time."""
    return asyncio.Runner(loop_factory=virtual_loop)


def interrupted(runner: "asyncio.Runner", way: str, call: Call) -> BaseException:
    """What is raised when a call is broken off after a few seconds.

    The frames of a test, which has the secrets, are not among those that it came through.
    """
    try:
        runner.run(WAYS[way](call))
    except BaseException as error:  # noqa: BLE001  # Ctrl-C is one of them
        assert type(error) is RAISED[way]  # noqa: PT017
        return error
    raise AssertionError("it was not interrupted")

"""Clocks that can be moved on: the machine's with a lead, and a virtual one that never waits.

A :class:`VirtualClock` brings event loops of its own, which tell when everyone waits; see
:mod:`twretweet.sandbox.loops`.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import Final, Protocol, TypeVar, TypeVarTuple, runtime_checkable

import anyio

from twretweet.sandbox.loops import ServingLoop, Table, VirtualLoop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_START: Final = 1_700_000_000.25


@runtime_checkable
class Movable(Protocol):
    """A clock that can be moved on."""

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` have passed."""
        ...


class MovableClock:
    """The machine's clock, ahead by what it was moved on."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._waits: set[anyio.CancelScope] = set()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._ahead

    def monotonic(self) -> float:
        """Seconds since some start."""
        return time.monotonic() + self._ahead

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` have passed; who waits on it has waited that much.

        Raises:
            ValueError: it is negative, and clocks don't run backwards.
        """
        self._ahead += _forwards(seconds)
        for scope in self._waits:
            scope.deadline -= seconds

    async def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have passed."""
        await self.wait(anyio.Event(), seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Return when ``event`` is set, and after ``seconds`` at the latest."""
        with anyio.move_on_after(seconds) as scope:
            self._waits.add(scope)
            try:
                await event.wait()
            finally:
                self._waits.remove(scope)


class VirtualClock:
    """A clock on which hours pass in milliseconds, for programs that wait for windows.

    ::

        clock = VirtualClock()

        async def main() -> None:
            async with Sandbox(clock=clock) as x:
                async with SessionManager(base_url=x.url, clock=clock) as manager:
                    ...

        clock.run(main)

    It stands still while anybody has something to do, and jumps to the next timer when everyone
    waits. All timers of the loop follow it, those of ``asyncio.sleep`` and of aiohttp too. It
    knows of this process alone: who waits for an answer from another one may see it jump.

    A :class:`~twretweet.sandbox.ThreadedSandbox` made with it has a loop of its own that shares it
    with ``clock.run(main)``. To programs without an event loop, which wait unseen, it moves only
    where the sandbox itself would wait, such as for a late reply, and by :meth:`advance`.

    Args:
        start: the time at the beginning, in epoch seconds.
    """

    def __init__(self, start: float = _START) -> None:
        self._start = start
        self._table = Table()

    def run(self, function: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run an async function on a loop that follows this clock, and return its result."""
        return anyio.run(
            function, *args, backend="asyncio", backend_options={"loop_factory": self.new_loop}
        )

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop that follows this clock, for an ``asyncio.Runner`` or pytest."""
        return VirtualLoop(self._table)

    def new_serving_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop for a sandbox in a thread, which is in real time but for it."""
        return ServingLoop(self._table)

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self._table.elapsed

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._table.elapsed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` have passed at once.

        Raises:
            ValueError: it is negative, and clocks don't run backwards.
        """
        self._table.advance(_forwards(seconds))

    async def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have passed.

        Raises:
            RuntimeError: the event loop that runs is not this clock's.
        """
        loop = self._loop()
        if isinstance(loop, VirtualLoop) or seconds <= 0:
            await anyio.sleep(max(0, seconds))
        else:
            await loop.rest(seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Return when ``event`` is set, and after ``seconds`` at the latest.

        Raises:
            RuntimeError: the event loop that runs is not this clock's.
        """
        if isinstance(self._loop(), VirtualLoop):
            with anyio.move_on_after(seconds):
                await event.wait()
            return
        async with anyio.create_task_group() as tasks:

            async def sleep() -> None:
                await self.sleep(seconds)
                tasks.cancel_scope.cancel()

            tasks.start_soon(sleep)
            await event.wait()
            tasks.cancel_scope.cancel()

    def _loop(self) -> VirtualLoop | ServingLoop:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, (VirtualLoop, ServingLoop)) or loop.table is not self._table:
            raise RuntimeError(
                "this event loop does not follow the VirtualClock: start the program with"
                " clock.run(main), or give its runner loop_factory=clock.new_loop"
            )
        return loop


def _forwards(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a clock is moved on by 0 seconds or more, not by {seconds}")
    return seconds

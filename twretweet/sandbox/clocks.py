"""Clocks that can be moved on: the machine's with a lead, and a virtual one that never waits.

A :class:`VirtualClock` brings an event loop of its own. Client and sandbox run on it together and
talk over real sockets of the loopback, where what one side has sent is readable at once. So when
no socket is ready, no callback is due and no thread is at work, everyone waits for a timer, and
the loop moves the clock there instead of waiting.
"""

import asyncio
import math
import selectors
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from typing import Final, Protocol, TypeVar, TypeVarTuple, runtime_checkable

import anyio
import anyio.to_thread

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_START: Final = 1_700_000_000.25
# Real seconds: what a peer in the kernel may need, and how often a thread at work is looked at.
_GRACE: Final = 0.002
_PATIENCE: Final = 0.02


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

    Args:
        start: the time at the beginning, in epoch seconds.
    """

    def __init__(self, start: float = _START) -> None:
        self._start = start
        self._elapsed = 0.0

    def run(self, function: Callable[[*Ts], Awaitable[T]], *args: *Ts) -> T:
        """Run an async function on a loop that follows this clock, and return its result."""
        return anyio.run(
            function, *args, backend="asyncio", backend_options={"loop_factory": self.new_loop}
        )

    def new_loop(self) -> asyncio.AbstractEventLoop:
        """Return an event loop that follows this clock, for an ``asyncio.Runner`` or pytest."""
        return _VirtualLoop(self)

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._start + self._elapsed

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Let ``seconds`` have passed at once.

        Raises:
            ValueError: it is negative, and clocks don't run backwards.
        """
        self._elapsed += _forwards(seconds)

    async def sleep(self, seconds: float) -> None:
        """Return when ``seconds`` have passed.

        Raises:
            RuntimeError: the event loop that runs is not this clock's.
        """
        self._check()
        await anyio.sleep(seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Return when ``event`` is set, and after ``seconds`` at the latest.

        Raises:
            RuntimeError: the event loop that runs is not this clock's.
        """
        self._check()
        with anyio.move_on_after(seconds):
            await event.wait()

    def _check(self) -> None:
        loop = asyncio.get_running_loop()
        if not isinstance(loop, _VirtualLoop) or loop.clock is not self:
            raise RuntimeError(
                "this event loop does not follow the VirtualClock: start the program with"
                " clock.run(main), or give its runner loop_factory=clock.new_loop"
            )


class _JumpingSelector(selectors.DefaultSelector):
    """Moves a clock where another selector would wait."""

    def __init__(self, clock: VirtualClock, busy: Callable[[], bool]) -> None:
        super().__init__()
        self._clock = clock
        self._busy = busy

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            return super().select(None)
        while True:
            busy = self._busy()
            if ready := super().select(_PATIENCE if busy else _GRACE):
                return ready
            if not busy:
                self._clock.advance(timeout)
                return []


class _VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop whose time is a clock's, and which knows of its threads."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock, self._busy))
        self.clock = clock
        self._executing = 0
        self._threads: anyio.CapacityLimiter | None = None
        self._watching: asyncio.Task[None] | None = None
        self.call_soon(self._begin)

    def time(self) -> float:
        return self.clock.monotonic()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        self._executing += 1
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self._executing -= 1
            raise
        future.add_done_callback(self._executed)
        return future

    def _begin(self) -> None:
        self._watching = self.create_task(self._watch())

    async def _watch(self) -> None:
        # anyio has threads of its own, which it counts, and tells only a task of the loop.
        self._threads = anyio.to_thread.current_default_thread_limiter()

    def _executed(self, _: asyncio.Future[T]) -> None:
        self._executing -= 1

    def _busy(self) -> bool:
        threads = self._threads
        return self._executing > 0 or (threads is not None and threads.borrowed_tokens > 0)


def _forwards(seconds: float) -> float:
    if not 0 <= seconds < math.inf:
        raise ValueError(f"a clock is moved on by 0 seconds or more, not by {seconds}")
    return seconds

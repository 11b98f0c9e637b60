"""An event loop without sockets whose clock jumps to the next timer.

A week of requests is then a matter of minutes, and every moment in it exact: nothing happens
between two timers, so nothing is lost by not waiting.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

import anyio

T = TypeVar("T")

# A turn of the loop takes a moment, as on any machine; who waits for less than a float can tell
# apart would else wait for ever.
_TURN = 1e-7

# X's clock at the start of every simulation; whatever runs is not to depend on round numbers.
EPOCH = 1_700_000_000.37


class _Jump:
    """Stands where a loop asks its sockets for news: there are none, so it is time to go on."""

    def __init__(self) -> None:
        self.now = 0.0

    def select(self, timeout: float | None) -> list[object]:
        if timeout is None:
            raise RuntimeError("everybody waits, and no timer is set: the simulation hangs")
        self.now += max(timeout, _TURN)
        return []

    def close(self) -> None:
        pass


class VirtualLoop(asyncio.BaseEventLoop):
    """A loop on virtual time; it knows timers, tasks and callbacks, and no files or sockets."""

    def __init__(self) -> None:
        super().__init__()
        self._selector = _Jump()

    def time(self) -> float:
        return self._selector.now

    def _process_events(self, event_list: list[object]) -> None:
        pass

    def _write_to_self(self) -> None:
        pass


class LoopClock:
    """The clock of one process: it runs ``rate`` too fast, and its wall is wrong by ``skew``."""

    __slots__ = ("_loop", "_pace", "skew")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, skew: float = 0.0, rate: float = 0.0
    ) -> None:
        self._loop = loop
        self._pace = 1.0 + rate
        self.skew = skew

    def time(self) -> float:
        return EPOCH + self.skew + self.monotonic()

    def monotonic(self) -> float:
        return self._loop.time() * self._pace

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / self._pace)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds / self._pace):
                await event.wait()
        except TimeoutError:
            pass


def run(main: Coroutine[object, object, T]) -> T:
    """Run ``main`` on a loop of its own; tasks that are left when it returns are cancelled."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)

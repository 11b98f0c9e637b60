"""Time, as an argument.

Whatever waits or dates something takes a :class:`Clock`, so that tests and simulations run on a
clock of their own.
"""

from __future__ import annotations  # or anyio would load what nobody has used yet

import time
from typing import Protocol

import anyio


class Clock(Protocol):
    """What the package needs to know about time."""

    def time(self) -> float:
        """Seconds since the epoch, as the machine believes; may jump."""
        ...

    def monotonic(self) -> float:
        """Seconds since some start; never jumps, never runs backwards."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of :meth:`monotonic` time; a cancellation point."""
        ...

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Return when ``event`` is set, and after ``seconds`` at the latest."""
        ...


class SystemClock:
    """The machine's own clock."""

    __slots__ = ()

    def time(self) -> float:
        """Seconds since the epoch."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Sleep on the running event loop."""
        await anyio.sleep(seconds)

    async def wait(self, event: anyio.Event, seconds: float) -> None:
        """Wait on the running event loop."""
        with anyio.move_on_after(seconds):
            await event.wait()

"""Ending from outside what a task is in the middle of, without ending the task.

A cancel scope of anyio around each request would do it, for a twentieth of all that a write costs.
This does it as ``asyncio.timeout`` does: the task is cancelled, and where the cancellation comes
out it is taken back and an error raised in its place, so that nobody outside sees anything of it.
A task that somebody else cancels at the same time stays cancelled; if a scope of anyio does so
too, and all in one turn of the loop, it is the scope that is heard.
"""

from __future__ import annotations

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable
from typing import TypeVar

import anyio

T = TypeVar("T")

_PERSISTENCE = 10


class Interruptible:
    """A part of what the current task does, which may be ended before the task is.

    Use it so::

        part = Interruptible()
        try:
            return await work()
        except asyncio.CancelledError:
            if not part.take_back():
                raise
        finally:
            part.close()
        raise WhyItWasInterrupted

    Raises:
        RuntimeError: there is no current task.
    """

    __slots__ = ("_before", "_sent", "_task")

    def __init__(self) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("there is no task: make requests inside one, as asyncio.run() does")
        self._task = task
        self._before = task.cancelling()
        self._sent = 0  # cancellations that are not taken back

    def interrupt(self) -> None:
        """End it; called from outside, while it waits for something.

        Call it again if that has not helped: what the task is in may have swallowed the first.
        """
        self._sent += 1
        self._task.cancel()

    def take_back(self) -> bool:
        """Whether the cancellation that came out is ours, and the task is cancelled no more."""
        if not self._sent:
            return False
        while self._sent > 1:
            self._sent -= 1
            self._task.uncancel()
        self._sent = 0
        # A scope of anyio cancels again for as long as it takes, so no cancellation is lost when
        # ours hides that of a scope; and the scope would not know ours for its own.
        return (
            self._task.uncancel() <= self._before
            or anyio.current_effective_deadline() == -math.inf
        )

    def close(self) -> None:
        """It ended, maybe in spite of an interruption that something inside it swallowed."""
        if self._sent:
            self.take_back()

    async def hear(self) -> None:
        """Raise the cancellation that was swallowed by what this part of the task was in.

        redis-py sends within ``asyncio.wait_for``, which on Python 3.11 loses one that comes in
        the turn in which it is done (https://bugs.python.org/issue37658).
        """
        if self._task.cancelling() > self._before:
            await heed()  # what a scope raises, only that scope knows for its own
            raise asyncio.CancelledError


def bare(error: BaseException) -> BaseException:
    """The same error, as if it came from where it is raised next.

    For what holds credentials in its frames, or in those below: whatever breaks it off, as the
    caller's own timeout does, would show them in a traceback with locals. Call it outside of the
    ``except``, and raise what it returns.
    """
    handled = sys.exception()  # the caller's own, if they call from an ``except``
    inner = error.__context__
    # Of cancellations the first is the one that anyio knows for its own.
    while isinstance(error, asyncio.CancelledError) and isinstance(inner, asyncio.CancelledError):
        if inner is handled:
            break
        error, inner = inner, inner.__context__
    if error.__cause__ is not None:
        error.__cause__ = None
    error.__context__ = None  # raising it puts in its place what the caller handles
    return error.with_traceback(None)


async def heed() -> None:
    """Raise the cancellation of a scope around what the current task does, if there is one."""
    # Loads much of anyio, which is not needed before something runs.
    from anyio.lowlevel import checkpoint_if_cancelled  # noqa: PLC0415

    await checkpoint_if_cancelled()


async def insist(work: Callable[[], Awaitable[T]]) -> T:
    """Do ``work`` to its end in a task of ours that somebody cancels with all tasks there are.

    They mean to end the program, and what is begun again is done all the sooner. To be called
    under the shield of a scope, which keeps out those of anyio.

    Args:
        work: what to do; it may be done more than once.

    Raises:
        CancelledError: it was cancelled again and again.
    """
    task = asyncio.current_task()
    for _ in range(_PERSISTENCE):
        try:
            return await work()
        except asyncio.CancelledError:
            if task is not None:
                task.uncancel()
    return await work()


class Deadlines:
    """Interrupts what takes too long.

    All have the same time, so whoever began first is the first to run out of it, and one timer
    serves all who are under way: setting one for each took a tenth of all that a write costs.

    Args:
        seconds: how long each may take.
    """

    __slots__ = ("_loop", "_running", "_timer", "seconds")

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._running: dict[Timed, None] = {}  # in the order in which they began
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # whose timer it is

    def begin(self) -> Timed:
        """Have the time run for a part of the current task; :meth:`end` has to follow."""
        timed = Timed(self.seconds)
        loop = timed.loop
        if loop is not self._loop:  # one that has ended may have left some under way for ever
            self._running.clear()
            self._loop = loop
        if not self._running:
            self._timer = loop.call_at(timed.due, self._ring, loop, timed.due)
        self._running[timed] = None
        return timed

    def end(self, timed: Timed) -> None:
        """It is over, in time or not."""
        timed.close()
        self._running.pop(timed, None)
        if not self._running and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring(self, loop: asyncio.AbstractEventLoop, now: float) -> None:
        for timed in list(self._running):
            if timed.due > now:
                self._timer = loop.call_at(timed.due, self._ring, loop, timed.due)
                return
            del self._running[timed]
            timed.interrupt()


class Timed(Interruptible):
    """What has a deadline.

    Args:
        seconds: how long it may take.

    Attributes:
        loop: the event loop that it runs in.
        due: the deadline, by the clock of that loop.
    """

    __slots__ = ("due", "loop")

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.loop = self._task.get_loop()
        self.due = self.loop.time() + seconds

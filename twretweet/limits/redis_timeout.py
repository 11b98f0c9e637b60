"""A timeout for very many short calls: one timer watches over all of them.

``asyncio.timeout`` sets and clears a timer for each call, which costs as much as all else that a
limiter does around it. Here every call has the same time, so the one that began first is the first
to be overdue, and a timer for that one is enough.
"""

from __future__ import annotations

import asyncio
from collections import deque


class Call:
    """One call under way."""

    __slots__ = ("began", "cancelling", "over", "overdue", "task")

    def __init__(self, task: asyncio.Task[object], began: float) -> None:
        self.task = task
        self.began = began
        self.cancelling = task.cancelling()
        self.overdue = False
        self.over = False


class Watch:
    """Cancels calls that take longer than ``seconds``."""

    __slots__ = ("_calls", "_loop", "_seconds", "_timer")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._calls: deque[Call] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None  # whose timer it is

    def begin(self) -> Call:
        """The current task begins a call."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a limiter is to be asked from a task")
        loop = task.get_loop()
        call = Call(task, loop.time())
        calls = self._calls
        while calls and calls[0].over:
            calls.popleft()
        calls.append(call)
        if self._timer is None or self._loop is not loop:
            self._loop = loop
            self._timer = loop.call_later(self._seconds, self._look, loop)
        return call

    def end(self, call: Call) -> bool:
        """The call is over, well or not; whether a cancellation of it came from here."""
        call.over = True
        return call.overdue and call.task.uncancel() <= call.cancelling

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        calls, latest = self._calls, loop.time() - self._seconds
        while calls and (calls[0].over or calls[0].began <= latest):
            call = calls.popleft()
            if not call.over:
                call.overdue = True
                call.task.cancel()
        self._timer = None
        if calls:
            self._timer = loop.call_at(calls[0].began + self._seconds, self._look, loop)

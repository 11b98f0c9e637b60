"""Fetching pages while the caller still works on earlier ones.

1. A task fetches until ``depth`` pages are ready, and ends. Whoever takes a page starts it again,
   and lets it send its request before it goes on: a caller may work without a pause. So one who
   stops leaves no task waiting.
2. What the task meets, an error or the end, is told after the pages that came before it, as
   without prefetching. After an error the task rests until the error was raised. One that kept the
   request from being sent may hold no more when its page is asked for: it is tried once more.
3. Who waits with a deadline lends it to the task for the page that it waits for, so that it hears
   at once, as without prefetching, when the window opens too late for it. A task that stands in a
   line already has to take another place there: its first one was taken without a deadline.
4. A caller who is cancelled while it waits ends the task first. A walk that is forgotten ends it
   too: the task knows nothing of the walk, so the walk can be collected.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import deque
from typing import Generic, TypeVar

import anyio

from twretweet.errors import (
    BudgetExceeded,
    BudgetUnavailable,
    LimiterUnavailable,
    ManagerClosed,
    RateLimitExceeded,
)
from twretweet.models import Identified
from twretweet.walk.sheets import Sheet, Sheets
from twretweet.walk.source import PageSource

T = TypeVar("T", bound=Identified)

# Nothing was sent, so nothing is paid, nor a slot taken, by asking again.
_NEVER_SENT = (RateLimitExceeded, LimiterUnavailable, BudgetExceeded, BudgetUnavailable)


class Ahead(Generic[T]):
    """Pages that are fetched before they are asked for.

    Args:
        sheets: fetches them.
        source: owns the task.
        depth: how many may be ready.
    """

    def __init__(self, sheets: Sheets[T], source: PageSource[T], depth: int) -> None:
        self._sheets = sheets
        self._source = source
        self._depth = depth
        self._ready: deque[Sheet[T]] = deque()
        self._error: Exception | None = None
        self._ended = False
        self._task: asyncio.Task[None] | None = None
        self._news: anyio.Event | None = None
        self._deadline = math.inf  # of the caller who waits
        self._scope: anyio.CancelScope | None = None  # of the page that is waited for

    async def fetch(self) -> Sheet[T] | None:
        """The next page; ``None`` at the end. Errors are those of :meth:`Sheets.fetch`."""
        if isinstance(self._error, _NEVER_SENT) and not self._ready:
            self._error = None
        while not self._ready:
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            if self._ended:
                self._ended = False  # whoever asks once more may find another limit
                return None
            await self._wait(anyio.current_effective_deadline())
        sheet = self._ready.popleft()
        if self._error is None and not self._ended:
            # A manager that was closed meanwhile is told of with the page that it can't fetch.
            with contextlib.suppress(ManagerClosed):
                self._begin()
                await self._send_off(sheet)
        return sheet

    async def _send_off(self, sheet: Sheet[T]) -> None:
        """Let the task send its request, before the caller may work without a pause."""
        try:
            await asyncio.sleep(0)
        except BaseException:
            self._ready.appendleft(sheet)
            await self.aclose()
            raise

    async def _wait(self, deadline: float) -> None:
        """Wait until the task has something to tell."""
        if deadline < math.inf and self._task is not None and self._source.stands(self._task):
            self._news = None
            await self.aclose()
        self._lend(deadline)
        self._begin()
        self._news = anyio.Event()
        try:
            await self._news.wait()
        except BaseException:
            self._news = None
            await self.aclose()
            raise
        finally:
            self._lend(math.inf)

    def _lend(self, deadline: float) -> None:
        self._deadline = deadline
        if self._scope is not None:
            self._scope.deadline = deadline

    async def aclose(self) -> None:
        """End the task; what is ready stays ready."""
        task = self._task
        if task is not None:
            task.cancel()
            with anyio.CancelScope(shield=True):
                await asyncio.wait([task])

    def abandon(self) -> None:
        """End the task from wherever a forgotten walk is collected: any thread, any time."""
        task = self._task
        if task is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed, and all tasks with it
                task.get_loop().call_soon_threadsafe(task.cancel)

    def _begin(self) -> None:
        if self._task is None or self._task.done():
            self._task = self._source.start(self._fill)
            self._task.add_done_callback(self._done)

    async def _fill(self) -> None:
        try:
            while len(self._ready) < self._depth:
                if not await self._fetch():
                    return
                self._tell()
        except Exception as error:  # noqa: BLE001  # raised where its page is asked for
            self._error = error

    async def _fetch(self) -> bool:
        """Fetch a page; whether there is another."""
        with anyio.CancelScope(deadline=math.inf if self._ready else self._deadline) as scope:
            self._scope = None if self._ready else scope
            try:
                sheet = await self._sheets.fetch()
            finally:
                self._scope = None
            if sheet is None:
                self._ended = True
                return False
            self._ready.append(sheet)
            return True
        return False  # the caller's time is over, and it is about to hear so

    def _done(self, task: asyncio.Task[None]) -> None:
        if self._task is task:
            self._task = None
        if task.cancelled() and self._news is not None and not self._news.is_set():
            self._error = ManagerClosed("the manager, or the walk, was closed meanwhile")
        self._tell()

    def _tell(self) -> None:
        if self._news is not None:
            self._news.set()

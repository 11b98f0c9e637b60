"""Walking many lists at once, merged as their pages come.

1. The walks stand in a line. The first one's next page is fetched, by a task that the manager
   owns; then the walk goes to the end of the line. So each gets a page in its turn, however long
   the others are.
2. No more than ``at_once`` pages are on their way or ready, whatever their number, besides the one
   that is handed out. A page is handed out as a whole, the first that came first.
3. An error of one walk takes that walk out of the line, and nothing else.
4. An error that any of them would meet, such as a budget that is used up, stops the fetching. What
   is on its way is handed out, then the error is raised; the walk that met it is the next in line.
   A budget that refused only for what those others had reserved is asked once more instead.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from typing import Generic, Self, TypeVar

import anyio
from msgspec import Struct

from twretweet.errors import (
    APIError,
    BudgetExceeded,
    ConcurrentWalk,
    DecodeError,
    InvalidRequest,
    ManagerClosed,
    NotFound,
    PaginationError,
    PermissionDenied,
    QueryError,
    ServerError,
    TransportError,
    TwretweetError,
)
from twretweet.models import Identified
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.partial import PartialResult
from twretweet.walk.source import PageSource
from twretweet.walk.walk import Walk

T = TypeVar("T", bound=Identified)

# What one tweet, or one request, can meet while all is well with the others.
_OF_ONE = (
    DecodeError,
    InvalidRequest,
    NotFound,
    PaginationError,
    PartialResult,
    PermissionDenied,
    ServerError,
    TransportError,
)


class Found(Struct, Generic[T], frozen=True):
    """An item, and the tweet whose list it is from.

    Attributes:
        tweet_id: the tweet that was walked.
        item: the retweet.
    """

    tweet_id: str
    item: T


class WalksFailed(TwretweetError):
    """Some of many walks failed; all others have come to their end.

    Attributes:
        errors: what went wrong, by the id of the tweet.
    """

    def __init__(self, errors: Mapping[str, TwretweetError]) -> None:
        first = next(iter(errors))
        more = f", and {len(errors) - 1} more" if len(errors) > 1 else ""
        super().__init__(
            f"{len(errors)} of the walks failed: {first}: {errors[first]}{more}. Iterate again to "
            "go on with the pages that failed"
        )
        self.errors = dict(errors)


class _Line(Generic[T]):
    """Who is fetched next, what is on its way, and what came; the tasks know nothing else."""

    def __init__(self, source: PageSource[T], at_once: int) -> None:
        self._source = source
        self._at_once = at_once
        self.waiting: deque[tuple[str, Walk[T]]] = deque()
        self.came: deque[tuple[str, Walk[T], bool | Exception]] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self.news: anyio.Event | None = None

    @property
    def idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self._tasks

    def advance(self) -> None:
        """Fetch for as many as may be fetched for."""
        while self.waiting and len(self._tasks) + len(self.came) < self._at_once:
            key, walk = self.waiting[0]
            task = self._source.start(partial(self._fetch, key, walk))
            self.waiting.popleft()
            self._tasks.add(task)
            task.add_done_callback(partial(self._done, key, walk))

    async def _fetch(self, key: str, walk: Walk[T]) -> None:
        try:
            outcome: bool | Exception = await walk.look_ahead()
        except Exception as error:  # noqa: BLE001  # raised where the caller waits
            outcome = error
        self.came.append((key, walk, outcome))

    def _done(self, key: str, walk: Walk[T], task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            self.waiting.appendleft((key, walk))
        if self.news is not None:
            self.news.set()

    async def aclose(self) -> None:
        """End the tasks; what came stays."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        with anyio.CancelScope(shield=True):
            if tasks:
                await asyncio.wait(tasks)

    def abandon(self) -> None:
        """End the tasks from wherever the caller's iterator is collected: any thread, any time."""
        for task in list(self._tasks):
            loop = task.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(task.cancel)


class ManyWalks(Generic[T]):
    """An async iterator over the items of many walks, merged as their pages come.

    Args:
        walks: what to walk, by the id of the tweet.
        source: owns the tasks.
        at_once: how many pages may be on their way or ready.
        on_error: is told of a walk that failed; without it, ``WalksFailed`` is raised in the end.

    Raises:
        QueryError: ``at_once`` is out of range.
    """

    def __init__(
        self,
        walks: Mapping[str, Walk[T]],
        source: PageSource[T] | None,
        *,
        at_once: int = 4,
        on_error: Callable[[str, TwretweetError], None] | None = None,
    ) -> None:
        if type(at_once) is not int or at_once < 1:
            raise QueryError(f"at_once is {at_once!r}: it must be a number of pages, 1 or more")
        # Of a walk that has come to its end, only where that was is kept.
        self._walks: dict[str, Walk[T] | Checkpoint] = dict(walks)
        self._again: list[tuple[str, Walk[T]]] = []  # those that failed
        self._on_error = on_error
        self._errors: dict[str, TwretweetError] = {}
        self._current: tuple[str, Walk[T]] | None = None
        self._waits = False
        self._over = False  # whether all that could be walked is
        self._stopped: Exception | None = None  # what all would meet
        self._drained = False  # whether a page came since
        self._line: _Line[T] | None = None
        if source is not None:
            self._line = _Line(source, at_once)
            self._line.waiting.extend(walks.items())
            # Tasks must not outlive an iterator that was left by `break` and forgotten.
            weakref.finalize(self, self._line.abandon).atexit = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Found[T]:
        """The next item, of whichever walk.

        Raises:
            WalksFailed: all that could be walked is, and without ``on_error`` some was not.
            TwretweetError: what any of the walks would meet; iterate again to go on.
        """
        while True:
            if self._current is not None:
                key, walk = self._current
                item = walk.next_here()
                if item is not None:
                    return Found(key, item)
            if not await self._turn():
                raise StopAsyncIteration

    @property
    def errors(self) -> Mapping[str, TwretweetError]:
        """What went wrong so far, by the id of the tweet; until those are tried once more."""
        return dict(self._errors)

    def checkpoints(self) -> dict[str, Checkpoint]:
        """The position of each walk after its item that was handed out last, by tweet id."""
        return {
            key: each if isinstance(each, Checkpoint) else each.checkpoint()
            for key, each in self._walks.items()
        }

    async def aclose(self) -> None:
        """End what is fetched at once; it isn't needed, and this can be iterated again."""
        if self._line is not None:
            await self._line.aclose()

    async def _turn(self) -> bool:
        """Go to the page that came first of those not handed out; whether there was one."""
        line = self._line
        if line is None:
            return False
        if self._waits:
            raise ConcurrentWalk("two tasks iterate the same walks; give each its own")
        if self._current is not None:
            self._current[1].put_away()
            line.waiting.append(self._current)
            self._current = None
        if self._over:
            self._over = False
            self._errors.clear()  # those that failed are tried once more
        while True:
            if self._stopped is None:
                self._advance(line)
            if line.came:
                key, walk, outcome = line.came.popleft()
                if await self._hand_out(line, key, walk, outcome):
                    return True
            elif not line.idle:
                await self._wait(line)
            elif self._stopped is not None:
                self._resume(self._stopped)
            else:
                return self._end(line)

    async def _hand_out(
        self, line: _Line[T], key: str, walk: Walk[T], outcome: bool | Exception
    ) -> bool:
        """Go to the page that came, if it is one."""
        if isinstance(outcome, Exception):
            self._failed(line, key, walk, outcome)
            return False
        try:
            more = outcome and await walk.turn_page()
        except PartialResult as error:
            self._failed(line, key, walk, error)
            return False
        if not more:
            self._walks[key] = walk.checkpoint()
        else:
            self._current, self._drained = (key, walk), True
            if self._stopped is None:
                self._advance(line)
        return more

    def _advance(self, line: _Line[T]) -> None:
        """Fetch on; a manager that was closed meanwhile is told of after what came."""
        try:
            line.advance()
        except ManagerClosed:
            if self._current is None and not line.came and line.idle:
                raise

    def _resume(self, error: Exception) -> None:
        """Raise what stopped the fetching, unless it may be over."""
        drained, self._stopped, self._drained = self._drained, None, False
        if not (drained and isinstance(error, BudgetExceeded) and error.reserved):
            raise error

    async def _wait(self, line: _Line[T]) -> None:
        line.news = anyio.Event()
        self._waits = True
        try:
            await line.news.wait()
        except BaseException:
            await line.aclose()
            raise
        finally:
            self._waits = False

    def _failed(self, line: _Line[T], key: str, walk: Walk[T], error: Exception) -> None:
        of_one = isinstance(error, _OF_ONE) or type(error) is APIError
        if not (of_one and isinstance(error, TwretweetError)):
            line.waiting.appendleft((key, walk))
            if self._stopped is None:
                self._stopped, self._drained = error, False
            return
        self._errors[key] = error
        self._again.append((key, walk))
        if self._on_error is not None:
            self._on_error(key, error)

    def _end(self, line: _Line[T]) -> bool:
        line.waiting.extend(self._again)
        self._again.clear()
        self._over = True
        if self._errors and self._on_error is None:
            raise WalksFailed(self._errors)
        return False

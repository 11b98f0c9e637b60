"""Watching a tweet: its new retweets, each once, as they come.

X lists retweets newest first and can't tell what is new, so the first page is fetched again and
again, and the pages behind it until one holds something known. The rules:

1. Ids of tweets grow with time. What is older than the oldest known id is not new; what is known
   is not new; everything else is. So it does no harm that a known retweet is undone, and one that
   turns up late in the list, up to a page back, is still found. The first look goes past empty
   pages, for what lies behind them is old.
2. All that is new is gathered before the first of it is handed out, oldest first. An error leaves
   it gathered: asked again, the page that failed is fetched. Where X has forgotten that page's
   token, or it leads in a circle, gathering begins again at the first page.
3. Between two looks lies the time that spreads what is left of the window evenly over the rest of
   it, so the window lasts, and the next look is due when X allows it. After new retweets that took
   several requests, the next looks are further apart.
4. Most of a page was seen on the look before, with the same problems. So a problem is told once;
   and raised, if that is wished, unless it is of what is known.
5. The latest ids that were handed out are remembered, no more than ``_REMEMBERED``; the oldest of
   the others is where "older" begins.
"""

from __future__ import annotations

import math
from bisect import insort
from collections import deque
from collections.abc import Collection, Iterable, Set
from typing import Generic, Self, TypeVar, cast

import msgspec

from twretweet.errors import ConcurrentWalk, InvalidRequest, PaginationError, QueryError
from twretweet.models import Identified, Page, Problem, Tweet, User
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.known import age
from twretweet.walk.partial import partial_result
from twretweet.walk.sheets import about_tokens, following_token
from twretweet.walk.source import PageSource
from twretweet.walk.start import check_page_size, start_of
from twretweet.walk.walk import OnProblem

T = TypeVar("T", bound=Identified)

_REMEMBERED = 1000


class Watch(Generic[T]):
    """An endless async iterator over new retweets, oldest first.

    It holds no task, connection or cancel scope between two items, so it can be left by ``break``
    and iterated again. The first look only finds out what is there already.

    Args:
        source: where the pages come from.
        max_results: the size of a page, 1 to 100.
        every: the shortest time between two looks, in seconds.
        on_problem: ``"keep"`` passes over the problems of a page; ``"raise"`` raises those of new
            retweets, on which alone the error's page holds.
        resume: where an earlier watch of the same tweet and query was.

    Raises:
        QueryError: an argument is out of range.
        CheckpointMismatch: the checkpoint is one of something else.
    """

    def __init__(
        self,
        source: PageSource[T],
        *,
        max_results: int = 100,
        every: float = 1.0,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> None:
        check_page_size(max_results)
        if not 0 <= every < math.inf:
            raise QueryError(f"every is {every!r}: it must be a number of seconds, 0 or more")
        if on_problem not in ("keep", "raise"):
            raise QueryError(f"on_problem is {on_problem!r}: it must be 'keep' or 'raise'")
        self._source = source
        self._max_results = max_results
        self._every = every
        self._on_problem: OnProblem = on_problem
        self._start = start_of(source, resume, endpoint=f"watch {source.endpoint}")
        self._count = self._start.count
        self._last_id = self._start.last_id
        self._known: list[int] = sorted(map(age, self._start.handed_out))
        # What is not above this is not new; None until the first look.
        self._floor = self._known[0] if self._known else None
        self._ready: deque[T] = deque()
        self._gathered: dict[str, T] = {}  # in X's order
        self._token: str | None = None
        self._seen: set[str] = set()
        self._due = -math.inf
        self._looking = False
        self._heard: dict[tuple[str | None, ...], None] = {}  # problems, the latest last
        self._restarted = False  # since the last time that all was gathered

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next new retweet; waits until there is one.

        Raises:
            PaginationError: the pages lead in a circle.
            TwretweetError: a page could not be fetched; iterate again to go on.
        """
        if self._looking:
            raise ConcurrentWalk("two tasks iterate the same watch; share one iterating task")
        while not self._ready:
            self._looking = True
            try:
                await self._look()
            finally:
                self._looking = False
        item = self._ready.popleft()
        self._remember([item.id])
        self._count += 1
        self._last_id = item.id
        return item

    def checkpoint(self) -> Checkpoint:
        """The position after the retweet that was handed out last, for ``resume=``."""
        known = self._known
        if self._floor is not None and self._floor not in known[:1]:
            known = [self._floor, *known]
        return msgspec.structs.replace(
            self._start,
            handed_out=tuple(map(str, known)),
            last_id=self._last_id,
            count=self._count,
        )

    async def _look(self) -> None:
        """Fetch the next page, when it is due; make ready what is new once all of it is there."""
        clock, token = self._source.clock, self._token
        if token is None:
            wait = self._due - clock.monotonic()
            if wait > 0:
                await clock.sleep(wait)
        try:
            page = await self._source.fetch(token, self._max_results)
        except BaseException as error:
            if token is None:
                self._schedule()  # who asks again at once must not ask X at once
            elif isinstance(error, InvalidRequest) and about_tokens(error):
                self._source.expired(self._last_id or "")
                self._begin_again()
                if not self._restarted:
                    self._restarted = True
                    return
            raise
        missing = self._missing(page) if page.problems else None
        self._take(page, token)
        if missing is not None and self._on_problem == "raise":
            partial = partial_result(cast("Page[Tweet] | Page[User]", missing))
            raise self._source.located(partial)

    def _missing(self, page: Page[T]) -> Page[T] | None:
        """Tell of the problems that were not heard of yet.

        Returns:
            What is new on the page, with those of them that are of it; ``None`` without any.
        """
        unheard = [each for each in page.problems if _key(each) not in self._heard]
        for problem in page.problems:
            self._heard.pop(_key(problem), None)  # it goes to the end
            self._heard[_key(problem)] = None
        for key in list(self._heard)[:-_REMEMBERED]:
            del self._heard[key]
        self._source.report(unheard)
        if self._floor is None:
            return None  # what is there already is not handed out
        known, floor = frozenset(self._known), self._floor
        new = [item for item in page.data if _is_new(item, known, floor)]
        names = _names(new)
        old = _names(page.data) - names
        of_new = [each for each in unheard if old.isdisjoint((each.resource_id, each.value))]
        if not of_new:
            return None
        return page.holding(tuple(new), tuple(of_new))

    def _take(self, page: Page[T], token: str | None) -> None:
        if self._floor is None and (page.data or following_token(page) is None):
            self._begin_with(page)
            self._begin_again()
            self._schedule()
            return
        known, floor, met = frozenset(self._known), self._floor or 0, False
        for item in page.data:
            if _is_new(item, known, floor):
                self._gathered.setdefault(item.id, item)
            else:
                met = True
        following = None if met else following_token(page)
        if following is None:
            self._ready.extend(sorted(self._gathered.values(), key=lambda item: age(item.id)))
            self._begin_again()
            self._schedule()
        elif following == token or following in self._seen:
            self._begin_again()
            self._schedule()
            circle = f"the page token {following!r} came a second time: the pages lead in a circle"
            raise self._source.located(PaginationError(circle, page_token=following))
        else:
            self._seen.add(following)
            self._token = following

    def _begin_with(self, page: Page[T]) -> None:
        """Take what the first page that shows any shows for known, and what lies behind it."""
        self._floor = min((age(item.id) for item in page.data), default=0)
        self._remember(item.id for item in page.data)

    def _begin_again(self) -> None:
        self._gathered.clear()
        self._seen.clear()
        self._token = None

    def _schedule(self) -> None:
        self._restarted = False
        pause = max(self._source.interval(), self._every)
        self._due = self._source.clock.monotonic() + pause

    def _remember(self, ids: Iterable[str]) -> None:
        for each in ids:
            insort(self._known, age(each))
        if len(self._known) > _REMEMBERED:
            forgotten = len(self._known) - _REMEMBERED
            self._floor = max(self._floor or 0, self._known[forgotten - 1])
            del self._known[:forgotten]


def _is_new(item: Identified, known: Set[int], floor: int) -> bool:
    return age(item.id) > floor and age(item.id) not in known


def _names(items: Collection[Identified]) -> set[str | None]:
    """What a problem may name that is of these items."""
    ids: set[str | None] = {item.id for item in items}
    authors = {item.author_id for item in items if isinstance(item, Tweet)}
    return (ids | authors) - {None}


def _key(problem: Problem) -> tuple[str | None, ...]:
    """What tells a problem from others."""
    return (
        problem.type,
        problem.title,
        problem.parameter,
        problem.resource_id,
        problem.value,
        problem.detail,
    )

"""Walking pages: item by item or page by page, to be broken off and taken up at any point.

A :class:`Walk` is its own iterator. It holds no task, connection or cancel scope between two
items, so it can be left by ``break``, forgotten, or iterated again; it then goes on with the item
after the last one, or with the page that failed.

Only a missing ``next_token`` ends a walk: X sends short pages and empty ones in the middle.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, Self, TypeVar

import msgspec
from msgspec import Struct

from twretweet.errors import (
    CheckpointMismatch,
    ConcurrentWalk,
    PaginationError,
    QueryError,
    TwretweetError,
)
from twretweet.models import Page
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.source import Identified, PageSource

T = TypeVar("T", bound=Identified)


class _Sheet(Struct, Generic[T], frozen=True):
    """A page as it is handed out.

    Attributes:
        page: what is to be handed out.
        token: with which it was fetched.
        known: ids that a resumed walk had handed out before, and may find on this page.
        whole: whether nothing was cut off the end for the sake of the limit.
        circle: the token of the next page, if it was seen before.
    """

    page: Page[T]
    token: str | None
    known: tuple[str, ...]
    whole: bool
    circle: str | None


class Walk(Generic[T]):
    """An async iterator over the items of all pages.

    Args:
        source: where the pages come from.
        max_results: the size of a page, 1 to 100.
        limit: how many items to hand out at the most; no more than these are asked for.
        resume: where an earlier walk of the same query was.

    Raises:
        QueryError: ``max_results`` or ``limit`` is out of range.
        CheckpointMismatch: the checkpoint is one of another walk.
    """

    def __init__(
        self,
        source: PageSource[T],
        *,
        max_results: int = 100,
        limit: int | None = None,
        resume: Checkpoint | None = None,
    ) -> None:
        # GET /2/tweets/:id/retweets, max_results: 1 to 100 in the OpenAPI files.
        if type(max_results) is not int or not 1 <= max_results <= 100:  # noqa: PLR2004
            raise QueryError(f"max_results is {max_results!r}: it must be between 1 and 100")
        if limit is not None and (type(limit) is not int or limit < 0):
            raise QueryError(f"limit is {limit!r}: it must be a whole number, and not negative")
        self._source = source
        self._max_results = max_results
        self._limit = limit
        self._sheet: _Sheet[T] | None = None
        self._index = 0  # of the next item of the sheet
        self._ready: deque[_Sheet[T]] = deque()  # fetched, and still to be handed out
        self._token: str | None = None  # of the page to fetch first
        self._seen: set[str] = set()
        self._known: tuple[str, ...] = ()
        self._last_id: str | None = None
        self._count = 0
        self._finished = False
        self._fetching = False
        if resume is not None:
            self._resume(resume)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next item.

        Raises:
            PaginationError: the pages lead in a circle.
            TwretweetError: the next page could not be fetched; iterate again to try once more.
        """
        while True:
            sheet = self._sheet
            if sheet is not None and self._index < len(sheet.page.data):
                item = sheet.page.data[self._index]
                self._index += 1
                self._count += 1
                return item
            if not await self._turn_page():
                raise StopAsyncIteration

    def pages(self) -> Pages[T]:
        """Iterate page by page; of a page that was begun item by item, the rest comes first."""
        return Pages(self)

    async def collect(self) -> list[T]:
        """Walk to the end and return all items that were not handed out before.

        Raises:
            TwretweetError: a page could not be fetched. Nothing is lost: the walk still has what
                it fetched, and goes on with the page that failed.
        """
        begun, index, count, last_id = self._sheet, self._index, self._count, self._last_id
        collected: list[T] = []
        sheets: list[_Sheet[T]] = []
        try:
            rest = self._take_rest()
            collected += rest.data if rest is not None else ()
            while await self._turn_page():
                if self._sheet is not None:
                    sheets.append(self._sheet)
                    collected += self._sheet.page.data
                    self._take_rest()
        except BaseException:
            self._ready.extendleft(reversed(sheets))
            self._sheet, self._index, self._count, self._last_id = begun, index, count, last_id
            raise
        return collected

    def checkpoint(self) -> Checkpoint:
        """The position after the item that was handed out last."""
        sheet, token, finished = self._sheet, self._token, self._finished
        # What the next page may hold of what was handed out before.
        handed_out = self._ready[0].known if self._ready else self._known
        if sheet is not None:
            data = sheet.page.data
            if self._index >= len(data) and sheet.whole and sheet.circle is None:
                # Nothing of this page is needed again, so it need not be paid again.
                token = _following(sheet.page)
                finished = token is None
            else:
                token = sheet.token
                handed_out = (*sheet.known, *(item.id for item in data[: self._index]))
        return Checkpoint(
            endpoint=self._source.endpoint,
            target=self._source.target,
            params=dict(self._source.params),
            page_token=token,
            handed_out=handed_out,
            last_id=self._last(),
            count=self._count,
            finished=finished,
        )

    def _last(self) -> str | None:
        if self._sheet is not None and self._index:
            return self._sheet.page.data[self._index - 1].id
        return self._last_id

    def _resume(self, point: Checkpoint) -> None:
        if not isinstance(point, Checkpoint):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise CheckpointMismatch("resume= takes a Checkpoint: make one by from_json()")
        for what, here, there in (
            ("endpoint", self._source.endpoint, point.endpoint),
            ("tweet", self._source.target, point.target),
            ("query", dict(self._source.params), point.params),
        ):
            if here != there:
                raise CheckpointMismatch(
                    f"the checkpoint was made by a walk of another {what}: {there!r}, while this "
                    f"one has {here!r}; resume it with the same {what}, or start without resume="
                )
        self._token = point.page_token
        self._known = point.handed_out
        self._last_id = point.last_id
        self._count = point.count
        self._finished = point.finished

    def _take_rest(self) -> Page[T] | None:
        """Hand out what is left of the current page at once; ``None`` if nothing is."""
        if self._sheet is None or self._index >= len(self._sheet.page.data):
            return None
        page, index = self._sheet.page, self._index
        self._count += len(page.data) - index
        self._index = len(page.data)
        return page if index == 0 else msgspec.structs.replace(page, data=page.data[index:])

    async def next_page(self) -> Page[T] | None:
        """The next page, or the rest of one that was begun; ``None`` at the end."""
        rest = self._take_rest()
        if rest is not None:
            return rest
        if not await self._turn_page() or self._sheet is None:
            return None
        return self._take_rest() or self._sheet.page

    async def _turn_page(self) -> bool:
        """Go to the page after the current one; whether there was one."""
        if self._fetching:
            raise ConcurrentWalk(
                "two tasks iterate the same walk; give each its own, or share one iterating task"
            )
        if self._ready:
            self._turn_to(self._ready.popleft())
            return True
        token = self._token
        if self._sheet is not None:
            if self._sheet.circle is not None:
                raise self._go_back(self._sheet, self._sheet.circle)
            token = _following(self._sheet.page)
            self._finished = token is None
        left = None if self._limit is None else self._limit - self._count
        if self._finished or (left is not None and left <= 0):
            return False
        size = self._max_results
        if left is not None:
            # Those that were handed out before come again with the page they were in.
            size = min(size, left + len(self._known))
        self._fetching = True
        try:
            page = await self._source.fetch(token, size)
        finally:
            self._fetching = False
        self._turn_to(self._accept(page, token, left))
        return True

    def _turn_to(self, sheet: _Sheet[T]) -> None:
        self._last_id = self._last()
        self._sheet, self._index = sheet, 0

    def _accept(self, page: Page[T], token: str | None, left: int | None) -> _Sheet[T]:
        known, following = self._known, _following(page)
        circle = following if following == token or following in self._seen else None
        if circle is not None and self._sheet is not None:
            # An endless loop gives the page before once more: only what is new is handed out.
            known = (*known, *(item.id for item in self._sheet.page.data))
        if token is not None:
            self._seen.add(token)
        data = self._after_known(page.data, known)
        whole = left is None or len(data) <= left
        if data is not page.data or not whole:
            page = msgspec.structs.replace(page, data=data[:left])
        return _Sheet(page, token, known, whole, circle)

    def _go_back(self, sheet: _Sheet[T], circle: str) -> TwretweetError:
        """Have the next iteration fetch the page again that led back, and say why."""
        self._last_id = self._last()
        self._known = (*sheet.known, *(item.id for item in sheet.page.data))
        self._token, self._sheet, self._index = sheet.token, None, 0
        if sheet.token is not None:
            self._seen.discard(sheet.token)
        error = PaginationError(
            f"the page token {circle!r} came a second time, so the pages lead in a circle; "
            "iterate again to fetch this page once more",
            page_token=circle,
        )
        return self._source.located(error)

    def _after_known(self, data: tuple[T, ...], known: tuple[str, ...]) -> tuple[T, ...]:
        """Pass over what was handed out before the walk was resumed.

        Pages may have shifted since: new retweets push older ones to the next page, so known ones
        may turn up there too, and on the page itself there may be none but new ones. Undone
        retweets vanish, the last one handed out among them.
        """
        if not known:
            return data
        ids = frozenset(known)
        if not self._source.newest_first:
            here = {item.id for item in data}
            self._known = tuple([each for each in known if each not in here])
            return tuple([item for item in data if item.id not in ids])
        last = max((index for index, item in enumerate(data) if item.id in ids), default=None)
        if last is not None:
            rest = data[last + 1 :]
        else:
            # What came after the walk began stands before its place, and is not part of it.
            newest = max(map(_age, known))
            rest = tuple([item for item in data if _age(item.id) < newest])
        # Beyond the first that was not reached before, none was.
        self._known = () if rest else known
        return rest


def _age(tweet_id: str) -> int:
    """Ids of tweets grow with time."""
    return int(tweet_id) if tweet_id.isdecimal() else 0


def _following(page: Page[T]) -> str | None:
    # OpenAPI 2.167 allows an empty token in a reply, and none in a request: it means no page.
    return page.meta.next_token or None


class Pages(Generic[T]):
    """An async iterator over the pages of a walk."""

    def __init__(self, walk: Walk[T]) -> None:
        self._walk = walk

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Page[T]:
        """The next page; raises as :meth:`Walk.__anext__` does."""
        page = await self._walk.next_page()
        if page is None:
            raise StopAsyncIteration
        return page

"""Walking pages: item by item or page by page, to be broken off and taken up at any point.

A :class:`Walk` is its own iterator. It holds no connection or cancel scope between two items, and
no task unless it prefetches, so it can be left by ``break``, forgotten, or iterated again; it then
goes on with the item after the last one, or with the page that failed.

Pages are fetched in :mod:`twretweet.walk.sheets`, or ahead of time in
:mod:`twretweet.walk.ahead`; here is what was handed out of them.
"""

from __future__ import annotations

import weakref
from collections import deque
from collections.abc import Iterator
from operator import length_hint
from typing import Generic, Literal, Self, TypeAlias, TypeVar, cast

import msgspec

from twretweet.errors import ConcurrentWalk, QueryError
from twretweet.models import Identified, Page, Tweet, User
from twretweet.walk.ahead import Ahead
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.known import place_after
from twretweet.walk.partial import partial_result
from twretweet.walk.sheets import Sheet, Sheets, following_token
from twretweet.walk.source import PageSource
from twretweet.walk.start import check_page_size, start_of

T = TypeVar("T", bound=Identified)
OnProblem: TypeAlias = Literal["keep", "raise"]


class Walk(Generic[T]):
    """An async iterator over the items of all pages.

    Args:
        source: where the pages come from.
        max_results: the size of a page, 1 to 100.
        limit: how many items to hand out at the most; no more than these are asked for.
        prefetch: how many pages to fetch while the caller works on earlier ones.
        on_problem: ``"keep"`` leaves the problems of a page on the page; ``"raise"`` raises them.
        resume: where an earlier walk of the same query was.

    Raises:
        QueryError: ``max_results``, ``limit``, ``prefetch`` or ``on_problem`` is out of range.
        CheckpointMismatch: the checkpoint is one of another walk.
    """

    def __init__(
        self,
        source: PageSource[T],
        *,
        max_results: int = 100,
        limit: int | None = None,
        prefetch: int = 0,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> None:
        check_page_size(max_results)
        if limit is not None and (type(limit) is not int or limit < 0):
            raise QueryError(f"limit is {limit!r}: it must be a whole number, and not negative")
        if type(prefetch) is not int or prefetch < 0:
            raise QueryError(f"prefetch is {prefetch!r}: it must be a number of pages, 0 or more")
        if on_problem not in ("keep", "raise"):
            raise QueryError(f"on_problem is {on_problem!r}: it must be 'keep' or 'raise'")
        self._source = source
        self._on_problem: OnProblem = on_problem
        self._start = start_of(source, resume, endpoint=source.endpoint)
        sheets = Sheets(source, max_results=max_results, limit=limit, start=self._start)
        self._supply: Sheets[T] | Ahead[T] = sheets
        if prefetch:
            self._supply = Ahead(sheets, source, prefetch)
            # The task must not outlive a walk that was left by `break` and forgotten.
            weakref.finalize(self, self._supply.abandon).atexit = False
        self._sheet: Sheet[T] | None = None
        self._items: Iterator[T] = iter(())  # of the sheet, those that were not handed out
        self._ready: deque[Sheet[T]] = deque()  # fetched, and still to be handed out
        self._last_id = self._start.last_id  # of the sheets before this one
        self._count = self._start.count  # of the sheets before this one
        self._fetching = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next item.

        Raises:
            PaginationError: the pages lead in a circle.
            TwretweetError: the next page could not be fetched; iterate again to try once more.
        """
        while True:
            for item in self._items:  # as next_here(), but for the time that a call takes
                return item
            if not await self.turn_page():
                raise StopAsyncIteration

    def next_here(self) -> T | None:
        """The next item, if it needs no other page."""
        return next(self._items, None)

    async def look_ahead(self) -> bool:
        """Fetch the next page, unless it is there, and hand out nothing of it.

        Returns:
            Whether there is one.

        Raises:
            TwretweetError: as for :meth:`__anext__`.
        """
        if not self._ready:
            sheet = await self._fetch()
            if sheet is None:
                return False
            self._ready.append(sheet)
        return True

    def put_away(self) -> None:
        """Keep the position in place of a page that was handed out; the items are the caller's."""
        if self._sheet is None or length_hint(self._items):
            return
        self._start = self.checkpoint()
        self._last_id, self._count = self._start.last_id, self._start.count
        self._sheet = None

    async def aclose(self) -> None:
        """End the prefetching at once, and return when it has ended.

        It isn't needed: a walk that is forgotten ends it too. The walk can be iterated again.
        """
        if isinstance(self._supply, Ahead):
            await self._supply.aclose()

    def pages(self) -> Pages[T]:
        """Iterate page by page; of a page that was begun item by item, the rest comes first."""
        return Pages(self)

    async def collect(self) -> list[T]:
        """Walk to the end and return all items that were not handed out before.

        Raises:
            TwretweetError: a page could not be fetched. Nothing is lost: the walk still has what
                it fetched, and goes on with the page that failed.
        """
        begun, index, start = self._sheet, self._handed_out(), self._start
        count, last_id = self._count, self._last_id
        collected: list[T] = []
        sheets: list[Sheet[T]] = []
        try:
            rest = self._take_rest()
            collected += rest.data if rest is not None else ()
            while await self.turn_page():
                if self._sheet is not None:
                    sheets.append(self._sheet)
                    collected += self._sheet.page.data
                    self._take_rest()
        except BaseException:
            self._ready.extendleft(reversed(sheets))
            self._sheet, self._start, self._count, self._last_id = begun, start, count, last_id
            self._items = iter(() if begun is None else begun.page.data[index:])
            raise
        return collected

    def checkpoint(self) -> Checkpoint:
        """The position after the item that was handed out last."""
        sheet, start, index = self._sheet, self._start, self._handed_out()
        token, handed_out, last_id = start.page_token, start.handed_out, self._last_id
        finished, place = start.finished, start.place
        if sheet is not None:
            data = sheet.page.data
            last_id = data[index - 1].id if index else last_id
            if index == len(data) and sheet.whole:
                # Nothing of this page is needed again, so it need not be paid again.
                token, handed_out = following_token(sheet.page), sheet.known_after
                finished, place = token is None, sheet.after
            else:
                ids = [item.id for item in data[:index]]
                token, handed_out = sheet.token, (*sheet.known, *ids)
                place = () if self._source.newest_first else place_after(sheet.before, ids)
        return msgspec.structs.replace(
            start,
            page_token=token,
            handed_out=handed_out,
            place=place,
            last_id=last_id,
            count=self._count + index,
            finished=finished,
        )

    def _handed_out(self) -> int:
        """How many items of the sheet were handed out."""
        return 0 if self._sheet is None else len(self._sheet.page.data) - length_hint(self._items)

    def _take_rest(self) -> Page[T] | None:
        """Hand out what is left of the current page at once; ``None`` if nothing is."""
        if self._sheet is None or not length_hint(self._items):
            return None
        page, index = self._sheet.page, self._handed_out()
        self._items = iter(())
        return page if index == 0 else page.holding(page.data[index:])

    async def next_page(self) -> Page[T] | None:
        """The next page, or the rest of one that was begun; ``None`` at the end."""
        rest = self._take_rest()
        if rest is not None:
            return rest
        if not await self.turn_page() or self._sheet is None:
            return None
        return self._take_rest() or self._sheet.page

    async def turn_page(self) -> bool:
        """Go to the page after the current one, and hand out nothing of it.

        Returns:
            Whether there is one.

        Raises:
            TwretweetError: as for :meth:`__anext__`.
        """
        # The memory of its items is then free for the next, and still in the processor's cache.
        self.put_away()
        sheet = await self._fetch()
        if sheet is None:
            return False
        problems = sheet.page.problems
        if problems and self._on_problem == "raise" and not sheet.told:
            sheet.told = True
            self._ready.appendleft(sheet)
            page = cast("Page[Tweet] | Page[User]", sheet.page)
            raise self._source.located(partial_result(page))
        self._sheet, self._items = sheet, iter(sheet.page.data)
        return True

    async def _fetch(self) -> Sheet[T] | None:
        if self._fetching:
            raise ConcurrentWalk(
                "two tasks iterate the same walk; give each its own, or share one iterating task"
            )
        if self._ready:
            return self._ready.popleft()
        self._fetching = True
        try:
            return await self._supply.fetch()
        finally:
            self._fetching = False


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

"""Walking pages: item by item or page by page, to be broken off and taken up at any point.

A :class:`Walk` is its own iterator. It holds no task, connection or cancel scope between two
items, so it can be left by ``break``, forgotten, or iterated again; it then goes on with the item
after the last one, or with the page that failed.

Only a missing ``next_token`` ends a walk: X sends short pages and empty ones in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, Protocol, Self, TypeVar

import msgspec
from msgspec import Struct

from twretweet.errors import CheckpointMismatch, PaginationError, QueryError, TwretweetError
from twretweet.models import Page

_VERSION = 1


class Identified(Protocol):
    """Whatever X gives an id."""

    @property
    def id(self) -> str:
        """The id, as digits."""
        ...


T = TypeVar("T", bound=Identified)


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A position in a walk; plain data.

    Attributes:
        endpoint: the name of the endpoint that is walked.
        target: the id of the tweet, or ``""`` where there is none.
        params: the query of the walk.
        page_token: of the page to fetch next; ``None`` for the first page.
        handed_out: the ids of that page that were handed out already, in order.
        last_id: the id of the item that was handed out last, wherever it was.
        count: how many items were handed out since the walk began.
        finished: whether the walk had come to its end.
        version: of this format.
    """

    endpoint: str
    target: str
    params: dict[str, str]
    page_token: str | None = None
    handed_out: tuple[str, ...] = ()
    last_id: str | None = None
    count: int = 0
    finished: bool = False
    version: int = _VERSION

    def to_json(self) -> str:
        """This checkpoint as one line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises:
            CheckpointMismatch: it is no checkpoint, or one of a newer version.
        """
        try:
            version = msgspec.json.decode(text, type=_Versioned).version
            if version > _VERSION:
                raise CheckpointMismatch(
                    f"the checkpoint has version {version}, this package reads up to {_VERSION}: "
                    "upgrade twretweet"
                )
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CheckpointMismatch(f"this is no checkpoint of a walk: {error}") from error


class _Versioned(Struct, frozen=True):
    version: int = _VERSION


class PageSource(Protocol[T]):
    """Where a walk gets its pages from."""

    @property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        ...

    @property
    def target(self) -> str:
        """The id of the tweet whose pages these are, or ``""``."""
        ...

    @property
    def params(self) -> Mapping[str, str]:
        """The query, without page size and page token."""
        ...

    async def fetch(self, page_token: str | None, max_results: int) -> Page[T]:
        """Fetch one page of at most ``max_results`` items."""
        ...


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
        if not 1 <= max_results <= 100:  # noqa: PLR2004
            raise QueryError(f"max_results is {max_results}: it must be between 1 and 100")
        if limit is not None and limit < 0:
            raise QueryError(f"limit is {limit}: it must not be negative")
        self._source = source
        self._max_results = max_results
        self._limit = limit
        self._page: Page[T] | None = None
        self._index = 0  # of the next item of _page
        self._token: str | None = None  # of _page, or of the page to fetch next if there is none
        self._seen: set[str] = set()
        self._cut = False  # _page held more than the limit allows
        self._before: tuple[str, ...] = ()  # of this page, handed out before it was resumed
        self._known: frozenset[str] = frozenset()
        self._last_id: str | None = None
        self._count = 0
        self._finished = False
        self._fetching = False
        if resume is not None:
            self._resume(resume)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        while True:
            page = self._page
            if page is not None and self._index < len(page.data):
                item = page.data[self._index]
                self._index += 1
                self._count += 1
                return item
            if not await self._turn_page():
                raise StopAsyncIteration

    def pages(self) -> Pages[T]:
        """Iterate page by page; of a page that was begun item by item, the rest comes first."""
        return Pages(self)

    async def collect(self) -> list[T]:
        """Walk to the end and return all items that were not handed out before."""
        return [item async for page in self.pages() for item in page.data]

    def checkpoint(self) -> Checkpoint:
        """The position after the item that was handed out last."""
        page, token, handed_out = self._page, self._token, self._before
        finished = self._finished
        if page is not None and self._index >= len(page.data) and not self._cut:
            # Nothing of this page is needed again, so it need not be paid again.
            token, handed_out = _following(page), ()
            finished = token is None
        elif page is not None:
            handed_out += tuple(item.id for item in page.data[: self._index])
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
        if self._page is not None and self._index:
            return self._page.data[self._index - 1].id
        return self._last_id

    def _resume(self, point: Checkpoint) -> None:
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
        self._before = point.handed_out
        self._known = frozenset(point.handed_out)
        self._last_id = point.last_id
        self._count = point.count
        self._finished = point.finished

    def _take_rest(self) -> Page[T] | None:
        """Hand out what is left of the current page at once; ``None`` if nothing is."""
        page, index = self._page, self._index
        if page is None or index >= len(page.data):
            return None
        self._count += len(page.data) - index
        self._index = len(page.data)
        return page if index == 0 else msgspec.structs.replace(page, data=page.data[index:])

    async def next_page(self) -> Page[T] | None:
        """The next page, or the rest of one that was begun; ``None`` at the end."""
        rest = self._take_rest()
        if rest is not None:
            return rest
        if not await self._turn_page():
            return None
        return self._take_rest() or self._page

    async def _turn_page(self) -> bool:
        """Fetch the page after the current one; whether there was one."""
        if self._fetching:
            raise TwretweetError(
                "two tasks iterate the same walk; give each its own, or share one iterating task"
            )
        token = self._token
        if self._page is not None:
            token = _following(self._page)
            self._finished = token is None
        left = None if self._limit is None else self._limit - self._count
        if self._finished or (left is not None and left <= 0):
            return False
        size = self._max_results
        if left is not None:
            # Those that were handed out before come again with the page they were in.
            size = min(size, left + (len(self._before) if self._page is None else 0))
        self._fetching = True
        try:
            page = await self._source.fetch(token, size)
        finally:
            self._fetching = False
        self._accept(page, token, left)
        return True

    def _accept(self, page: Page[T], token: str | None, left: int | None) -> None:
        following = _following(page)
        if following is not None and (following == token or following in self._seen):
            raise PaginationError(
                f"the page token {following!r} came a second time, so the pages lead in a circle; "
                "iterate again to fetch this page once more",
                page_token=following,
            )
        if token is not None:
            self._seen.add(token)
        self._last_id = self._last()
        if self._page is not None:
            self._before = ()
        data = self._without_handed_out(page.data)
        self._cut = left is not None and len(data) > left
        if self._cut:
            data = data[:left]
        if len(data) != len(page.data):
            page = msgspec.structs.replace(page, data=data)
        self._page, self._token, self._index = page, token, 0

    def _without_handed_out(self, data: tuple[T, ...]) -> tuple[T, ...]:
        """Go on after the last item of this page that the checkpoint says was handed out.

        Pages may have shifted since: new retweets push older ones to the next page, so known ones
        may turn up there too; and undone ones vanish, the last one handed out among them.
        """
        if self._known:
            for index in range(len(data), 0, -1):
                if data[index - 1].id in self._known:
                    return data[index:]
        return data


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
        page = await self._walk.next_page()
        if page is None:
            raise StopAsyncIteration
        return page

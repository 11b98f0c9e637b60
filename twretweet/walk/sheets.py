"""Fetching one page after another, and cutting out of each what is to be handed out.

Only a missing ``next_token`` ends the pages. A failed page changes nothing: asked again, the same
page is fetched. The rules for what is in the way:

1. A token seen before leads in a circle. What is new on the page that gave it is handed out, then
   ``PaginationError`` is raised, and asked again, that page is fetched once more.
2. A token that X does not know any more, as an old one, leaves the place in the list but not the
   way to it. So the pages are read from the first one again, up to the last known item, and go on
   behind it; nothing is handed out twice. A listener is told. If X forgets the token again before
   anything new came, its error is raised.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from msgspec import Struct

from twretweet.errors import InvalidRequest, PaginationError, TwretweetError
from twretweet.models import Identified, Page
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.known import after_known, after_place, place_after
from twretweet.walk.source import PageSource

T = TypeVar("T", bound=Identified)

# "The `pagination_token` query parameter value [x] is not valid", and "… is not a valid token".
_ABOUT_TOKENS = ("pagination_token", "next_token")


class Sheet(Struct, Generic[T], kw_only=True):
    """A page as it is handed out.

    Attributes:
        page: what is to be handed out.
        token: with which to fetch it again.
        known: ids that were handed out before, and may stand on it.
        known_after: those of them that may stand on the next page.
        before: which items mark the place before it; none where ids tell it.
        after: which items mark the place after it.
        whole: whether it need not be fetched again once its last item is handed out.
        told: whether its problems were raised.
    """

    page: Page[T]
    token: str | None
    known: tuple[str, ...]
    known_after: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    whole: bool
    told: bool = False


class Sheets(Generic[T]):
    """The pages of a walk, fetched one by one.

    Args:
        source: where they come from.
        max_results: the size of a page.
        limit: how many items at the most, those before ``start`` included.
        start: where to begin.
    """

    def __init__(
        self, source: PageSource[T], *, max_results: int, limit: int | None, start: Checkpoint
    ) -> None:
        self._source = source
        self._max_results = max_results
        self._limit = limit
        self._token = start.page_token
        self._finished = start.finished
        self._count = start.count
        self._known = start.handed_out
        self._last_id = start.last_id
        # The items that were handed out last, in X's order, where their ids don't tell the order.
        # What is known of a page may be older than these: a search that was broken off leaves it.
        self._place = () if source.newest_first else start.place or start.known
        self._passed: set[str] = set()  # those of them that stood on the pages of the search
        self._given: tuple[str, ...] = ()  # the ids of the last page that had new items
        self._seen: set[str] = set()
        self._circle: str | None = None
        self._lost: str | None = None  # the token that X forgot, while its place is searched
        self._searched = False  # since the last new item

    async def fetch(self) -> Sheet[T] | None:
        """The next page; ``None`` at the end, and at the limit.

        Raises:
            PaginationError: the pages lead in a circle, or a lost place was not found again.
            TwretweetError: the page could not be fetched.
        """
        if self._circle is not None:
            raise self._in_a_circle()
        while not self._finished:
            left = None if self._limit is None else self._limit - self._count
            if left is not None and left <= 0:
                return None
            size = self._max_results
            if left is not None and self._lost is None:
                # Those that were handed out before come again with the page they were in.
                size = min(size, left + len(self._known))
            token = self._token
            try:
                page = await self._source.fetch(token, size)
            except InvalidRequest as error:
                if not self._may_search(error, token):
                    self._searched = False  # asked again, it may
                    raise
                self._begin_search(token)
                continue
            if page.problems:
                self._source.report(page.problems)
            return self._accept(page, token, left)
        return None

    # -- what became of a page --------------------------------------------------------------

    def _accept(self, page: Page[T], token: str | None, left: int | None) -> Sheet[T]:
        following = following_token(page)
        if following is not None and (following == token or following in self._seen):
            self._circle = following
        if token is not None:
            self._seen.add(token)
        known, lost, before = self._known, self._lost, self._place
        if lost is not None:
            data, after = self._searched_for(page.data, following)
        else:
            if self._circle is not None:
                # An endless loop gives the page before once more: only what is new is handed out.
                known = (*known, *self._given)
            data, after = after_known(page.data, known, newest_first=self._source.newest_first)
        whole = left is None or len(data) <= left
        if data is not page.data or not whole:
            page = page.holding(data[:left])
        given = tuple([item.id for item in page.data])
        if given:
            self._given, self._last_id, self._searched = given, given[-1], False
            if not self._source.newest_first:
                self._place = place_after(before, given)
        sheet = Sheet(
            page=page,
            # Until its place is found, a walk that is resumed has to search for it.
            token=token if lost is None else lost,
            known=known,
            known_after=after,
            before=before,
            after=self._place,
            whole=whole and self._circle is None and (lost is None or self._lost is None),
        )
        self._advance(sheet, token, following)
        return sheet

    def _advance(self, sheet: Sheet[T], token: str | None, following: str | None) -> None:
        data = sheet.page.data
        self._count += len(data)
        if self._circle is not None:
            self._known = (*sheet.known, *(item.id for item in data))
            self._token = token
        else:
            self._known, self._token = sheet.known_after, following
            self._finished = following is None
            if self._finished:
                self._seen.clear()

    def _in_a_circle(self) -> TwretweetError:
        """Have the page fetched again that led back, and say why."""
        circle, self._circle = self._circle or "", None
        if self._token is not None:
            self._seen.discard(self._token)
        error = PaginationError(
            f"the page token {circle!r} came a second time, so the pages lead in a circle; "
            "iterate again to fetch this page once more",
            page_token=circle,
        )
        return self._source.located(error)

    # -- a token that X forgot --------------------------------------------------------------

    def _may_search(self, error: InvalidRequest, token: str | None) -> bool:
        return token is not None and not self._searched and about_tokens(error)

    def _begin_search(self, token: str | None) -> None:
        if self._lost is None:
            self._lost = token
        self._passed.clear()
        self._searched = True
        self._token = None
        self._seen.clear()
        self._source.expired(self._last_id or "")

    def _searched_for(
        self, data: tuple[T, ...], following: str | None
    ) -> tuple[tuple[T, ...], tuple[str, ...]]:
        """What stands behind the lost place; nothing as long as it was not found."""
        if self._last_id is None:
            self._lost = None  # nothing was handed out before
            return data, ()
        if self._source.newest_first:
            rest, after = after_known(data, (self._last_id,), newest_first=True)
            if rest or following is None:
                self._lost = None
            return rest, after
        place = self._place
        found = after_place(data, place, self._passed)
        self._passed.update({item.id for item in data} & set(place))
        if found is not None:
            self._lost = None
            return found, tuple([each for each in place if each not in self._passed])
        if following is not None:
            return (), place
        self._token, self._lost, self._searched = self._lost, None, False
        raise self._source.located(
            PaginationError(
                "X has forgotten the page token of this walk, and the items that were handed out "
                "last are not in the list any more, so its place is lost: start a walk without "
                "resume=, and pass over what you have",
                page_token=self._token or "",
            )
        )


def about_tokens(error: InvalidRequest) -> bool:
    """Whether X did not take a page token."""
    detail = (error.detail or "").lower()
    return any(name in detail for name in _ABOUT_TOKENS)


def following_token(page: Page[T]) -> str | None:
    """The token of the next page, if there is one."""
    # OpenAPI 2.167 allows an empty token in a reply, and none in a request: it means no page.
    return page.meta.next_token or None

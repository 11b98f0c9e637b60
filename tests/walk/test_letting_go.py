"""The items of a page are let go before the next page is fetched, but for those the caller has."""

import weakref

import pytest
from msgspec import Struct

from tests.walk.source import ListSource
from twretweet.errors import TwretweetError
from twretweet.models import Page
from twretweet.walk import Walk

pytestmark = pytest.mark.anyio


class Watched(Struct, frozen=True, weakref=True):
    id: str


class WatchedSource(ListSource):
    """Notes how many items of earlier pages are alive when a page is asked for."""

    def __init__(self, ids: list[int]) -> None:
        super().__init__(ids)
        self.alive: list[int] = []
        self._given: weakref.WeakSet[Watched] = weakref.WeakSet()

    async def fetch(self, page_token: str | None, max_results: int) -> Page[Watched]:
        self.alive.append(len(self._given))
        page = await super().fetch(page_token, max_results)
        items = tuple(Watched(item.id) for item in page.data)
        for item in items:
            self._given.add(item)
        return Page(data=items, meta=page.meta)


@pytest.fixture
def source() -> WatchedSource:
    return WatchedSource(list(range(30, 0, -1)))


async def test_of_a_page_only_what_the_caller_holds_is_alive_when_the_next_is_fetched(source):
    async for item in Walk(source, max_results=10):
        assert item.id
    assert source.alive == [0, 1, 1]


async def test_a_page_that_the_caller_holds_is_alive_when_the_next_is_fetched(source):
    async for page in Walk(source, max_results=10).pages():
        assert page.data
    assert source.alive == [0, 10, 10]


async def test_a_walk_whose_next_page_failed_knows_where_it_was(source):
    walk = Walk(source, max_results=10)
    seen = [(await anext(walk)).id for _ in range(10)]
    source.failing = 1
    with pytest.raises(TwretweetError):
        await anext(walk)
    place = walk.checkpoint()
    assert (place.count, place.last_id) == (10, seen[-1])
    rest = await Walk(source, max_results=10, resume=place).collect()
    assert [item.id for item in rest] == [item.id for item in await walk.collect()]
    assert len(rest) == 20

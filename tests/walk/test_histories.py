"""Walks of any history: broken off, resumed, over lists that change and tokens that expire."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.walk.source import ListSource
from twretweet.errors import InvalidRequest, PaginationError, TwretweetError
from twretweet.walk import Checkpoint, Walk

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 9)),
        st.tuples(st.just("pages"), st.integers(1, 2)),
        st.tuples(st.just("resume"), st.integers(1, 5)),
        st.tuples(st.just("insert"), st.integers(1, 4)),
        st.tuples(st.just("undo"), st.integers(0, 40)),
        st.tuples(st.just("forget"), st.just(0)),
        st.tuples(st.just("fail"), st.integers(1, 2)),
        st.tuples(st.just("shorten"), st.integers(1, 5)),
    ),
    max_size=25,
)

ONCE_EACH = ([TwretweetError], [InvalidRequest], [TwretweetError, InvalidRequest])


class History:
    def __init__(self, source: ListSource, prefetch: int) -> None:
        self.source = source
        self.prefetch = prefetch
        self.walk = Walk(source, max_results=4, prefetch=prefetch)
        self.got: list[int] = []
        self.undone: set[int] = set()
        self.next_id = 1000

    async def run(self, steps: list[tuple[str, int]]) -> None:
        for step, number in steps:
            await getattr(self, step)(number)
        self.source.failing = 0
        trouble: list[TwretweetError] = []
        while True:
            try:
                rest = await self.walk.collect()
                break
            except PaginationError:
                raise
            except TwretweetError as error:
                trouble.append(error)
        # A page that was asked for ahead may have failed by now, and a token may have been
        # forgotten once more before anything new came.
        assert [type(error) for error in trouble] in ([], *ONCE_EACH)
        self.got += [int(item.id) for item in rest]
        assert self.walk.checkpoint().finished

    async def take(self, number: int) -> None:
        for _ in range(number):
            try:
                self.got.append(int((await anext(self.walk)).id))
            except StopAsyncIteration:
                return
            except PaginationError:
                raise
            except TwretweetError:
                continue

    async def pages(self, number: int) -> None:
        pages = self.walk.pages()
        for _ in range(number):
            try:
                self.got += [int(item.id) for item in (await anext(pages)).data]
            except StopAsyncIteration:
                return
            except PaginationError:
                raise
            except TwretweetError:
                continue

    async def resume(self, size: int) -> None:
        point = Checkpoint.from_json(self.walk.checkpoint().to_json())
        assert point.count == len(self.got)
        assert point.last_id == (str(self.got[-1]) if self.got else None)
        await self.walk.aclose()
        self.walk = Walk(self.source, max_results=size, prefetch=self.prefetch, resume=point)

    async def insert(self, number: int) -> None:
        for _ in range(number):
            self.source.ids.insert(0, self.next_id)
            self.next_id += 1

    async def undo(self, place: int) -> None:
        if self.source.ids:
            self.undone.add(self.source.ids.pop(place % len(self.source.ids)))

    async def forget(self, _: int) -> None:
        self.source.forget_tokens()

    async def fail(self, number: int) -> None:
        self.source.failing = number

    async def shorten(self, most: int) -> None:
        self.source.most = most


def play(history: History, steps: list[tuple[str, int]]) -> None:
    async def main() -> None:
        await history.run(steps)
        await asyncio.sleep(0)  # for the callback of a task that has just ended
        assert not history.source.tasks

    asyncio.run(main())


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 30), st.integers(0, 3))
def test_what_was_there_all_the_time_comes_once_and_in_order(steps, size, prefetch):
    ids = list(range(100 + size, 100, -1))
    history = History(ListSource(list(ids)), prefetch)
    play(history, steps)
    got = history.got
    assert got == sorted(set(got), reverse=True), "once, newest first"
    assert set(ids) - history.undone <= set(got)


@settings(max_examples=150, deadline=None)
@given(STEPS, st.integers(0, 30), st.integers(0, 3))
def test_a_list_in_no_order_of_ids_comes_once_or_tells_that_its_place_is_lost(
    steps, size, prefetch
):
    ids = [(7 * each) % 31 + 100 for each in range(size)]
    history = History(ListSource(list(ids), newest_first=False), prefetch)
    try:
        play(history, steps)
    except PaginationError:
        assert history.source.lost
        assert history.undone
        return
    got = history.got
    assert len(got) == len(set(got))
    assert set(ids) - history.undone <= set(got)


def test_a_place_that_was_found_astride_two_pages_is_found_again():
    # 100 ids mark the place. 20 of them stand on the page before the one where it is found.
    history = History(ListSource(list(range(5000, 6000)), newest_first=False), 0)

    async def main() -> None:
        await history.resume(100)
        await history.pages(3)
        await history.insert(80)
        await history.forget(0)
        await history.pages(6)
        await history.forget(0)
        await history.shorten(62)
        await history.run([])

    asyncio.run(main())
    assert history.got == list(range(5000, 6000))

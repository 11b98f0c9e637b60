"""A list that is paged as X pages: it grows at the front, loses items, and forgets its tokens."""

import asyncio
from collections.abc import Callable, Coroutine, Iterable

from msgspec import Struct

from tests.support.virtual_time import LoopClock
from twretweet.errors import InvalidRequest, TwretweetError
from twretweet.models import Meta, Page, Problem


class Item(Struct, frozen=True):
    id: str


class ListSource:
    """Pages of a list; the newest items come first, with falling ids unless told otherwise."""

    endpoint = "list"
    target = "1"

    def __init__(self, ids: list[int], *, newest_first: bool = True) -> None:
        self.params: dict[str, str] = {}
        self.newest_first = newest_first
        self.ids = ids
        self.clock = LoopClock()
        self.fetched = 0
        self.asked: list[int] = []
        self.failing = 0
        self.lost: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.latency = 0.0
        self.most = 100  # items on a page, however many are asked for
        self.pause = 12.0
        self._age = 0

    def forget_tokens(self) -> None:
        self._age += 1

    async def fetch(self, page_token: str | None, max_results: int) -> Page[Item]:
        self.fetched += 1
        self.asked.append(max_results)
        await asyncio.sleep(self.latency)
        if self.failing:
            self.failing -= 1
            raise TwretweetError("X is in trouble")
        size = min(max_results, self.most)
        start = 0
        if page_token is not None:
            age, _, anchor = page_token.partition(":")
            if int(age) != self._age:
                raise InvalidRequest("400", detail="`pagination_token` is not valid")
            # It goes on behind the last item that was given, or where that was.
            given = [int(each) for each in anchor.split("+")]
            left = [each for each in given if each in self.ids]
            if self.newest_first:
                start = sum(each >= given[-1] for each in self.ids)
            elif left:
                start = self.ids.index(left[-1]) + 1
        ids = self.ids[start : start + size]
        more = start + size < len(self.ids)
        trail = "+".join(map(str, self.ids[: start + size]))
        meta = Meta(next_token=f"{self._age}:{trail}" if more else None)
        return Page(data=tuple(Item(str(each)) for each in ids), meta=meta)

    def located(self, error: TwretweetError) -> TwretweetError:
        return error

    def report(self, problems: Iterable[Problem]) -> None:
        assert not list(problems), "no page lacks anything here"

    def expired(self, last_id: str) -> None:
        self.lost.append(last_id)

    def interval(self) -> float:
        return self.pause

    def start(self, work: Callable[[], Coroutine[object, object, None]]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work())
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def stands(self, task: asyncio.Task[None]) -> bool:
        return False

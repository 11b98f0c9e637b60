"""Several limiters on one Redis, as in several processes. Redis's clock is moved by hand."""

import random

import anyio
import pytest

from tests.limits.scene import Scene, bucket
from twretweet.limits import Permit
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=2)


class Process(Scene):
    """A process of its own, which shares Redis and its clock with another."""

    def beside(self) -> "Process":
        other = Process(self.tasks, self.redis, self.clock)
        assert isinstance(other.limiter, RedisLimiter)
        return other

    @property
    def redis_limiter(self) -> RedisLimiter:
        assert isinstance(self.limiter, RedisLimiter)
        return self.limiter

    def die(self) -> None:
        """End without a word; who it served is gone too."""
        for scope in self.scopes.values():
            scope.cancel()
        assert self.steered is not None
        self.steered.dead = True


@pytest.fixture
async def first(redis):
    async with anyio.create_task_group() as tasks:
        first = Process(tasks, redis)
        yield first
        tasks.cancel_scope.cancel()
    await first.redis_limiter.aclose()


@pytest.fixture
async def second(first):
    second = first.beside()
    yield second
    await second.redis_limiter.aclose()


async def test_both_count_in_one_window(first, second):
    await first.open(ANN)
    await first.advance(0.1)
    await first.ask("a", ANN)
    await second.ask("b", ANN)
    assert (first.granted, second.granted) == (["a"], [])
    await second.advance(900)
    assert second.granted == ["b"]


async def test_only_one_opens_a_window_and_the_other_follows_within_a_moment(first, second):
    await first.ask("opens", ANN)
    await second.ask("follows", ANN)
    assert second.granted == []
    await first.settle("opens", first.says(2, 1))
    assert second.granted == []
    for _ in range(4):
        await first.advance(0.02)
        await second.rest()
    assert second.granted == ["follows"]


async def test_a_slot_given_back_elsewhere_is_found_without_an_answer(first, second):
    await first.open(ANN)
    await first.advance(0.1)
    await first.ask("holds", ANN)
    await second.ask("wants", ANN)
    first.permits["holds"].give_back()
    for _ in range(4):
        await first.advance(0.02)
        await second.rest()
    assert second.granted == ["wants"]


async def test_who_finds_the_window_really_full_asks_no_more_until_it_ends(first, second):
    await first.open(ANN)
    await first.ask("a", ANN)
    await first.settle("a", first.says(2, 0))
    await first.advance(0.1)
    await second.ask("b", ANN)
    assert second.steered is not None
    before = second.steered.calls
    for _ in range(89):
        await second.advance(10)
    assert second.steered.calls == before
    await second.advance(10)
    assert second.granted == ["b"]


async def test_what_is_in_flight_elsewhere_is_looked_after_in_growing_pauses(first, second):
    await first.ask("opens, and takes a minute", ANN)
    await second.ask("b", ANN)
    assert second.steered is not None
    before = second.steered.calls
    for _ in range(3000):
        await second.advance(0.02)
    assert 60 < second.steered.calls - before < 70


async def test_what_is_in_flight_here_is_waited_for_without_asking(first):
    await first.ask("opens, and takes a minute", ANN)
    await first.ask("b", ANN)
    assert first.steered is not None
    before = first.steered.calls
    for _ in range(100):
        await first.advance(1)
    assert first.steered.calls == before


async def test_slots_of_a_process_that_died_are_free_after_its_lease_or_the_window(first, second):
    await first.open(ANN)
    await first.advance(0.1)
    await first.ask("dies", ANN)
    first.die()
    await second.ask("b", ANN)
    await second.advance(600)
    assert second.granted == []  # X may have counted it
    await second.advance(300)
    assert second.granted == ["b"]


async def test_an_opener_that_died_is_waited_for_no_longer_than_its_lease(first, second):
    await first.ask("dies", ANN)
    first.die()
    await second.ask("b", ANN)
    await second.advance(119)
    assert second.granted == []
    for _ in range(3):
        await second.advance(1)
    assert second.granted == ["b"]


async def test_closing_delivers_what_is_pending_and_leaves_no_task(first, second):
    await first.open(ANN)
    await first.redis_limiter.aclose()
    await first.redis_limiter.aclose()
    for name in "abc":
        await second.ask(name, ANN)
    assert second.granted == ["a"]


async def test_the_app_s_24_hours_are_learned_by_each_process_from_its_own_answers(first, second):
    ann, bob = bucket("ann", limit=50), bucket("bob", limit=50)
    day = RateHeaders(app_day=first.report(100, 0, 80_000))
    await first.ask("a", ann)
    await first.settle("a", day)
    await second.ask("b", bob)
    assert second.granted == ["b"]
    await second.settle("b", day)
    await second.ask("c", bob)
    assert second.granted == ["b"]
    assert second.room(bob)["day:app"] == 0
    await second.advance(80_000)
    assert second.granted == ["b", "c"]


class X:
    """Counts the requests of all in windows of 900 s."""

    def __init__(self, scene: Scene, limit: int) -> None:
        self.scene, self.limit = scene, limit
        self.end = self.used = self.refused = 0
        self.windows: list[int] = []

    def answer(self, permit: Permit) -> None:
        now = self.scene.clock.time()
        if now >= self.end:
            self.end, self.used = int(now) + 901, 0
            self.windows.append(0)
        if self.used >= self.limit:
            self.refused += 1
        else:
            self.used += 1
            self.windows[-1] += 1
        headers = RateHeaders(
            window=WindowReport(self.limit, self.limit - self.used, self.end), date=int(now)
        )
        permit.settle(headers, refused=self.refused > 0)


@pytest.mark.parametrize("seed", range(3))
async def test_two_processes_use_every_slot_and_none_twice(first, second, seed):
    chance, x = random.Random(seed), X(first, 7)
    processes, ann = [first, second], bucket("ann", limit=7)
    for number in range(40):
        processes[number % 2].come(number, ann)
    for _ in range(2000):
        for process in processes:
            await process.rest()
            for name in list(process.permits):
                if chance.random() < 0.5:
                    x.answer(process.permits.pop(name))
        if sum(len(process.granted) for process in processes) == 40 and not any(
            process.permits for process in processes
        ):
            break
        idle = not any(process.permits for process in processes)
        full = x.used >= x.limit and first.clock.time() < x.end
        first.clock.advance(300 if idle and full else 0.02)
    assert x.refused == 0
    assert sum(x.windows) == 40
    assert all(used == 7 for used in x.windows[:-1])
    for process in processes:
        assert process.granted == sorted(process.granted)

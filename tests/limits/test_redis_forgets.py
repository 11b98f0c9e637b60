"""Redis loses its data while requests are under way, and is told again what processes know."""

import pytest

from tests.limits.scene import bucket
from tests.limits.test_redis_processes import first, second
from twretweet.limits.redis import RedisLimiter

__all__ = ["first", "second"]

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=5)


async def test_a_window_that_was_full_stays_full(first, redis):
    await first.open(ANN)
    for number, left in enumerate((3, 2, 1, 0)):
        await first.ask(number, ANN)
        await first.settle(number, first.says(5, left))
    await first.advance(0.1)
    await redis.flushall()
    await first.ask("late", ANN)
    assert first.granted == [0, 1, 2, 3]
    await first.advance(901)
    assert first.granted == [0, 1, 2, 3, "late"]


@pytest.mark.parametrize("told", [True, False])
async def test_what_is_in_flight_stays_in_flight(first, redis, told):
    await first.open(ANN)
    for number in range(3):
        await first.ask(number, ANN)
    if told:
        await first.settle(0, first.says(5, 3))
    await redis.flushall()
    for name in "abc":
        await first.ask(name, ANN)
    assert first.granted == [0, 1, 2, "a"]
    [state] = first.limiter.states([ANN])
    assert (state.limit, state.remaining, state.in_flight) == (5, 0, 3 if told else 4)
    for name in (1, 2, "a", 0)[: 3 if told else 4]:
        await first.settle(name, first.says(5, 0))
    [state] = first.limiter.states([ANN])
    assert (state.remaining, state.in_flight) == (0, 0)


async def test_each_process_tells_what_it_holds_itself(first, second, redis):
    await first.open(ANN)
    await first.advance(0.1)
    await first.ask("a", ANN)
    await second.ask("b", ANN)
    await second.ask("c", ANN)
    await redis.flushall()
    for name in "def":
        await second.ask(name, ANN)
        await first.ask(name, ANN)
    assert len(first.granted) + len(second.granted) == 4


async def test_an_opener_is_told_of_too(first, second, redis):
    await first.ask("opener", ANN)
    await redis.flushall()
    await first.ask("follows", ANN)
    assert first.granted == ["opener"]
    await second.ask("follows", ANN)
    assert second.granted == []
    await first.settle("opener", first.says(5, 4))
    assert first.granted == ["opener", "follows"]


async def test_nothing_is_slower_or_fewer_afterwards(first, redis):
    await first.open(ANN)
    await first.ask("a", ANN)
    await redis.flushall()
    await first.settle("a", first.says(5, 3))
    await first.advance(0.1)
    before = first.steered.calls
    for number, left in enumerate((2, 1, 0)):
        await first.ask(number, ANN)
        await first.settle(number, first.says(5, left))
    assert first.granted == ["a", 0, 1, 2]
    assert first.steered.calls - before == 3


async def test_a_redis_that_keeps_nothing_is_a_clear_error(first, redis):
    await first.open(ANN)
    await first.ask("a", ANN)
    run = first.steered._run

    async def forgets(*call):
        first.steered.busy += 1
        try:
            await redis.flushdb()
            return await run(*call)
        finally:
            first.steered.busy -= 1

    first.steered._run = forgets
    await first.ask("b", ANN)
    assert "has lost its data, again and again" in str(first.failed["b"])
    first.steered._run = run
    await first.ask("c", ANN)
    assert first.granted == ["a", "c"]


async def test_requests_without_a_known_limit_are_told_of_as_well(first, redis):
    free = bucket("free", limit=None)
    await first.ask("a", free)
    await redis.flushall()
    await first.ask("b", free)
    assert first.granted == ["a", "b"]
    assert isinstance(first.limiter, RedisLimiter)
    await first.settle("a", first.says(1, 0))
    await first.ask("c", free)
    assert first.granted == ["a", "b"]

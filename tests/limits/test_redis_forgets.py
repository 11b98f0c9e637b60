"""Redis loses its data while requests are under way, and is told again what processes know."""

import asyncio

import pytest

from tests.limits.scene import bucket
from tests.limits.test_redis_processes import first, second
from twretweet.limits import Bucket, WindowSpec

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


async def test_requests_without_a_known_limit_are_told_of_as_well(first, second, redis):
    free = bucket("free", limit=None)
    await first.ask("a", free)
    await first.ask("b", free)
    await redis.flushall()
    await first.ask("c", free)
    assert first.granted == ["a", "b", "c"]
    await first.advance(0.1)
    await second.ask("d", free)
    assert second.limiter.states([free])[0].in_flight == 4
    await first.settle("a", first.says(1, 0))
    await first.ask("e", free)
    assert first.granted == ["a", "b", "c"]


def in_one_window(name: object) -> Bucket:
    """A line of its own, for a window of 154 slots that many lines share."""
    window = WindowSpec("app", 154, 900.0)
    return Bucket(f"{name}", f"{name}", "read", (window,), "app", f"day:{name}", "day:app")


@pytest.mark.parametrize("gap", range(4))
async def test_nobody_gets_a_slot_while_redis_is_told_of_many(first, redis, gap):
    await first.open(in_one_window("opener"))
    for number in range(149):
        first.come(number, in_one_window(number))
    await first.advance(0.1)
    await first.ask(149, in_one_window(149))  # whose answer is the newest
    assert len(first.granted) == 150
    await redis.flushall()
    for number in range(100):
        first.come(("late", number), in_one_window(f"late {number}"))
        for _ in range(gap):
            await asyncio.sleep(0)
    await first.rest()
    assert len(first.granted) == 153
    for number in range(150):
        first.permits.pop(number).give_back()
    await first.advance(1)
    assert len(first.granted) == 250


@pytest.mark.parametrize("user", ["ann", "bob"])
@pytest.mark.parametrize("first_seen", ["read", "write"])
async def test_a_foreign_key_hurts_nobody_else_when_all_is_told_again(
    first, second, redis, first_seen, user
):
    buckets = {
        "read": bucket("ann", limit=5, app=9),
        "write": bucket(user, limit=5, app=9, endpoint="write"),
    }
    read, write = buckets["read"], buckets["write"]
    await first.open(buckets.pop(first_seen))
    await first.open(buckets.popitem()[1])
    await first.ask("writes", write)
    await first.ask("reads", read)
    await redis.flushall()
    await redis.set(f"twretweet:{{app}}:write:{user}", "foreign")
    await first.settle("writes", first.says(5, 3))
    for name in "abc":
        await first.ask(name, read)
    assert not first.failed
    assert first.granted == ["writes", "reads", "a", "b", "c"]
    await first.ask("d", write)
    assert "delete it" in str(first.failed["d"])
    await first.ask("e", read)
    assert first.granted == ["writes", "reads", "a", "b", "c"]
    await second.ask("f", read, 0)
    assert second.granted == []
    assert [state.in_flight for state in second.limiter.states([read])] == [4, 4]
    assert {each.pending for each in mirrors_of(first)} == {0}


def mirrors_of(process):
    shards = process.limiter._ledger.shards.values()
    return [mirror for shard in shards for mirror in shard.mirrors.values()]

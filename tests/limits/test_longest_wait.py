"""``max_wait``: refused at once where it is hopeless, and at the deadline otherwise."""

from contextlib import AsyncExitStack

import pytest
from redis.asyncio import Redis

from tests.limits.scene import bucket, full
from twretweet.limits import MemoryLimiter
from twretweet.limits.redis import RedisLimiter

pytestmark = pytest.mark.anyio


async def test_a_hopeless_wait_is_refused_at_once(scene):
    ann = await full(scene)
    await scene.advance(100)
    await scene.ask("a", ann, 799)
    error = scene.refused["a"]
    assert error.bucket == "read of ann"
    assert error.wait == pytest.approx(800)
    assert error.reset_at == pytest.approx(scene.clock.time() + 800)
    assert error.ahead == 0
    assert "800.0 s" in str(error)
    assert scene.waiting() == 0


async def test_a_wait_that_just_suffices_is_waited(scene):
    ann = await full(scene)
    await scene.ask("a", ann, 900)
    assert not scene.refused
    await scene.advance(900)
    assert scene.granted == ["a"]


async def test_those_ahead_count_into_a_hopeless_wait(scene):
    ann = await full(scene, limit=2)
    for number in range(4):
        await scene.ask(number, ann)
    await scene.ask("late", ann, 2000)
    error = scene.refused["late"]
    assert error.ahead == 4
    assert error.wait == pytest.approx(2700)  # the third window from now
    assert "behind 4 others" in str(error)
    await scene.ask("patient", ann, 2700)
    assert "patient" not in scene.refused


async def test_no_wait_at_all_is_refused_at_once_behind_the_opener(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("a", ann, 0)
    assert "a" in scene.refused
    assert scene.waiting() == 0


async def test_no_wait_at_all_takes_a_slot_that_is_free(scene):
    await scene.ask("a", bucket("ann"), 0)
    assert scene.granted == ["a"]


async def test_behind_an_answer_that_does_not_come_the_wait_ends_at_the_deadline(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("head", ann, 10)
    await scene.ask("second", ann, 5)
    await scene.advance(5)
    assert set(scene.refused) == {"second"}
    assert scene.refused["second"].ahead == 1
    assert scene.refused["second"].bucket == "read of ann"
    await scene.advance(4.9)
    assert set(scene.refused) == {"second"}
    await scene.advance(0.1)
    assert set(scene.refused) == {"second", "head"}
    assert scene.refused["head"].reset_at >= scene.clock.time()
    assert scene.waiting() == 0


async def test_a_window_that_turns_out_to_be_full_refuses_before_the_deadline(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("a", ann, 10)
    await scene.settle("opener", scene.says(2, 0))
    assert scene.refused["a"].wait == pytest.approx(900)


async def test_who_gives_up_lets_the_next_one_through(scene):
    ann = await full(scene, limit=1)
    await scene.ask("patient", ann)
    await scene.ask("impatient", ann, 1800)
    await scene.ask("last", ann)
    await scene.advance(900)
    await scene.settle("patient", scene.says(1, 0, 1800))
    assert "impatient" not in scene.granted
    await scene.advance(1800)
    assert scene.granted == ["patient", "last"]
    assert scene.waiting() == 0


async def test_no_wait_at_all_takes_a_free_slot_on_the_machine_s_own_clock(storage):
    async with AsyncExitStack() as stack:
        limiter: MemoryLimiter | RedisLimiter = MemoryLimiter()
        if storage is not None:
            client = await stack.enter_async_context(Redis(port=storage.port))
            limiter = await stack.enter_async_context(RedisLimiter(client))
        for number in range(20):
            (await limiter.acquire(bucket(f"u{number}"), max_wait=0)).give_back()


async def test_who_stands_behind_another_line_s_head_hears_at_once_when_it_is_hopeless(scene):
    for name in ("ann", "bob"):
        await scene.ask(name, bucket(name, app=2))
        await scene.settle(name, scene.says(2, 1))
    await scene.ask("first", bucket("ann", app=2))
    await scene.ask("second", bucket("carl", app=2), 1)
    error = scene.refused["second"]
    assert error.wait > 800
    assert error.reset_at == pytest.approx(scene.clock.time() + error.wait)

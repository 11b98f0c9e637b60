"""Whoever is cancelled while Redis is being asked leaves nothing behind there."""

import asyncio

import anyio
import pytest
from redis.asyncio import Redis

from tests.limits.scene import Scene, SteeredRedis, bucket
from tests.limits.test_redis_processes import Process
from twretweet.errors import LimiterUnavailable
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=3)
DOORS = ["before Redis is asked", "after Redis has answered"]


class Doored(SteeredRedis):
    """A client whose calls can be stopped on the way there, or on the way back."""

    closed = ""
    passes = -1  # so many calls go through, and the one after them does not

    async def _run(self, *call):
        self.passes -= 1
        if self.closed == DOORS[0] or self.passes == -1:
            await self.stand()
        answer = await super()._run(*call)
        if self.closed == DOORS[1]:
            await self.stand()
        return answer

    async def stand(self) -> None:
        self.stands = asyncio.get_running_loop().create_future()
        await self.stands


@pytest.fixture
async def doored(redis):
    async with anyio.create_task_group() as tasks:
        scene = Process(tasks, redis)
        scene.steered = Doored(redis, scene.clock)
        scene.limiter = RedisLimiter(scene.steered, clock=scene.clock)
        yield scene
        tasks.cancel_scope.cancel()
    await scene.limiter.aclose()


async def slots_left(scene: Scene) -> int:
    """How many of three slots another process gets at once."""
    await scene.advance(0.1)
    other = Process(scene.tasks, scene.redis, scene.clock)
    for name in range(4):
        await other.ask(name, ANN, 0)
    await other.redis_limiter.aclose()
    return len(other.granted)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("how", ["cancelled", "failed"])
async def test_a_slot_that_nobody_received_is_given_back(doored, door, how):
    await doored.open(ANN)
    await doored.advance(0.1)
    doored.steered.closed = door
    doored.come("a", ANN)
    while not hasattr(doored.steered, "stands"):
        await asyncio.sleep(0.001)
    doored.steered.closed = ""
    if how == "cancelled":
        doored.scopes["a"].cancel()
    else:
        doored.steered.stands.set_exception(ConnectionError("reset by peer"))
    await doored.rest()
    assert doored.granted == []
    assert set(doored.failed) == ({"a"} if how == "failed" else set())
    assert await slots_left(doored) == 2


@pytest.mark.parametrize("door", DOORS)
async def test_what_the_call_carried_is_told_again(doored, door):
    await doored.ask("opener", ANN)
    doored.permits["opener"].settle(doored.says(3, 2))
    doored.steered.closed = door
    doored.come("a", ANN)
    while not hasattr(doored.steered, "stands"):
        await asyncio.sleep(0.001)
    doored.steered.closed = ""
    doored.scopes["a"].cancel()
    await doored.rest()
    assert await slots_left(doored) == 2


@pytest.mark.parametrize("call", [1, 2, 3])
async def test_a_loss_is_made_good_also_if_who_tells_is_cancelled(doored, redis, call):
    await doored.open(ANN)
    await doored.ask("a", ANN)
    await doored.advance(0.1)
    await redis.flushall()
    doored.permits["a"].settle(RateHeaders(), refused=True)  # so it is closed for a while
    doored.steered.passes = call
    doored.come("b", ANN, 0)
    while doored.steered.passes >= 0 and not doored.refused:
        await asyncio.sleep(0.001)
    for _ in range(5):  # until the courier has found nothing to do
        await doored.advance(0.1)
    doored.scopes["b"].cancel()
    await doored.rest()
    await doored.advance(0.1)
    assert await slots_left(doored) == 0


async def test_the_next_in_line_asks_when_the_first_is_cancelled_while_asking(doored):
    await doored.open(ANN)
    doored.steered.closed = DOORS[0]
    doored.come("a", ANN)
    while not hasattr(doored.steered, "stands"):
        await asyncio.sleep(0.001)
    doored.come("b", ANN)
    doored.steered.closed = ""
    doored.scopes["a"].cancel()
    await doored.rest()
    assert doored.granted == ["b"]


async def test_a_slot_of_the_app_s_24_hours_is_given_back_too(doored):
    await doored.ask("opener", ANN)
    day = RateHeaders(doored.says(3, 2).window, app_day=doored.report(100, 1, 80_000))
    await doored.settle("opener", day)
    doored.steered.closed = DOORS[1]
    doored.come("a", ANN)
    while not hasattr(doored.steered, "stands"):
        await asyncio.sleep(0.001)
    doored.steered.closed = ""
    doored.scopes["a"].cancel()
    await doored.rest()
    await doored.ask("b", ANN)
    assert doored.granted == ["opener", "b"]


@pytest.mark.parametrize("turns", range(40))
async def test_cancelled_at_any_turn_of_the_loop(redis_server, turns):
    """On the machine's own clock and with nothing between the limiter and Redis."""
    async with Redis(port=redis_server.port) as client, RedisLimiter(client) as limiter:
        got = []

        async def ask() -> None:
            got.append(await limiter.acquire(ANN, max_wait=0))

        task = asyncio.create_task(ask())
        for _ in range(turns):
            await asyncio.sleep(0.0002 if turns > 20 else 0)
        task.cancel()
        await asyncio.wait([task])
        assert got or task.cancelled()
        for permit in got:
            permit.give_back()
        # It was the opener: if it still held the window, nobody could go before its lease ends.
        (await limiter.acquire(ANN, max_wait=1)).give_back()
        assert [state.in_flight for state in limiter.states()] == [0]


async def test_a_redis_that_hangs_is_given_up_after_the_timeout(redis):
    class Hangs:
        def evalsha(self, *_):
            return asyncio.get_running_loop().create_future()

        eval = evalsha

    async with RedisLimiter(Hangs(), timeout=0.05) as limiter:
        with pytest.raises(LimiterUnavailable, match=r"did not answer within 0\.05 s"):
            await limiter.acquire(ANN, max_wait=None)
        results = await asyncio.gather(
            *(limiter.acquire(bucket(f"u{n}"), max_wait=None) for n in range(100)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {LimiterUnavailable}
    async with RedisLimiter(Hangs(), timeout=1.0) as limiter:
        with anyio.move_on_after(0.01) as scope:  # a deadline of the caller's own stays one
            await limiter.acquire(ANN, max_wait=None)
        assert scope.cancelled_caught
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await limiter.acquire(ANN, max_wait=None)

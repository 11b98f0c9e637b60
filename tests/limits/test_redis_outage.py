"""Redis is killed, and started again, under a limiter at work."""

import asyncio
import sys
import time

import anyio
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from tests.limits.scene import bucket
from tests.limits.test_redis_processes import Process
from tests.support.redis_server import RedisServer
from twretweet.errors import LimiterUnavailable, RateLimitExceeded
from twretweet.events import LimiterOutage, LimiterRestored
from twretweet.limits import Bucket
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=40)
RESET = 0
# So long may a loaded machine take for anything; no window opens in this time.
PATIENCE = 60.0


@pytest.fixture(scope="module")
def module_server(redis_path, tmp_path_factory):
    server = RedisServer(redis_path, tmp_path_factory.mktemp("outage"))
    yield server
    server.stop()


@pytest.fixture
async def server(module_server):
    """A server of its own, which may be killed and is empty when it comes back."""
    module_server.kill()
    module_server.start()
    return module_server


@pytest.fixture
async def client(server):
    async with Redis(port=server.port, retry=Retry(NoBackoff(), 0)) as client:
        yield client


@pytest.fixture
def events():
    return []


@pytest.fixture
async def local(client, events):
    """A limiter that goes on with a tenth of each limit."""
    async with RedisLimiter(
        client, on_outage="local", timeout=PATIENCE, on_event=events.append
    ) as limiter:
        yield limiter


@pytest.fixture
async def steered(redis):
    """A limiter that does the same, on a clock that is moved by hand."""
    async with anyio.create_task_group() as tasks:
        scene = Process(tasks, redis)
        scene.limiter = RedisLimiter(scene.steered, clock=scene.clock, on_outage="local")
        yield scene
        tasks.cancel_scope.cancel()
    scene.steered.dead = False
    await scene.limiter.aclose()


@pytest.fixture(autouse=True)
def reset(monkeypatch):
    """X names one end for a window, however long a test takes; and that is not over yet."""
    monkeypatch.setattr(sys.modules[__name__], "RESET", int(time.time()) + 900)


def says(limit: int, remaining: int) -> RateHeaders:
    return RateHeaders(window=WindowReport(limit, remaining, RESET))


async def take(limiter: RedisLimiter, remaining: int, limit: int = 40) -> None:
    (await limiter.acquire(ANN, max_wait=PATIENCE)).settle(says(limit, remaining))


async def until_restored(events: list[object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not isinstance(events[-1], LimiterRestored):
            await asyncio.sleep(0.01)


async def until_waiting(limiter: RedisLimiter, bucket: Bucket, number: int) -> None:
    async with asyncio.timeout(PATIENCE):
        while limiter.states([bucket])[0].waiting < number:
            await asyncio.sleep(0)


async def test_by_default_an_outage_is_an_error_before_anything_is_sent(server, client):
    async with RedisLimiter(client, timeout=PATIENCE) as limiter:
        await take(limiter, 39)
        server.kill()
        with pytest.raises(LimiterUnavailable, match="on_outage='local'"):
            await limiter.acquire(ANN, max_wait=None)
        server.start()
        permit = await limiter.acquire(ANN, max_wait=PATIENCE)
        [state] = limiter.states([ANN])
        assert state.in_flight == 1  # the question that failed holds nothing
        assert state.remaining == 38  # what was not told before the outage was told after it
        permit.give_back()


async def test_everybody_in_line_hears_of_the_outage(server, client):
    async with RedisLimiter(client, timeout=PATIENCE) as limiter:
        opener = await limiter.acquire(ANN, max_wait=PATIENCE)
        line = [asyncio.create_task(limiter.acquire(ANN, max_wait=None)) for _ in range(3)]
        await until_waiting(limiter, ANN, 3)
        server.kill()
        opener.give_back()
        heard = await asyncio.wait_for(asyncio.gather(*line, return_exceptions=True), PATIENCE)
        assert {type(each) for each in heard} == {LimiterUnavailable}


async def test_on_request_a_share_of_each_limit_is_used_meanwhile(server, local, events):
    await take(local, 39)
    server.kill()
    for remaining in (38, 37, 36, 35):  # a tenth of 40
        await take(local, remaining)
    with pytest.raises(RateLimitExceeded):
        await take(local, 34)
    [outage] = events[:1]
    assert isinstance(outage, LimiterOutage)
    assert outage.share == 0.1
    assert "Redis could not be asked" in outage.error
    assert [type(event) for event in events].count(LimiterOutage) == 1
    [state] = local.states([ANN])
    assert (state.limit, state.remaining) == (4, 0)


async def test_of_a_small_limit_one_request_may_be_sent(server, local, events):
    server.kill()
    small = bucket("small", limit=3)
    (await local.acquire(small, max_wait=PATIENCE)).settle(says(3, 2))
    with pytest.raises(RateLimitExceeded):
        await local.acquire(small, max_wait=PATIENCE)


async def test_a_window_that_was_full_before_the_outage_stays_full(server, local, events):
    await take(local, 0)
    server.kill()
    with pytest.raises(RateLimitExceeded):
        await take(local, 0)


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("told", [True, False])
async def test_a_back_off_is_kept_to_during_an_outage(steered, opened, told):
    if opened:
        await steered.open(ANN)
    await steered.ask("a", ANN)
    await steered.settle("a", RateHeaders(), refused=True)
    if told:
        await steered.ask("b", ANN, 0)
        assert 4 < steered.refused["b"].wait < 6
    steered.steered.dead = True
    await steered.ask("c", ANN, 0)
    assert 4 < steered.refused["c"].wait < 6
    await steered.advance(6)
    await steered.ask("d", ANN, 0)
    assert steered.granted == ["a", "d"]


async def test_strangers_that_use_up_the_window_are_believed_during_an_outage(server, local):
    server.kill()
    await take(local, 0)
    with pytest.raises(RateLimitExceeded):
        await take(local, 0)


async def test_what_was_used_meanwhile_is_told_when_redis_is_back(server, client, local, events):
    server.kill()
    await take(local, 39)
    await take(local, 38)
    lost = await local.acquire(ANN, max_wait=PATIENCE)
    flying = await local.acquire(ANN, max_wait=PATIENCE)
    lost.lose()
    server.start()
    await until_restored(events)
    assert [type(event) for event in events] == [LimiterOutage, LimiterRestored]
    assert 0 < events[-1].away < PATIENCE
    async with RedisLimiter(client, timeout=PATIENCE) as other:
        permit = await other.acquire(ANN, max_wait=PATIENCE)
        [state] = other.states([ANN])
        # Two counted by X, one lost, one still on its way from before, and this one.
        assert (state.limit, state.remaining, state.in_flight) == (40, 40 - 2 - 1 - 2, 2)
        flying.settle(says(40, 36))
        permit.settle(says(40, 35))
    await take(local, 34)
    [state] = local.states([ANN])
    assert (state.remaining, state.in_flight) == (34, 0)


async def test_who_waits_for_the_share_goes_on_when_redis_is_back(server, local, events):
    server.kill()
    for remaining in (38, 37, 36, 35):
        await take(local, remaining)
    order = []

    async def wait(number: int) -> None:
        permit = await local.acquire(ANN, max_wait=None)
        order.append(number)
        permit.give_back()

    tasks = [asyncio.create_task(wait(number)) for number in range(5)]
    await until_waiting(local, ANN, 5)
    assert order == []
    server.start()
    await asyncio.wait_for(asyncio.gather(*tasks), PATIENCE)
    assert order == [0, 1, 2, 3, 4]


async def test_a_second_outage_is_one_of_its_own(server, local, events):
    for _ in range(2):
        server.kill()
        (await local.acquire(ANN, max_wait=PATIENCE)).settle(says(40, 30))
        server.start()
        await until_restored(events)
        await take(local, 29)
    kinds = [type(e) for e in events if isinstance(e, LimiterOutage | LimiterRestored)]
    assert kinds == [LimiterOutage, LimiterRestored] * 2


async def test_closing_during_an_outage_ends_at_once_and_sends_waiters_away(client, server):
    limiter = RedisLimiter(client, on_outage="local", timeout=0.3)
    server.kill()
    ann = bucket("ann", limit=20)
    permits = [await limiter.acquire(ann, max_wait=PATIENCE)]
    waits = asyncio.create_task(limiter.acquire(ann, max_wait=None))
    await until_waiting(limiter, ann, 1)
    async with asyncio.timeout(PATIENCE):  # it would try to reach Redis for ever
        await limiter.aclose()
    with pytest.raises(LimiterUnavailable, match="closed"):
        await waits
    permits[0].give_back()

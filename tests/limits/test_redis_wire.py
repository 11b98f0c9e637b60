"""Many calls at once over one connection: each hears its own answer, and nobody else's."""

import asyncio
import random

import pytest
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ResponseError

from tests.limits.scene import bucket
from twretweet.errors import LimiterUnavailable
from twretweet.limits.redis import RedisLimiter
from twretweet.limits.redis_wire import Wire, WireBroken

pytestmark = pytest.mark.anyio


@pytest.fixture
def wire_to(redis):
    """Makes a wire to the server of ``redis``."""

    def make(client: Redis = redis, timeout: float = 60.0) -> Wire:
        return Wire(client.connection_pool.get_connection, client.connection_pool.release, timeout)

    return make


async def test_each_hears_its_own_answer_also_where_more_ask_than_are_written_at_once(wire_to):
    wire = wire_to()
    answers = await asyncio.gather(*(wire.ask(("ECHO", f"{n}")) for n in range(1000)))
    assert answers == [str(n).encode() for n in range(1000)]
    assert await wire.ask(("ECHO", "alone")) == b"alone"
    await wire.aclose()


async def test_an_error_is_the_answer_of_who_asked_for_it(wire_to):
    wire = wire_to()
    before, error, after = await asyncio.gather(
        wire.ask(("ECHO", "a")),
        wire.ask(("NONSENSE",)),
        wire.ask(("ECHO", "b")),
        return_exceptions=True,
    )
    assert (before, after) == (b"a", b"b")
    assert isinstance(error, ResponseError)
    with pytest.raises(ResponseError):
        await wire.ask(("NONSENSE",))
    assert await wire.ask(("ECHO", "c")) == b"c"
    await wire.aclose()


@pytest.mark.parametrize("seed", range(20))
async def test_who_is_cancelled_takes_nobody_s_answer_with_them(wire_to, seed):
    chance, wire = random.Random(seed), wire_to()
    tasks = []
    for number in range(300):
        tasks.append(asyncio.create_task(wire.ask(("ECHO", f"{number} " + "x" * 100))))
        for _ in range(chance.randrange(4)):
            await asyncio.sleep(0)
        if chance.random() < 0.4:
            chance.choice(tasks[-5:]).cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    heard = 0
    for number, answer in enumerate(answers):
        if not isinstance(answer, asyncio.CancelledError):
            heard += 1
            assert isinstance(answer, bytes)
            assert answer.startswith(f"{number} ".encode())
    assert 100 < heard < 300
    assert await wire.ask(("ECHO", "after")) == b"after"
    await wire.aclose()


@pytest.mark.parametrize("others", [0, 1, 200])
async def test_all_hear_of_a_broken_connection(redis, wire_to, others):
    wire = wire_to()
    await wire.ask(("PING",))
    asks = [asyncio.create_task(wire.ask(("BLPOP", "nothing", "0"))) for _ in range(1 + others)]
    while not (await redis.info("clients"))["blocked_clients"]:
        await asyncio.sleep(0.001)
    await redis.client_kill_filter(_type="normal", skipme=True)
    heard = await asyncio.gather(*asks, return_exceptions=True)
    assert {type(each) for each in heard} == {WireBroken}
    assert not wire.serves()
    await wire.aclose()


@pytest.mark.parametrize("others", [0, 200])
async def test_an_answer_that_is_late_is_an_error_for_all_who_wait_behind_it(wire_to, others):
    wire = wire_to(timeout=0.05)
    await wire.ask(("PING",))
    heard = await asyncio.gather(
        *(wire.ask(("BLPOP", "nothing", "0")) for _ in range(1 + others)), return_exceptions=True
    )
    assert isinstance(heard[0], TimeoutError)
    assert isinstance(heard[-1], TimeoutError)
    # Who was written a moment later is not late yet, and may ask elsewhere.
    assert {type(each) for each in heard} <= {TimeoutError, WireBroken}
    await wire.aclose()


@pytest.mark.parametrize("asked", [True, False])
async def test_nobody_asks_over_a_connection_that_was_given_back(redis, wire_to, asked):
    async with asyncio.timeout(60):
        wire = wire_to()
        if asked:
            await wire.ask(("PING",))
        under_way = asyncio.create_task(wire.ask(("ECHO", "a")))
        await asyncio.sleep(0)
        closing = asyncio.create_task(wire.aclose())
        assert await under_way == b"a"
        with pytest.raises(WireBroken):
            await wire.ask(("ECHO", "b"))
        await closing
        with pytest.raises(WireBroken):
            await wire.ask(("ECHO", "c"))
        assert await redis.echo("d") == b"d"


@pytest.mark.parametrize("turns", range(12))
async def test_who_has_to_send_the_script_while_the_limiter_closes_hears_an_answer(
    redis_server, redis, turns
):
    async with asyncio.timeout(60), Redis(port=redis_server.port) as client:
        await client.script_flush()
        limiter = RedisLimiter(client, timeout=60)
        asks = asyncio.create_task(limiter.acquire(bucket("ann"), max_wait=None))
        for _ in range(turns):
            await asyncio.sleep(0)
        await limiter.aclose()
        for word in (b"a", b"b"):
            assert await client.echo(word) == word
        [heard] = await asyncio.gather(asks, return_exceptions=True)
        if isinstance(heard, LimiterUnavailable):
            assert "closed" in str(heard)
        else:
            heard.give_back()


async def test_a_limiter_needs_one_connection_and_none_while_nobody_asks(redis_server):
    pool = BlockingConnectionPool(port=redis_server.port, max_connections=1, timeout=60)
    async with Redis.from_pool(pool) as client, RedisLimiter(client) as limiter:
        for _ in range(2):
            permits = await asyncio.gather(
                *(limiter.acquire(bucket(f"u{n}"), max_wait=None) for n in range(300))
            )
            for permit in permits:
                permit.give_back()
            assert await client.ping()  # would wait for the one connection


async def test_a_connection_that_redis_closes_is_replaced_and_nobody_notices(redis, redis_server):
    async with Redis(port=redis_server.port) as client, RedisLimiter(client) as limiter:
        for _ in range(3):
            asks = [
                asyncio.create_task(limiter.acquire(bucket(f"u{n}"), max_wait=None))
                for n in range(50)
            ]
            await redis.client_kill_filter(_type="normal", skipme=True)
            for permit in await asyncio.gather(*asks):
                permit.give_back()
        assert [state.in_flight for state in limiter.states()] == [0] * 50


class Jumps(asyncio.SelectorEventLoop):
    """A loop whose clock is moved on by hand."""

    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead

    async def jump(self, seconds: float) -> None:
        self.ahead += seconds
        for _ in range(5):  # for all whose time has come
            await asyncio.sleep(0)


async def ask_while_others_are_answered(answers: asyncio.Semaphore, jump) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.readline():
            if command.strip() == b"PING":
                await answers.acquire()
            if command.strip() in (b"PING", b"SETINFO"):
                writer.write(b"+OK\r\n")
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with Redis(port=port, protocol=2, retry=Retry(NoBackoff(), 0)) as client:
            pool = client.connection_pool
            wire = Wire(pool.get_connection, pool.release, 1000.0)
            answers.release()
            await wire.ask(("PING",))
            asks = [asyncio.create_task(wire.ask(("PING",))) for _ in range(600)]
            heard: list[object] = []
            for some in range(0, 600, 100):
                await jump(400)
                for _ in range(100):
                    answers.release()
                heard += await asyncio.gather(*asks[some : some + 100], return_exceptions=True)
            assert heard == [b"OK"] * 600
            await wire.aclose()


def test_who_waits_to_be_written_is_not_late():
    """The time that an answer may take does not run while others are answered."""
    with asyncio.Runner(loop_factory=Jumps) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, Jumps)
        runner.run(ask_while_others_are_answered(asyncio.Semaphore(0), loop.jump))


async def test_a_redis_that_hangs_fails_all_who_ask_and_is_asked_again(redis, redis_server):
    async with (
        Redis(port=redis_server.port) as client,
        RedisLimiter(client, timeout=1.0) as limiter,
    ):
        (await limiter.acquire(bucket("ann"), max_wait=None)).give_back()
        await redis.client_pause(60_000, all=False)
        heard = await asyncio.gather(
            *(limiter.acquire(bucket(f"u{n}"), max_wait=None) for n in range(300)),
            return_exceptions=True,
        )
        await redis.client_unpause()
        assert {type(each) for each in heard} == {LimiterUnavailable}
        (await limiter.acquire(bucket("ann"), max_wait=60)).give_back()

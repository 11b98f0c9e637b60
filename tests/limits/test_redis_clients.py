"""Real clients of real servers on the machine's own clock, and servers that talk nonsense."""

import asyncio
import time

import anyio
import pytest
from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.crc import key_slot

from tests.limits.scene import Scene, SteeredRedis, bucket, full
from tests.support.redis_server import RedisServer
from twretweet.errors import LimiterUnavailable, QueryError, RateLimitExceeded
from twretweet.limits import Bucket, WindowSpec
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=3, app=5)


def says(limit: int, remaining: int, seconds: float = 900, **days: WindowReport) -> RateHeaders:
    reset = int(time.time() + seconds)
    return RateHeaders(window=WindowReport(limit, remaining, reset), **days)


async def use_up(limiter: RedisLimiter, ann: Bucket = ANN) -> None:
    """All three slots, and then no more."""
    for remaining in (2, 1, 0):
        permit = await limiter.acquire(ann, max_wait=1)
        permit.settle(says(3, remaining))
    with pytest.raises(RateLimitExceeded) as raised:
        await limiter.acquire(ann, max_wait=1)
    assert 890 < raised.value.wait < 902
    own, app = limiter.states([ann])
    assert (own.limit, own.remaining, own.in_flight) == (3, 0, 0)
    assert (app.limit, app.remaining, app.in_flight) == (5, 2, 0)


@pytest.mark.parametrize("options", [{}, {"decode_responses": True}, {"protocol": 2}])
async def test_slots_are_counted_whatever_the_client_makes_of_answers(redis_server, options):
    async with Redis(port=redis_server.port, **options) as client, RedisLimiter(client) as limiter:
        await use_up(limiter)


async def test_two_limiters_see_each_other_s_requests_on_the_machine_s_clock(redis):
    async with RedisLimiter(redis) as one, RedisLimiter(redis) as two:
        for _ in range(2):  # then X is known to be silent about the app's window
            (await one.acquire(ANN, max_wait=1)).settle(says(3, 2))
        first, second = await asyncio.gather(
            one.acquire(ANN, max_wait=5), two.acquire(ANN, max_wait=5)
        )
        with pytest.raises(RateLimitExceeded):
            await two.acquire(ANN, max_wait=0.05)
        waits = asyncio.create_task(two.acquire(ANN, max_wait=None))
        await asyncio.sleep(0.01)
        first.give_back()
        (await asyncio.wait_for(waits, 60)).give_back()
        second.give_back()


async def test_a_lease_ends_on_redis_s_own_clock(redis):
    async with RedisLimiter(redis, lease=0.15) as one, RedisLimiter(redis, lease=0.15) as two:
        await one.acquire(ANN, max_wait=1)  # opens the window, and is not heard of again
        with pytest.raises(RateLimitExceeded):
            await two.acquire(ANN, max_wait=0.05)
        (await two.acquire(ANN, max_wait=1)).give_back()


async def test_scripts_may_be_flushed_at_any_time(redis):
    async with RedisLimiter(redis) as limiter:
        (await limiter.acquire(ANN, max_wait=1)).give_back()
        await redis.script_flush()
        (await limiter.acquire(ANN, max_wait=1)).give_back()


async def test_prefixes_keep_limiters_apart(redis):
    async with RedisLimiter(redis, prefix="one") as one, RedisLimiter(redis, prefix="two") as two:
        await use_up(one)
        await use_up(two)
    assert all(key.startswith((b"one:", b"two:")) for key in await redis.keys("*"))


async def test_every_key_expires(redis):
    async with RedisLimiter(redis) as limiter:
        await use_up(limiter)
        (await limiter.acquire(bucket("bob"), max_wait=1)).lose()
    keys = await redis.keys("*")
    assert len(keys) == 3
    for key in keys:
        assert 0 < await redis.ttl(key) < 2000


async def test_no_task_is_left_and_the_client_stays_open(redis):
    before = asyncio.all_tasks()
    limiter = RedisLimiter(redis)
    (await limiter.acquire(ANN, max_wait=1)).settle(says(3, 2))
    assert asyncio.all_tasks() != before
    await limiter.aclose()
    assert asyncio.all_tasks() == before
    assert await redis.ping()
    with pytest.raises(LimiterUnavailable, match="closed"):
        await limiter.acquire(ANN, max_wait=1)


async def test_a_permit_that_ends_after_the_closing_is_told_of_and_no_task_is_left(redis):
    before = asyncio.all_tasks()
    async with RedisLimiter(redis) as limiter:
        permit = await limiter.acquire(ANN, max_wait=1)
    permit.give_back()
    async with asyncio.timeout(60):
        while asyncio.all_tasks() != before:
            await asyncio.sleep(0.01)
    async with RedisLimiter(redis) as other:
        await use_up(other)  # the first was the opener, and would stand in the way


async def test_a_permit_that_ends_after_a_closing_that_another_roused_is_told_of_too(redis):
    ann = bucket("ann", limit=5)
    limiter = RedisLimiter(redis)
    (await limiter.acquire(ann, max_wait=1)).settle(says(5, 4))
    one, two = [await limiter.acquire(ann, max_wait=1) for _ in range(2)]
    before = asyncio.all_tasks()
    async with asyncio.timeout(60):
        while any(task.get_name() == "twretweet corrections" for task in before):
            await asyncio.sleep(0.01)
            before = asyncio.all_tasks()
    one.settle(says(5, 3))  # rouses a task that the closing ends before it has begun
    await limiter.aclose()
    two.settle(says(5, 2))
    async with RedisLimiter(redis) as other, asyncio.timeout(60):
        while True:
            (await other.acquire(ann, max_wait=1)).give_back()
            [state] = other.states([ann])
            if (state.remaining, state.in_flight) == (2, 0):
                break
            await asyncio.sleep(0.01)
        assert state.limit == 5


async def test_an_idle_limiter_has_no_task(redis):
    before = asyncio.all_tasks()
    async with RedisLimiter(redis) as limiter:
        (await limiter.acquire(ANN, max_wait=1)).settle(says(3, 2))
        deadline = time.monotonic() + 60
        while asyncio.all_tasks() != before:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)


async def test_idle_accounts_are_forgotten(redis):
    async with RedisLimiter(redis) as limiter:
        for number in range(2100):
            account = Bucket(
                str(number), "b", "b", (WindowSpec(f"w{number}", 5, 0.01),), str(number), "d", "a"
            )
            (await limiter.acquire(account, max_wait=1)).give_back()
        assert len(limiter.states()) < 2048


async def test_idle_accounts_of_one_shard_are_forgotten_also_when_they_gave_up_waiting(redis):
    async with RedisLimiter(redis) as limiter:
        for number in range(1100):
            windows = (WindowSpec(f"w{number}", 1, 0.01),)
            account = Bucket(str(number), "b", "b", windows, "one", "d", "a")
            permit = await limiter.acquire(account, max_wait=1)
            if number % 10 == 0:
                with pytest.raises(RateLimitExceeded):
                    await limiter.acquire(account, max_wait=0)
            permit.give_back()
        assert len(limiter.states()) < 1024


async def test_a_clock_of_redis_that_is_set_back_makes_nobody_ask_again_and_again(redis):
    async with anyio.create_task_group() as tasks:
        scene = Scene(tasks, redis)
        assert scene.steered is not None
        await ask_while_the_clock_is_set_back(scene, scene.steered)
        await scene.limiter.aclose()


async def ask_while_the_clock_is_set_back(scene: Scene, steered: SteeredRedis) -> None:
    ann = await full(scene)
    await scene.ask("a", ann)
    for back in (1.0, 3600.0):
        steered.set_back += back
        before = steered.calls
        await scene.ask(("b", back), ann, 10)
        await scene.ask(("c", back), bucket(f"new{back}"))
        assert steered.calls - before < 10
    await scene.advance(5000)
    assert "a" in scene.granted


# -- a cluster ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def cluster_server(redis_path, tmp_path_factory):
    server = RedisServer(
        redis_path, tmp_path_factory.mktemp("cluster"), "--cluster-enabled", "yes"
    )
    server.start()
    assert server.command("CLUSTER", "ADDSLOTS", *map(str, range(16384))) == b"+OK\r\n"
    deadline = time.monotonic() + 60
    while b"cluster_state:ok" not in server.command("CLUSTER", "INFO"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    yield server
    server.stop()


async def test_a_cluster_takes_all_windows_of_a_request_in_one_call(cluster_server):
    async with (
        RedisCluster(host="127.0.0.1", port=cluster_server.port) as client,
        RedisLimiter(client, prefix="cluster") as limiter,
    ):
        await use_up(limiter)
        (await limiter.acquire(bucket("bob"), max_wait=1)).settle(
            says(2, 1, user_day=WindowReport(9, 8, int(time.time() + 900)))
        )
        (await limiter.acquire(bucket("bob"), max_wait=1)).give_back()


async def test_a_cluster_need_not_have_been_looked_at_before(cluster_server):
    client = RedisCluster(host="127.0.0.1", port=cluster_server.port)
    async with RedisLimiter(client, prefix="fresh") as limiter:
        await use_up(limiter)
    await client.aclose()


async def test_a_cluster_whose_slots_nobody_knows_is_an_outage_that_ends(cluster_server):
    async with (
        RedisCluster(
            host="127.0.0.1", port=cluster_server.port, require_full_coverage=False
        ) as client,
        RedisLimiter(client, prefix="lost") as limiter,
    ):
        permit = await limiter.acquire(ANN, max_wait=None)
        known = dict(client.nodes_manager.slots_cache)
        client.nodes_manager.slots_cache.clear()  # as after a look at it that failed
        permit.give_back()
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire(ANN, max_wait=None)
        client.nodes_manager.slots_cache.update(known)
        await use_up(limiter)


async def test_keys_of_one_request_share_a_slot_and_accounts_spread_over_the_slots(redis):
    async with RedisLimiter(redis) as limiter:
        for number in range(50):
            account = bucket(f"u{{{number}}}")  # braces in a name must not decide
            (await limiter.acquire(account, max_wait=1)).settle(
                says(2, 1, user_day=WindowReport(9, 8, int(time.time() + 900)))
            )
    keys = await redis.keys("*")
    assert len(keys) == 100
    slots = {}
    for key in keys:
        slots.setdefault(key.split(b"}")[0], set()).add(key_slot(key))
    assert all(len(each) == 1 for each in slots.values())
    assert len(set().union(*slots.values())) > 40


# -- bad input ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"on_outage": "hope"},
        {"local_share": 0},
        {"local_share": 1.5},
        {"lease": 0},
        {"lease": float("nan")},
        {"timeout": -1},
    ],
)
async def test_options_out_of_range_are_refused(options):
    with pytest.raises(QueryError):
        RedisLimiter(Redis(), **options)


NONSENSE = {
    "a number": b":1\r\n",
    "nothing": b"$-1\r\n",
    "text": b"$5\r\nhello\r\n",
    "too few numbers": b"$3\r\n[1]\r\n",
    "numbers that mean nothing": b"$33\r\n[0,0,0,9,0,0,0,0,0,0,0,0,0,0,0,0]\r\n",
    "no text": b"$4\r\n\xff\xfe\xfd\xfc\r\n",
    "a list": b"*2\r\n:1\r\n:2\r\n",
    "another protocol": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "an error": b"-ERR something is wrong\r\n",
    "an old version": b"-ERR unknown command 'EVALSHA'\r\n",
    "a version before 5": b"-ERR Error running script: @user_script: Write commands not allowed "
    b"after non deterministic commands. Call redis.replicate_commands() at the start\r\n",
    "a replica": b"-READONLY You can't write against a read only replica.\r\n",
    "no memory": b"-OOM command not allowed when used memory > 'maxmemory'.\r\n",
    "no permission": b"-NOPERM this user has no permissions to run the 'evalsha' command\r\n",
    "a hung-up line": b"",
}


@pytest.mark.parametrize("what", NONSENSE)
async def test_nonsense_is_an_error_that_says_what_to_do(what):
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while command := await reader.read(65536):
            if b"EVALSHA" in command or not NONSENSE[what]:
                writer.write(NONSENSE[what])
            else:
                writer.write(b"+OK\r\n" * command.count(b"*"))
            if not NONSENSE[what] or what == "another protocol":
                break
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = Redis(
            port=server.sockets[0].getsockname()[1], protocol=2, retry=Retry(NoBackoff(), 0)
        )
        async with client, RedisLimiter(client, timeout=0.2) as limiter:
            with pytest.raises(LimiterUnavailable, match="nothing was sent: check"):
                await limiter.acquire(ANN, max_wait=None)


@pytest.mark.parametrize("what", [["a list"], "no window"])
async def test_a_foreign_key_starts_no_outage_and_fails_no_other_account_of_its_shard(redis, what):
    ann, bob = bucket("ann", app=5), bucket("bob", app=5)
    write = redis.set if isinstance(what, str) else redis.rpush
    async with RedisLimiter(redis, on_outage="local") as limiter:
        before = await limiter.acquire(ann, max_wait=None)
        await redis.delete("twretweet:{app}:read:ann")
        await write("twretweet:{app}:read:ann", what if isinstance(what, str) else what[0])
        before.give_back()  # what is told of it later fails, and may fail nothing else
        for _ in range(3):
            with pytest.raises(LimiterUnavailable, match="delete it, or pass a prefix="):
                await limiter.acquire(ann, max_wait=None)
            (await limiter.acquire(bob, max_wait=None)).give_back()
    assert await redis.exists("twretweet:{app}:read:ann")


async def test_a_key_that_something_else_has_written_hurts_its_own_account_only(redis):
    await redis.set("twretweet:{ann}:read:ann", "not a window")
    async with RedisLimiter(redis) as limiter:
        with pytest.raises(LimiterUnavailable):
            await limiter.acquire(bucket("ann"), max_wait=None)
        (await limiter.acquire(bucket("bob"), max_wait=None)).give_back()

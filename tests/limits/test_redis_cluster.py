"""A Redis Cluster whose slots move from one server to another while requests are made."""

import asyncio
import time

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.crc import key_slot

from tests.limits.scene import bucket
from tests.support.redis_server import RedisServer
from twretweet.errors import RateLimitExceeded
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=4)
KEY = "moves:{ann}:read:ann"
SLOT = str(key_slot(KEY.encode()))
PATIENCE = 60.0


@pytest.fixture
def servers(redis_path, tmp_path_factory):
    """Two, the first of which has all slots but one: redis-py knows nobody who has none."""
    servers = []
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp(name)
        server = RedisServer(redis_path, folder, "--cluster-enabled", "yes")
        server.start()
        servers.append(server)
    one, two = servers
    one.command("CLUSTER", "ADDSLOTS", *map(str, range(1, 16384)))
    two.command("CLUSTER", "ADDSLOTS", "0")
    one.command("CLUSTER", "MEET", "127.0.0.1", str(two.port))
    for server in servers:
        deadline = time.monotonic() + PATIENCE
        while b"cluster_state:ok" not in (said := server.command("CLUSTER", "INFO")) or (
            b"cluster_known_nodes:2" not in said
        ):
            assert time.monotonic() < deadline
            time.sleep(0.02)
    yield servers
    for server in servers:
        server.stop()


def name_of(server: RedisServer) -> str:
    return server.command("CLUSTER", "MYID").split(b"\r\n")[1].decode()


def says(remaining: int) -> RateHeaders:
    return RateHeaders(window=WindowReport(4, remaining, int(time.time() + 900)))


@pytest.fixture
async def limiter(servers):
    async with (
        RedisCluster(host="127.0.0.1", port=servers[0].port) as client,
        RedisLimiter(client, prefix="moves", timeout=PATIENCE) as limiter,
    ):
        yield limiter


async def take(limiter: RedisLimiter, remaining: int) -> None:
    (await limiter.acquire(ANN, max_wait=PATIENCE)).settle(says(remaining))


def begin_to_move(one: RedisServer, two: RedisServer) -> None:
    """The key is at the second server already, its slot still at the first, which says ASK."""
    two.command("CLUSTER", "SETSLOT", SLOT, "IMPORTING", name_of(one))
    one.command("CLUSTER", "SETSLOT", SLOT, "MIGRATING", name_of(two))
    said = one.command("MIGRATE", "127.0.0.1", str(two.port), KEY, "0", "60000")
    assert said == b"+OK\r\n"


async def test_slots_are_counted_on_where_the_keys_have_moved(servers, limiter):
    one, two = servers
    await take(limiter, 3)
    await take(limiter, 2)
    await asyncio.to_thread(begin_to_move, one, two)
    await take(limiter, 1)
    for server in (two, one):
        server.command("CLUSTER", "SETSLOT", SLOT, "NODE", name_of(two))
    await take(limiter, 0)
    with pytest.raises(RateLimitExceeded):
        await limiter.acquire(ANN, max_wait=PATIENCE)
    async with Redis(port=two.port) as client:
        assert await client.exists(KEY)


async def test_many_who_ask_while_a_slot_moves_get_what_there_is_and_no_more(servers, limiter):
    one, two = servers
    await take(limiter, 3)
    granted = 0

    async def ask() -> None:
        nonlocal granted
        permit = await limiter.acquire(ANN, max_wait=PATIENCE)
        granted += 1
        permit.settle(says(max(3 - granted, 0)))

    asks = [asyncio.create_task(ask()) for _ in range(5)]
    others = [
        asyncio.create_task(limiter.acquire(bucket(f"u{number}"), max_wait=None))
        for number in range(100)
    ]
    await asyncio.to_thread(begin_to_move, one, two)
    for server in (two, one):
        server.command("CLUSTER", "SETSLOT", SLOT, "NODE", name_of(two))
    async with asyncio.timeout(PATIENCE):
        heard = await asyncio.gather(*asks, return_exceptions=True)
        permits = await asyncio.gather(*others)
    assert granted == 3
    assert [type(each) for each in heard if each is not None] == [RateLimitExceeded] * 2
    [state] = limiter.states([ANN])
    assert (state.limit, state.remaining, state.in_flight) == (4, 0, 0)
    for permit in permits:
        permit.give_back()

"""A Sentinel that leads to the master, also after the master has died."""

import time

import pytest
from redis.asyncio.sentinel import Sentinel

from tests.limits.scene import bucket
from tests.support.redis_server import RedisServer
from twretweet.errors import LimiterUnavailable, RateLimitExceeded
from twretweet.limits.redis import RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

ANN = bucket("ann", limit=2)
_PATIENCE = 30.0


class SentinelServer(RedisServer):
    """``redis-server`` as a Sentinel, which keeps its configuration in a file."""

    def __init__(self, path, folder, master: RedisServer) -> None:
        configuration = folder / "sentinel.conf"
        configuration.write_text(
            f"sentinel monitor main 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds main 300\n"
            "sentinel failover-timeout main 3000\n"
        )
        super().__init__(path, folder)
        self._command = [
            path,
            *(str(configuration), "--sentinel", "--port", str(self.port)),
            *("--bind", "127.0.0.1", "--dir", str(folder)),
            *("--logfile", str(folder / "sentinel.log")),
        ]


@pytest.fixture
def servers(redis_path, tmp_path_factory):
    """A master, its replica, and the Sentinel that watches both."""
    started = []

    def start(server):
        server.start()
        started.append(server)
        return server

    master = start(RedisServer(redis_path, tmp_path_factory.mktemp("master")))
    of = ("--replicaof", "127.0.0.1", str(master.port))
    replica = start(RedisServer(redis_path, tmp_path_factory.mktemp("replica"), *of))
    wait_until(lambda: b"master_link_status:up" in replica.command("INFO", "replication"))
    sentinel = start(SentinelServer(redis_path, tmp_path_factory.mktemp("sentinel"), master))
    known = str(replica.port).encode()
    wait_until(lambda: known in sentinel.command("SENTINEL", "REPLICAS", "main"))
    yield master, replica, sentinel
    for server in started:
        server.kill()


def wait_until(done) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def says(remaining: int) -> RateHeaders:
    return RateHeaders(WindowReport(2, remaining, int(time.time() + 900)))


async def test_slots_are_counted_through_a_sentinel_and_on_by_the_replica_that_takes_over(servers):
    master, replica, sentinel = servers
    leads = Sentinel([("127.0.0.1", sentinel.port)])
    async with leads.master_for("main") as client, RedisLimiter(client) as limiter:
        (await limiter.acquire(ANN, max_wait=1)).settle(says(1))
        await limiter.acquire(ANN, max_wait=1)
        wait_until(lambda: b"lag=0" in master.command("INFO", "replication"))
        wait_until(lambda: replica.command("DBSIZE") == b":1\r\n")
        master.kill()
        with pytest.raises(LimiterUnavailable, match="could not be asked"):
            await limiter.acquire(ANN, max_wait=1)
        took_over = f"port\r\n$5\r\n{replica.port}\r\n".encode()
        wait_until(lambda: took_over in sentinel.command("SENTINEL", "MASTERS"))
        with pytest.raises(RateLimitExceeded):  # both slots are known to be taken
            await limiter.acquire(ANN, max_wait=1)
        await client.connection_pool.disconnect()
    await leads.sentinels[0].aclose()

"""A real Redis server, and the suite's budgets in memory and in it."""

from collections.abc import Callable

import pytest
from redis.asyncio import Redis

import twretweet as tw
from tests.support.redis_server import NOT_FOUND, RedisServer, find_redis_server
from twretweet.budget.redis import RedisBudget

Make = Callable[..., tw.Budget | RedisBudget]


@pytest.fixture(scope="session")
def session_server(tmp_path_factory):
    path = find_redis_server()
    if path is None:
        pytest.skip(NOT_FOUND)
    server = RedisServer(path, tmp_path_factory.mktemp("budget"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_server(session_server):
    """The server of the session, empty."""
    assert session_server.command("FLUSHALL") == b"+OK\r\n"
    return session_server


@pytest.fixture
async def redis(redis_server):
    """A client of the server."""
    async with Redis(port=redis_server.port) as client:
        yield client


@pytest.fixture(params=["memory", "redis"])
async def make(request, anyio_backend) -> Make:
    """Makes a budget in each of the places where it may be kept."""
    if request.param == "memory":
        yield tw.Budget
        return
    server = request.getfixturevalue("redis_server")
    async with Redis(port=server.port) as client:

        def make(usd: float | None = None, **options: object) -> RedisBudget:
            return RedisBudget(client, usd, name="test", **options)

        yield make

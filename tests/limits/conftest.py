"""A real Redis server, and the scene that the suite plays over memory and over Redis."""

import anyio
import pytest
from redis.asyncio import Redis

from tests.limits.scene import Scene
from tests.support.redis_server import NOT_FOUND, RedisServer, find_redis_server
from twretweet.limits.redis import RedisLimiter


@pytest.fixture(scope="session")
def redis_path() -> str:
    path = find_redis_server()
    if path is None:
        pytest.skip(NOT_FOUND)
    return path


@pytest.fixture(scope="session")
def session_server(redis_path, tmp_path_factory):
    server = RedisServer(redis_path, tmp_path_factory.mktemp("redis"))
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
def storage(request):
    """Each of the places where buckets may live: ``None`` is memory."""
    return None if request.param == "memory" else request.getfixturevalue("redis_server")


@pytest.fixture
async def scene(storage):
    client = None if storage is None else Redis(port=storage.port)
    async with anyio.create_task_group() as tasks:
        scene = Scene(tasks, client)
        yield scene
        tasks.cancel_scope.cancel()
    if isinstance(scene.limiter, RedisLimiter):
        await scene.limiter.aclose()
    if client is not None:
        await client.aclose()

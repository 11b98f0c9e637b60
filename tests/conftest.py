"""Fixtures that every test may ask for."""

import hypothesis
import pytest
from redis.asyncio import Redis

from tests.support.redis_server import NOT_FOUND, RedisServer, find_redis_server
from tests.support.virtual_time import virtual_loop

# No test asserts a duration, and a machine that is shared has slow moments. What fails, fails
# again the next time; `pytest --hypothesis-profile=search` looks for more.
hypothesis.settings.register_profile("twretweet", deadline=None, derandomize=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("twretweet")


@pytest.fixture
def anyio_backend() -> str:
    """aiohttp needs asyncio, so the package runs on it alone."""
    return "asyncio"


@pytest.fixture
def virtual_time() -> tuple[str, dict[str, object]]:
    """A backend for ``anyio_backend`` on which hours pass in no time."""
    return "asyncio", {"loop_factory": virtual_loop}


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

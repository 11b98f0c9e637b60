"""The scene that the suite plays over memory and over a real Redis."""

import anyio
import pytest
from redis.asyncio import Redis

from tests.limits.scene import Scene
from twretweet.limits.redis import RedisLimiter


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

"""The suite's budgets: in memory, and in a real Redis."""

from collections.abc import Callable

import pytest
from redis.asyncio import Redis

import twretweet as tw
from twretweet.budget.redis import RedisBudget

Make = Callable[..., tw.Budget | RedisBudget]


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

"""One process of a fleet: it takes every slot it can get, until it is told to stop or killed."""

# ruff: noqa: PLC0415  without redis-py the rest of the page still runs

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import msgspec

import twretweet as tw
from twretweet.errors import TwretweetError


class Orders(msgspec.Struct):
    """What a worker has to know; it comes as JSON on its standard input."""

    url: str
    redis_port: int
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    tweet_id: str
    callers: int
    until: float
    timeout: float  # of a request, seconds
    lease: float  # after how long a request of a dead process counts as lost, seconds


async def _work(orders: Orders) -> None:
    from redis.asyncio import Redis

    from twretweet.limits.redis import RedisLimiter

    credentials = tw.OAuth1(
        orders.consumer_key,
        orders.consumer_secret,
        orders.access_token,
        orders.access_token_secret,
    )
    client = Redis(host="127.0.0.1", port=orders.redis_port)
    async with (
        client,
        RedisLimiter(client, lease=orders.lease) as limiter,
        tw.SessionManager(base_url=orders.url, limiter=limiter, timeout=orders.timeout) as manager,
    ):
        session = manager.session(credentials)
        wanted: list[Callable[[], Awaitable[object]]] = [
            lambda: session.retweet(orders.tweet_id),
            session.me,
        ]
        callers = [_again_and_again(call) for call in wanted for _ in range(orders.callers)]
        tasks = [asyncio.create_task(caller) for caller in callers]
        await asyncio.sleep(orders.until - time.time())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _again_and_again(call: Callable[[], Awaitable[object]]) -> None:
    while True:
        try:
            await call()
        except TwretweetError:
            await asyncio.sleep(0.05)  # Redis is away, or X is: a service would try again


if __name__ == "__main__":
    asyncio.run(_work(msgspec.json.decode(sys.stdin.buffer.read(), type=Orders)))

"""What a slot costs in Redis: against a bare ``EVALSHA``, in Redis's own time, and in bytes.

The bare scripts are asked through redis-py's client as everybody does, and given as many keys as
ours. One does nothing, and by that the goal is judged. The other reads each key and writes back
what it has read, with a time to live: the least that anything that keeps something in Redis can
do. Ours takes a slot, and each call carries what the answers to the ones before have told, so that
a request is one round trip.
"""

# ruff: noqa: PLC0415  without redis-py the rest of the page still runs

from __future__ import annotations

import asyncio
import importlib.util
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.limits.buckets import QUARTER_HOUR, bucket
from benchmarks.limits.redis_server import RedisServer
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import Broken, interleave
from twretweet.errors import TwretweetError
from twretweet.protocol.headers import RateHeaders, WindowReport

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from twretweet.limits.redis import RedisLimiter

_GOAL = 0.9
_HUGE = 1_000_000
_NOTHING = "return 1"
_KEEPS = """
for number = 1, #KEYS do
  local value = redis.call('GET', KEYS[number]) or ARGV[1]
  redis.call('SET', KEYS[number], value, 'PX', 1000000)
end
return 1
"""
_VALUE = "x" * 100  # of the size of one of ours


@dataclass(frozen=True, slots=True)
class RedisCost:
    """What the plan for a large service is computed from."""

    seconds: float  # of Redis's own time for each request
    calls: float  # round trips for each request
    bytes: float  # for each window


_Do = Callable[["Redis", "RedisLimiter", int], Coroutine[object, object, None]]


def _headers(used: int) -> RateHeaders:
    now = time.time()
    return RateHeaders(
        WindowReport(_HUGE, _HUGE - used, int(now + QUARTER_HOUR) // 60 * 60), date=int(now)
    )


async def _bare(script: str, client: Redis, limiter: RedisLimiter, times: int) -> None:
    sha = await client.script_load(script)
    for _ in range(times):
        await client.evalsha(sha, 1, "key", _VALUE)


async def _ours(client: Redis, limiter: RedisLimiter, times: int) -> None:
    one = bucket("1", limit=_HUGE)
    for used in range(times):
        permit = await limiter.acquire(one, max_wait=None)
        permit.settle(_headers(used + 1))


async def _bare_at_once(script: str, client: Redis, limiter: RedisLimiter, times: int) -> None:
    sha = await client.script_load(script)

    async def again_and_again(number: int) -> None:
        for _ in range(times // 16):
            await client.evalsha(sha, 1, f"key {number}", _VALUE)

    await asyncio.gather(*[again_and_again(number) for number in range(16)])


async def _ours_at_once(client: Redis, limiter: RedisLimiter, times: int) -> None:
    async def again_and_again(number: int) -> None:
        one = bucket(f"at once {number}", limit=_HUGE)
        for used in range(times // 16):
            permit = await limiter.acquire(one, max_wait=None)
            permit.settle(_headers(used + 1))

    await asyncio.gather(*[again_and_again(number) for number in range(16)])


async def _each_once(client: Redis, limiter: RedisLimiter, times: int) -> None:
    for number in range(times):
        permit = await limiter.acquire(bucket(f"once {number}", limit=75), max_wait=None)
        permit.settle(RateHeaders(WindowReport(75, 74, int(time.time() + QUARTER_HOUR))))


async def _with_limiter(port: int, do: _Do, times: int) -> float:
    from redis.asyncio import Redis

    from twretweet.limits.redis import RedisLimiter

    async with Redis(host="127.0.0.1", port=port) as client, RedisLimiter(client) as limiter:
        await do(client, limiter, 16)
        began = time.perf_counter()
        await do(client, limiter, times)
        return (time.perf_counter() - began) / times


def _measure(port: int, do: _Do, times: int) -> float:
    return asyncio.run(_with_limiter(port, do, times))


async def _cost(port: int, times: int) -> RedisCost:
    """What Redis itself says: of 16 busy accounts, and of as many as there are requests."""
    from redis.asyncio import Redis

    async with Redis(host="127.0.0.1", port=port) as client:
        await client.config_resetstat()
        await _with_limiter(port, _ours_at_once, times)
        script = (await client.info("commandstats"))["cmdstat_evalsha"]
        await client.flushall()
        before = (await client.info("memory"))["used_memory"]
        await _with_limiter(port, _each_once, times)
        size = (await client.info("memory"))["used_memory"] - before
        return RedisCost(
            script["usec"] / 1e6 / times, script["calls"] / times, size / await client.dbsize()
        )


def run(quick: bool) -> tuple[Section, RedisCost | None]:
    """Ratios in interleaved rounds; then what Redis says of itself."""
    try:
        rows, cost = _run(quick)
    except (Broken, ImportError, OSError, TwretweetError) as error:
        rows = [broken("Redis", f"{error}", ours=isinstance(error, TwretweetError))]
        cost = None
    section = Section(
        "A slot in Redis",
        "Loopback, one process, one window; rate against a bare EVALSHA of a script that does "
        "nothing, and of one that reads and writes its key.",
        ("µs", "rate against nothing", "against reads and writes"),
        tuple(rows),
    )
    return section, cost


def _run(quick: bool) -> tuple[list[Row], RedisCost]:
    if importlib.util.find_spec("twretweet.limits.redis") is None:
        raise Broken("RedisLimiter is not built")
    times, rounds = (160, 1) if quick else (3200, 7)
    variants: dict[str, _Do] = {}
    for how, bare, ours in (
        ("one after the other", _bare, _ours),
        ("16 at once", _bare_at_once, _ours_at_once),
    ):
        variants[f"EVALSHA that does nothing, {how}"] = partial(bare, _NOTHING)
        variants[f"EVALSHA that reads and writes, {how}"] = partial(bare, _KEEPS)
        variants[f"RedisLimiter, {how}"] = ours
    with RedisServer(keeps=False) as server:
        samples = interleave(
            {name: partial(_measure, server.port, do, times) for name, do in variants.items()},
            rounds,
        )
        cost = asyncio.run(_cost(server.port, 500 if quick else 20_000))
    rows = []
    names = list(variants)
    for number, name in enumerate(names):
        ours, middle = number % 3 == 2, samples.median(name)
        if middle is None:
            rows.append(broken(name, samples.broken[name], ours=ours))
            continue
        ratios = [samples.ratio(each, name) for each in names[number - 2 : number] if ours]
        cells = [f"{ratio}" if ratio is not None else "-" for ratio in ratios] or ["-", "-"]
        nothing = ratios[0] if ratios else None
        goal = None if nothing is None else Goal(f"{_GOAL} or more", nothing.middle >= _GOAL)
        rows.append(Row(name, (f"{middle * 1e6:.0f}", *cells), {"seconds": middle}, goal))
    said = (
        ("Redis's own time for each request", f"{cost.seconds * 1e6:.1f}", cost.seconds),
        ("round trips for each request", f"{cost.calls:.3f}", cost.calls),
        ("bytes for each window", f"{cost.bytes:.0f}", cost.bytes),
    )
    rows += [Row(name, (text,), {"value": value}) for name, text, value in said]
    return rows, cost

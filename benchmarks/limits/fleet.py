"""Eight processes that share one account by one Redis, against a real sandbox over HTTP.

Windows are 3 seconds instead of 15 minutes, and end at a whole second. All processes always want
more than there is, of two endpoints. Two of them are killed as the kernel does it, and Redis is
ended and started again, at moments that differ from run to run; they are printed. A window's use
is what the sandbox counted in it; the one that is open at the end is left out.
"""

from __future__ import annotations

import asyncio
import importlib.util
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from benchmarks.limits.fleet_worker import Orders
from benchmarks.limits.redis_server import RedisServer, redis_server
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import Broken
from twretweet.sandbox import Sandbox

_PROCESSES = 8
_SCALE = 1 / 300
_LIMITS = {"POST": 50, "GET": 75}  # of retweet and of me
_GOAL = 0.99


@dataclass(slots=True)
class _Fleet:
    """What can be done to one while it runs."""

    workers: list[subprocess.Popen[bytes]]
    redis: RedisServer
    seconds: float
    chance: random.Random
    moments: list[float] = field(default_factory=list)  # when something was done to it


async def _peace(fleet: _Fleet) -> None:
    pass


async def _kill_two(fleet: _Fleet) -> None:
    first, second = sorted(fleet.chance.uniform(0.2, 0.7) * fleet.seconds for _ in range(2))
    fleet.moments += first, second
    for worker, pause in zip(fleet.workers, [first, second - first], strict=False):
        await asyncio.sleep(pause)
        worker.kill()


async def _restart(fleet: _Fleet) -> None:
    fleet.moments.append(fleet.chance.uniform(0.3, 0.5) * fleet.seconds)
    await asyncio.sleep(fleet.moments[0])
    fleet.redis.stop()
    await asyncio.sleep(0.2)
    fleet.redis.start()


_ROWS: dict[str, tuple[Callable[[_Fleet], Awaitable[None]], bool]] = {
    "8 processes": (_peace, False),
    "two of them killed": (_kill_two, False),
    "Redis restarted, data kept": (_restart, True),
    "Redis restarted, data gone": (_restart, False),
}


def run(quick: bool) -> Section:
    """Each fleet for some windows."""
    seconds = 7.0 if quick else 14.0
    rows = []
    for name, (trouble, keeps) in list(_ROWS.items())[: 1 if quick else None]:
        try:
            rows.append(asyncio.run(_row(name, trouble, seconds, keeps=keeps)))
        except (Broken, OSError) as error:
            rows.append(Row(name, (f"{error}",)))
    return Section(
        "8 processes, one Redis, one account",
        f"Over HTTP against the sandbox for {seconds:.0f} s each, windows of 3 s.",
        ("requests", "windows", "used", "429s", "trouble at"),
        tuple(rows),
    )


async def _row(
    name: str, trouble: Callable[[_Fleet], Awaitable[None]], seconds: float, *, keeps: bool
) -> Row:
    if importlib.util.find_spec("twretweet.limits.redis") is None:
        raise Broken("RedisLimiter is not built")
    redis_server()
    chance = random.Random()
    with RedisServer(keeps=keeps) as redis:
        async with Sandbox(retweets=10, window_scale=_SCALE) as sandbox:
            moments: list[float] = []
            workers = [_start(sandbox, redis.port, seconds) for _ in range(_PROCESSES)]
            try:
                fleet = _Fleet(workers, redis, seconds, chance, moments)
                await asyncio.gather(trouble(fleet), asyncio.sleep(seconds + 1.5))
            finally:
                for worker in workers:
                    worker.kill()
                    worker.wait()
            failed = [each.returncode for each in workers if each.returncode > 0]
            if failed:
                return broken(name, f"{len(failed)} workers failed by themselves", ours=True)
            return _judge(name, sandbox, moments)


def _start(sandbox: Sandbox, redis_port: int, seconds: float) -> subprocess.Popen[bytes]:
    keys = sandbox.oauth1
    orders = Orders(
        url=sandbox.url,
        redis_port=redis_port,
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
        tweet_id=sandbox.tweet_id,
        callers=3,
        until=time.time() + seconds,
        timeout=1.0,
        lease=1.0,
    )
    worker = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.limits.fleet_worker"], stdin=subprocess.PIPE
    )
    if worker.stdin is not None:
        worker.stdin.write(msgspec.json.encode(orders))
        worker.stdin.close()
    return worker


def _judge(name: str, sandbox: Sandbox, moments: list[float]) -> Row:
    used = windows = granted = 0
    for method, limit in _LIMITS.items():
        left = [
            each.remaining
            for each in sandbox.requests
            if each.method == method and each.remaining is not None and each.status != 429
        ]
        starts = [at for at, remaining in enumerate(left) if remaining == limit - 1]
        whole = left[: starts[-1]] if starts else []
        used += len(whole)
        windows += max(len(starts) - 1, 0)
        granted += max(len(starts) - 1, 0) * limit
    share = used / max(granted, 1)
    at = ", ".join(f"{moment:.1f} s" for moment in moments) or "-"
    return Row(
        name,
        (f"{len(sandbox.requests):,}", str(windows), f"{share:.2%}", str(sandbox.rejected), at),
        {"windows": windows, "used": share, "refused": sandbox.rejected},
        Goal(
            f"{_GOAL:.0%} used, no 429",
            share >= _GOAL and not sandbox.rejected and windows > 0,
            must=True,
        ),
    )

"""What a slot costs when there is one: nobody waits, nothing is full.

This is paid by every request. Ours takes a slot in three windows (the endpoint's, and the 24 hours
of user and app) and gives it back, or takes in an answer with headers of all three; the others
know one window, and have nothing to give back.
"""

# ruff: noqa: PLC0415  a peer that is not installed is reported, and the rest goes on

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine

from benchmarks.limits.buckets import DequeWindow, bucket, opened, three_windows
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import interleave
from twretweet.limits import MemoryLimiter
from twretweet.protocol.headers import RateHeaders

_HUGE = 1_000_000_000
_BASE = "aiolimiter, 1 window"
_OURS = "twretweet, 3 windows: acquire, give back"
_SETTLED = "twretweet, 3 windows: acquire, settle with headers"
_ONE = "twretweet, 1 window: acquire, give back"
_SILENT = "twretweet, v1.1: user and a silent app window: acquire, give back"
_GOAL = 3.0

_Measure = Callable[[int], Coroutine[object, object, float]]


async def _twretweet(times: int, *, settle: bool = False, days: bool = True) -> float:
    limiter = MemoryLimiter()
    one = bucket("1", limit=_HUGE)
    headers = three_windows(time.time())
    if not days:
        headers = RateHeaders(headers.window, date=headers.date)
    await opened(limiter, one, headers)
    began = time.perf_counter()
    if settle:
        for _ in range(times):
            permit = await limiter.acquire(one, max_wait=None)
            permit.settle(headers)
    else:
        for _ in range(times):
            permit = await limiter.acquire(one, max_wait=None)
            permit.give_back()
    return time.perf_counter() - began


async def _silent(times: int) -> float:
    limiter = MemoryLimiter()
    one = bucket("1", limit=_HUGE, app=_HUGE)
    await opened(limiter, one, three_windows(time.time()))
    began = time.perf_counter()
    for _ in range(times):
        permit = await limiter.acquire(one, max_wait=None)
        permit.give_back()
    return time.perf_counter() - began


async def _timed(times: int, acquire: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    for _ in range(times):
        await acquire()
    return time.perf_counter() - began


async def _deque(times: int) -> float:
    return await _timed(times, DequeWindow(_HUGE, 900.0).acquire)


async def _aiolimiter(times: int) -> float:
    from aiolimiter import AsyncLimiter

    return await _timed(times, AsyncLimiter(_HUGE, 900.0).acquire)


async def _limits(times: int) -> float:
    from limits import RateLimitItemPerMinute
    from limits.aio.storage import MemoryStorage
    from limits.aio.strategies import FixedWindowRateLimiter

    limiter = FixedWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerMinute(_HUGE, 15)
    return await _timed(times, lambda: limiter.hit(item, "1"))


async def _pyrate(times: int) -> float:
    from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory

    own = InMemoryBucket([Rate(_HUGE, 900_000)])
    limiter = Limiter(SingleBucketFactory(own, schedule_leak=False))
    return await _timed(times, lambda: limiter.try_acquire_async("1"))


_VARIANTS: dict[str, tuple[_Measure, int]] = {
    _BASE: (_aiolimiter, 1),
    _OURS: (_twretweet, 1),
    _ONE: (lambda times: _twretweet(times, days=False), 1),
    _SETTLED: (lambda times: _twretweet(times, settle=True), 1),
    _SILENT: (_silent, 2),
    "a deque by hand, 1 window": (_deque, 1),
    "limits, 1 window": (_limits, 4),
    "pyrate-limiter, 1 window": (_pyrate, 10),
}


def run(quick: bool) -> Section:
    """Take turns, and compare with aiolimiter."""
    times, rounds = (500, 2) if quick else (20_000, 15)

    def measured(measure: _Measure, part: int) -> Callable[[], float]:
        return lambda: asyncio.run(measure(times // part)) / (times // part)

    samples = interleave({name: measured(*each) for name, each in _VARIANTS.items()}, rounds)
    rows = []
    for name in _VARIANTS:
        middle, ratio = samples.median(name), samples.ratio(name, _BASE)
        if middle is None:
            rows.append(broken(name, samples.broken[name], ours=name.startswith("twretweet")))
            continue
        goal = None
        if name == _OURS and ratio is not None:
            goal = Goal(f"at most {_GOAL:.0f} times aiolimiter", ratio.middle <= _GOAL)
        rows.append(
            Row(
                name,
                (f"{middle * 1e6:.2f}", "-" if ratio is None else str(ratio)),
                {"seconds": middle, "ratio": 0.0 if ratio is None else ratio.middle},
                goal,
            )
        )
    return Section(
        "A slot that is free",
        f"{times:,} in a row, {rounds} interleaved rounds; medians, ratios with their spread.",
        ("µs", "against aiolimiter"),
        tuple(rows),
    )

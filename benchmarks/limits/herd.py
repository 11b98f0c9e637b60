"""What waiting costs: thousands come at once to a window that holds a thousand.

CPU seconds per waiter, from its task's creation to its end, on virtual time (so that nobody's
timers are rounded and nobody really waits), each variant in a process of its own. Ours takes in
an answer with headers for every request, which is what keeps its count true; the others have
nothing like it. ``python -m benchmarks.limits.herd VARIANT WAITERS`` measures one.
"""

# ruff: noqa: PLC0415  a peer that is not installed is reported, and the rest goes on

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Coroutine

from benchmarks.limits.buckets import QUARTER_HOUR, DequeWindow, bucket
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import elsewhere, interleave
from benchmarks.simulate import loop
from benchmarks.simulate.x import Rule, X
from twretweet.limits import Bucket, MemoryLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

_LIMIT = 1000
_WAITERS = 10_000
_BASE = "deque"
_NAMES = {
    "deque": "a deque of futures by hand",
    "ours": "twretweet, with an answer for each",
    "ours-lean": "twretweet, slots given back unused",
    "aiolimiter": "aiolimiter",
    "limits": "limits, hit and sleep until the reset",
    "pyrate": "pyrate-limiter",
}
_APP_NAME = "twretweet, {:,} users on one app window"

_Caller = Callable[[int], Coroutine[object, object, object]]


async def _herd(waiters: int, caller: _Caller) -> float:
    began = time.process_time()
    tasks = [asyncio.create_task(caller(number)) for number in range(waiters)]
    for task in tasks:
        await task
    return time.process_time() - began


async def _ours(waiters: int, buckets: Callable[[int], Bucket]) -> float:
    running = asyncio.get_running_loop()
    limiter = MemoryLimiter(clock=loop.LoopClock(running))
    x = X()
    made = [buckets(number) for number in range(waiters)]
    rules = [Rule(each.key, each.limit or 0, each.seconds) for each in made[0].windows]

    async def call(number: int) -> None:
        permit = await limiter.acquire(made[number], max_wait=None)
        now = loop.EPOCH + running.time()
        verdict = x.count(rules[-1:], now)
        if not verdict.granted:
            raise RuntimeError("X refused a request")
        report = WindowReport(_LIMIT, verdict.remaining[0], verdict.resets[0])
        # Of an app's window X says nothing.
        permit.settle(RateHeaders(report if len(rules) == 1 else None, date=int(now)))

    return await _herd(waiters, call)


async def _ours_lean(waiters: int) -> float:
    """A thousand slots at a time are held, and given back together as if never used."""
    limiter = MemoryLimiter(clock=loop.LoopClock(asyncio.get_running_loop()))
    one = bucket("1", limit=_LIMIT)
    first = await limiter.acquire(one, max_wait=None)
    report = WindowReport(_LIMIT, _LIMIT - 1, int(loop.EPOCH + QUARTER_HOUR))
    first.settle(RateHeaders(report, date=int(loop.EPOCH)))

    async def call(_: int) -> None:
        permit = await limiter.acquire(one, max_wait=None)
        await asyncio.sleep(1.0)
        permit.give_back()

    return await _herd(waiters, call)


async def _deque(waiters: int) -> float:
    window = DequeWindow(_LIMIT, QUARTER_HOUR)
    return await _herd(waiters, lambda _: window.acquire())


async def _aiolimiter(waiters: int) -> float:
    from aiolimiter import AsyncLimiter

    limiter = AsyncLimiter(_LIMIT, QUARTER_HOUR)
    return await _herd(waiters, lambda _: limiter.acquire())


async def _limits(waiters: int) -> float:
    from limits import RateLimitItemPerMinute
    from limits.aio.storage import MemoryStorage
    from limits.aio.strategies import FixedWindowRateLimiter

    # It reads the time from the module, so here the module tells virtual time.
    time.time = asyncio.get_running_loop().time
    limiter = FixedWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerMinute(_LIMIT, 15)

    async def call(_: int) -> None:
        while not await limiter.hit(item, "1"):
            stats = await limiter.get_window_stats(item, "1")
            await asyncio.sleep(max(stats.reset_time - time.time(), 0.0))

    return await _herd(waiters, call)


async def _pyrate(waiters: int) -> float:
    from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory

    running = asyncio.get_running_loop()

    class Bucket(InMemoryBucket):
        def now(self) -> int:
            return int(running.time() * 1000)

    own = Bucket([Rate(_LIMIT, int(QUARTER_HOUR * 1000))])
    limiter = Limiter(SingleBucketFactory(own, schedule_leak=False))
    return await _herd(waiters, lambda _: limiter.try_acquire_async("1"))


_VARIANTS: dict[str, Callable[[int], Coroutine[object, object, float]]] = {
    "deque": _deque,
    "ours": lambda waiters: _ours(waiters, lambda _: bucket("1", limit=_LIMIT)),
    "ours-lean": _ours_lean,
    "ours-app": lambda waiters: _ours(
        waiters, lambda number: bucket(str(number), limit=_LIMIT, app=_LIMIT)
    ),
    "aiolimiter": _aiolimiter,
    "limits": _limits,
    "pyrate": _pyrate,
}


def run(quick: bool) -> Section:
    """Each in its own process, in turns; compared with the deque."""
    waiters, rounds = (1000, 1) if quick else (_WAITERS, 5)

    def each(variant: str, count: int) -> Callable[[], float]:
        return lambda: elsewhere("benchmarks.limits.herd", variant, str(count))[0] / count

    few, many = _APP_NAME.format(waiters // 4), _APP_NAME.format(waiters)
    variants = {name: each(variant, waiters) for variant, name in _NAMES.items()}
    variants[few] = each("ours-app", waiters // 4)
    variants[many] = each("ours-app", waiters)
    samples = interleave(variants, rounds)
    rows = []
    for name in variants:
        middle, ratio = samples.median(name), samples.ratio(name, _NAMES[_BASE])
        if middle is None:
            rows.append(broken(name, samples.broken[name], ours=name.startswith("twretweet")))
            continue
        goal = None
        growth = samples.ratio(many, few) if name == many else None
        if growth is not None:
            goal = Goal(f"linear: {growth} times that of {waiters // 4:,}", growth.middle < 1.3)
        elif name in {_NAMES["ours"], _NAMES["ours-lean"]} and ratio is not None:
            goal = Goal("at most the deque", ratio.middle <= 1.0)
        rows.append(
            Row(
                name,
                (f"{middle * 1e6:.1f}", "-" if ratio is None else str(ratio)),
                {"seconds": middle, "ratio": 0.0 if ratio is None else ratio.middle},
                goal,
            )
        )
    return Section(
        f"{waiters:,} waiters at once",
        f"CPU of each, task included, {_LIMIT:,} to a window; {rounds} interleaved rounds.",
        ("CPU µs each", "against the deque"),
        tuple(rows),
    )


if __name__ == "__main__":
    print([loop.run(_VARIANTS[sys.argv[1]](int(sys.argv[2])))])

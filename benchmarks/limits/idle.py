"""What an account costs that did one thing: bytes for each key, used once, never again.

Counted by tracemalloc in a process of its own, with all that the key keeps alive: the key itself,
and ours the bucket too. ``python -m benchmarks.limits.idle VARIANT KEYS`` measures one, and prints
the bytes while the windows are open and after they are over.
"""

# ruff: noqa: PLC0415  a peer that is not installed is reported, and the rest goes on

from __future__ import annotations

import asyncio
import gc
import sys
import tracemalloc
from collections.abc import Callable, Coroutine
from functools import partial

from benchmarks.limits.buckets import QUARTER_HOUR, DequeWindow, bucket
from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import elsewhere, interleave
from benchmarks.simulate import loop
from twretweet.limits import Bucket, MemoryLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

_KEYS = 100_000
_GOAL = 400
_OURS = "ours"
_NAMES = {
    "deque": "a deque by hand, in a dict",
    "ours": "twretweet: window, key and bucket",
    "ours-held": "twretweet: window alone, the session holds the bucket",
    "aiolimiter": "aiolimiter, in a dict",
    "limits": "limits",
    "pyrate": "pyrate-limiter, in a dict",
}


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


async def _use_once(limiter: MemoryLimiter, buckets: Callable[[int], Bucket], keys: int) -> None:
    running = asyncio.get_running_loop()
    for number in range(keys):
        permit = await limiter.acquire(buckets(number), max_wait=None)
        now = loop.EPOCH + running.time()
        report = WindowReport(75, 74, int(now + QUARTER_HOUR + 1))
        permit.settle(RateHeaders(report, date=int(now)))


async def _ours(keys: int, *, held: bool) -> list[float]:
    limiter = MemoryLimiter(clock=loop.LoopClock(asyncio.get_running_loop()))
    made = [bucket(str(number), limit=75) for number in range(keys)] if held else []
    make: Callable[[int], Bucket] = (
        made.__getitem__ if held else lambda number: bucket(str(number), limit=75)
    )
    before = _traced()
    await _use_once(limiter, make, keys)
    while_open = _traced() - before
    await asyncio.sleep(QUARTER_HOUR + 2)
    limiter._sweep()  # noqa: SLF001  as it does when the number of keys has doubled
    after = _traced() - before
    return [while_open / keys, max(after, 0) / keys]


async def _deque(keys: int) -> list[float]:
    before = _traced()
    windows: dict[str, DequeWindow] = {}
    for number in range(keys):
        window = windows[f"reads:{number}"] = DequeWindow(75, QUARTER_HOUR)
        await window.acquire()
    return [(_traced() - before) / keys]


async def _aiolimiter(keys: int) -> list[float]:
    from aiolimiter import AsyncLimiter

    before = _traced()
    limiters: dict[str, AsyncLimiter] = {}
    for number in range(keys):
        limiter = limiters[f"reads:{number}"] = AsyncLimiter(75, QUARTER_HOUR)
        await limiter.acquire()
    return [(_traced() - before) / keys]


async def _limits(keys: int) -> list[float]:
    from limits import RateLimitItemPerMinute
    from limits.aio.storage import MemoryStorage
    from limits.aio.strategies import FixedWindowRateLimiter

    limiter = FixedWindowRateLimiter(MemoryStorage())
    item = RateLimitItemPerMinute(75, 15)
    before = _traced()
    for number in range(keys):
        await limiter.hit(item, f"reads:{number}")
    return [(_traced() - before) / keys]


async def _pyrate(keys: int) -> list[float]:
    from pyrate_limiter import InMemoryBucket, Rate, RateItem

    before = _traced()
    rates = [Rate(75, 900_000)]
    buckets: dict[str, InMemoryBucket] = {}
    for number in range(keys):
        own = buckets[f"reads:{number}"] = InMemoryBucket(rates)
        own.put(RateItem(f"reads:{number}", number))
    return [(_traced() - before) / keys]


_VARIANTS: dict[str, Callable[[int], Coroutine[object, object, list[float]]]] = {
    "deque": _deque,
    "ours": partial(_ours, held=False),
    "ours-held": partial(_ours, held=True),
    "aiolimiter": _aiolimiter,
    "limits": _limits,
    "pyrate": _pyrate,
}


def run(quick: bool) -> Section:
    """Each in its own process; bytes do not vary, so once is enough."""
    keys = 2000 if quick else _KEYS
    over: dict[str, float] = {}

    def each(variant: str) -> Callable[[], float]:
        def measure() -> float:
            numbers = elsewhere("benchmarks.limits.idle", variant, str(keys))
            over.update(dict.fromkeys([variant], numbers[-1]) if len(numbers) > 1 else {})
            return numbers[0]

        return measure

    samples = interleave({variant: each(variant) for variant in _NAMES}, 1)
    rows = []
    for variant, name in _NAMES.items():
        size = samples.median(variant)
        if size is None:
            rows.append(broken(name, samples.broken[variant], ours=name.startswith("twretweet")))
            continue
        goal = Goal(f"under {_GOAL}", size < _GOAL) if variant == _OURS else None
        data = {"bytes": size} | ({"over": over[variant]} if variant in over else {})
        after = f"{over[variant]:.1f}" if variant in over else "never let go"
        rows.append(Row(name, (f"{size:.0f}", after), data, goal))
    return Section(
        f"{keys:,} accounts that did one thing",
        "Bytes for each while its window is open, and when it is over and swept out.",
        ("open", "over"),
        tuple(rows),
    )


if __name__ == "__main__":
    tracemalloc.start()
    print(loop.run(_VARIANTS[sys.argv[1]](int(sys.argv[2]))))

"""Buckets, answers and a hand-written window, as the measurements of this package need them."""

from __future__ import annotations

import asyncio
from collections import deque

from twretweet.limits import Bucket, MemoryLimiter, WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport

QUARTER_HOUR = 900.0


def bucket(
    account: str, *, limit: int, app: int | None = None, seconds: float = QUARTER_HOUR
) -> Bucket:
    """One account's bucket; with ``app`` it counts in a window of the whole app too."""
    windows = [WindowSpec(f"reads:user:{account}", limit, seconds)]
    if app is not None:
        windows.append(WindowSpec("reads:app", app, seconds))
    return Bucket(
        key=f"reads:{account}",
        label=f"reads of {account}",
        endpoint="reads",
        windows=tuple(windows),
        shard=account,
        user_day=f"day:user:{account}",
        app_day="day:app",
    )


async def opened(limiter: MemoryLimiter, one: Bucket, headers: RateHeaders) -> None:
    """Spend one request on hearing how the windows stand."""
    permit = await limiter.acquire(one, max_wait=None)
    permit.settle(headers)


def three_windows(now: float) -> RateHeaders:
    """An answer that tells of the bucket's own window and of the 24 hours of user and app."""
    return RateHeaders(
        WindowReport(1_000_000_000, 999_999_999, int(now + QUARTER_HOUR)),
        WindowReport(1_000_000_000, 999_999_999, int(now + 80_000)),
        WindowReport(1_000_000_000, 999_999_999, int(now + 80_000)),
        int(now),
    )


class DequeWindow:
    """The least that a window with a line can be: what a careful programmer writes by hand.

    The times of the last ``limit`` requests, a deque of futures for those who wait, and one timer.
    It hears no headers, knows one window, and a request of it is never given back.
    """

    __slots__ = ("_limit", "_line", "_seconds", "_sent")

    def __init__(self, limit: int, seconds: float) -> None:
        self._limit = limit
        self._seconds = seconds
        self._sent: deque[float] = deque()
        self._line: deque[asyncio.Future[None]] = deque()

    async def acquire(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        sent = self._sent
        while sent and sent[0] + self._seconds <= now:
            sent.popleft()
        if not self._line and len(sent) < self._limit:
            sent.append(now)
            return
        future = loop.create_future()
        if not self._line:
            loop.call_at(sent[0] + self._seconds, self._serve, loop)
        self._line.append(future)
        await future

    def _serve(self, loop: asyncio.AbstractEventLoop) -> None:
        now, sent, line = loop.time(), self._sent, self._line
        while sent and sent[0] + self._seconds <= now + 1e-6:
            sent.popleft()
        while line and len(sent) < self._limit:
            future = line.popleft()
            if not future.done():
                sent.append(now)
                future.set_result(None)
        if line:
            loop.call_at(sent[0] + self._seconds, self._serve, loop)

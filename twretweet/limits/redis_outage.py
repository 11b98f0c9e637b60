"""Going on alone while Redis is away.

Each process allows itself a share of every limit. It starts from what it knew last; X's answers
correct it as ever, but for what one process may not take from the others: of what X says is left,
it uses no more than its own share, less what it has used in that window already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import anyio
import msgspec

from twretweet.clock import Clock
from twretweet.events import Corrected, Event, OnEvent
from twretweet.limits.bucket import Bucket, BucketState, Permit
from twretweet.limits.memory import MemoryLimiter
from twretweet.limits.redis_mirror import Mirror
from twretweet.limits.redis_windows import Shard
from twretweet.limits.spec import WindowMemory, WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport


class LocalShare:
    """What a process may use by itself.

    Args:
        share: of each limit; at least one request.
        clock: where time comes from.
        hold: has Redis hear, when it is back, of slots that were taken meanwhile.
        shard: whose windows Redis was asked for when it was away.
        mirrors: the windows as they were known last.
        on_event: is told of ``Waiting`` and ``Granted``.
    """

    def __init__(
        self,
        share: float,
        clock: Clock,
        *,
        hold: Callable[[Bucket], Permit],
        shard: Shard,
        mirrors: Iterable[Mirror],
        on_event: OnEvent | None,
    ) -> None:
        self._share = share
        self._hold = hold
        self.shard = shard
        self.began = clock.monotonic()
        self._over = False
        self._waiters: dict[anyio.CancelScope, None] = {}
        self._own: dict[str, tuple[int, int]] = {}  # X's name for a window's end, and our use
        self._on_event = on_event
        self._limiter = MemoryLimiter(
            clock=clock, on_event=None if on_event is None else self._pass_on
        )
        now, epoch = clock.monotonic(), clock.time()
        known: list[WindowMemory] = []
        for mirror in mirrors:
            memory = mirror.remember(self._part, now, epoch)
            if memory is not None:
                known.append(memory)
        self._limiter.restore(msgspec.json.encode(known))

    async def acquire(self, bucket: Bucket, *, max_wait: float | None) -> Permit | None:
        """Wait for a slot of the share; ``None`` if Redis is back before.

        Raises:
            RateLimitExceeded: the wait would be, or has been, longer than ``max_wait``.
        """
        if self._over:
            return None
        with anyio.CancelScope() as scope:
            self._waiters[scope] = None
            try:
                permit = await self._limiter.acquire(self._scaled(bucket), max_wait=max_wait)
            finally:
                del self._waiters[scope]
            return _LocalSlots(self, bucket, permit, self._hold(bucket))
        return None

    def end(self) -> None:
        """Redis is back: send everybody who waits there, in the order in which they came."""
        self._over = True
        for scope in list(self._waiters):
            scope.cancel()

    def states(self, buckets: Iterable[Bucket] | None) -> list[BucketState]:
        """What is left of the share."""
        if buckets is not None:
            buckets = [self._scaled(bucket) for bucket in buckets]
        return self._limiter.states(buckets)

    def scale(self, bucket: Bucket, headers: RateHeaders) -> RateHeaders:
        """What an answer says, for one who may use a share."""
        first = bucket.windows[0].key if bucket.windows else bucket.key
        return RateHeaders(
            self._report(first, headers.window),
            self._report(bucket.user_day, headers.user_day),
            self._report(bucket.app_day, headers.app_day),
            headers.date,
        )

    def _pass_on(self, event: Event) -> None:
        # The counts of a share would mislead; the shared windows tell the true ones.
        if self._on_event is not None and not isinstance(event, Corrected):
            self._on_event(event)

    def _part(self, limit: int) -> int:
        return max(int(limit * self._share), 1)

    def _scaled(self, bucket: Bucket) -> Bucket:
        windows = tuple(
            WindowSpec(
                spec.key, None if spec.limit is None else self._part(spec.limit), spec.seconds
            )
            for spec in bucket.windows
        )
        return msgspec.structs.replace(bucket, windows=windows)

    def _report(self, key: str, report: WindowReport | None) -> WindowReport | None:
        if report is None or report.limit < 1:
            return report
        reset, own = self._own.get(key, (0, 0))
        if report.reset > reset + 1:
            reset, own = report.reset, 0
        own += 1
        self._own[key] = reset, own
        part = self._part(report.limit)
        return WindowReport(part, min(report.remaining, max(part - own, 0)), report.reset)


class _LocalSlots:
    """Slots of the share, and the same slots for Redis to hear of."""

    __slots__ = ("_bucket", "_local", "_permit", "_shared")

    def __init__(self, local: LocalShare, bucket: Bucket, permit: Permit, shared: Permit) -> None:
        self._local = local
        self._bucket = bucket
        self._permit = permit
        self._shared = shared

    def give_back(self) -> None:
        self._permit.give_back()
        self._shared.give_back()

    def lose(self) -> None:
        self._permit.lose()
        self._shared.lose()

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        self._permit.settle(self._local.scale(self._bucket, headers), refused=refused)
        self._shared.settle(headers, refused=refused)

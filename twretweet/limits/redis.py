"""Buckets in Redis, for services of many processes and machines.

Which requests may be sent is decided by one script (``window.lua``) that keeps the rules of
``window.py``; it runs once for each request, atomically, on Redis's own clock.

1. In a process only the first in each line asks; the others wait for their turn, first come,
   first served. Between processes there is no order.
2. What became of a request is told by the next call for windows that lie beside its own; by a call
   of its own if none comes within a moment.
3. Who finds a window full sleeps until it ends. Who finds it full only because requests are in
   flight is woken when one ends in this process; what is in flight elsewhere is looked after in
   pauses that grow from 20 ms to a second.
4. If a call is cancelled or fails, Redis may have given slots all the same; so it is told that the
   request no longer wants any.
5. A process that dies tells nothing more. What it had in flight counts as lost after a lease.
6. A Redis that has lost its data gives no slots to a process that can know of it, before that has
   told again what it holds and knows. What others knew is unknown until they ask or tell.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from types import TracebackType
from typing import Literal, Self

import anyio

from twretweet.clock import Clock, SystemClock
from twretweet.errors import LimiterUnavailable, QueryError
from twretweet.events import LimiterOutage, LimiterRestored, OnEvent
from twretweet.limits.bucket import Bucket, BucketState, Permit
from twretweet.limits.gate import Gate, Refusal
from twretweet.limits.redis_ledger import Ledger
from twretweet.limits.redis_mirror import LONGEST_PAUSE, Mirror
from twretweet.limits.redis_outage import LocalShare
from twretweet.limits.redis_script import KeyOccupied, RedisClient, Reply, Script
from twretweet.limits.redis_slots import AppDay, Slots, give_back, stand_back, wait_for_day
from twretweet.limits.redis_windows import Shard

__all__ = ["RedisClient", "RedisLimiter"]

# How long a correction waits for a call that carries it.
_DELAY = 0.02
_LONGEST = 86_400.0


class RedisLimiter:
    """Keeps the windows of all accounts in Redis, where many processes share them.

    Use it with ``async with``, or call :meth:`aclose` in the end: that tells Redis what it has
    not heard yet. The client stays yours; it is never closed here. One of its connections to each
    server is used, by all who ask at once, and given back a moment after the last; where something
    has gone wrong there, no more than 32 are used besides, to ask again as the client does.

    The keys of one request lie in one slot of a cluster; accounts spread over the slots, and only
    windows that the whole app shares lie together. The exception is the app's 24-hour window,
    which X reports on some plans: each process keeps it to itself, and learns from X's answers
    what the others have used. Slots are used as they come; there is no even pace.

    Args:
        client: a ``redis.asyncio.Redis`` or a ``redis.asyncio.RedisCluster``, of Redis 5 or
            later; a Sentinel's ``master_for`` gives such a client too.
        prefix: begins every key.
        on_outage: what to do while Redis is away or answers nonsense: ``"fail"`` raises
            ``LimiterUnavailable`` before anything is sent; ``"local"`` goes on with a share of
            each limit, and tells Redis of it afterwards.
        local_share: that share; of each limit at least one request may be sent.
        lease: after how many seconds a request of which nothing was heard counts as lost; longer
            than any request takes.
        timeout: how long Redis may take to answer what it was sent, in seconds.
        clock: where this process's time comes from.
        on_event: is told of ``Waiting``, ``Granted``, ``Corrected``, ``LimiterOutage`` and
            ``LimiterRestored``.

    Raises:
        QueryError: an argument is out of range.
    """

    def __init__(
        self,
        client: RedisClient,
        *,
        prefix: str = "twretweet",
        on_outage: Literal["fail", "local"] = "fail",
        local_share: float = 0.1,
        lease: float = 120.0,
        timeout: float = 5.0,
        clock: Clock | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        if on_outage not in ("fail", "local"):
            raise QueryError(f"on_outage is {on_outage!r}: it must be 'fail' or 'local'")
        if not 0 < local_share <= 1:
            raise QueryError(f"local_share is {local_share}: it must be above 0, and 1 at most")
        for name, seconds in (("lease", lease), ("timeout", timeout)):
            if not 0 < seconds <= _LONGEST:
                raise QueryError(f"{name} is {seconds}: it must be above 0, and a day at most")
        self._clock = SystemClock() if clock is None else clock
        self._share = local_share if on_outage == "local" else None
        self._timeout = timeout
        self._on_event = on_event
        self._script = Script(client, timeout)
        self._ledger = Ledger(
            self._script,
            self._clock,
            prefix=prefix,
            lease=lease,
            queued=self._rouse,
            on_event=on_event,
        )
        self._gate: Gate[Slots] = Gate(
            self._clock,
            ask=self._ask,
            opens=self._opens,
            granted=self._granted,
            on_event=on_event,
        )
        self._courier: asyncio.Task[None] | None = None
        self._outage: LocalShare | None = None
        self._closed = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Tell Redis what it has not heard yet, and end the background task.

        Who still waits gets ``LimiterUnavailable``. Of a permit that ends later Redis is told too,
        once, and while the event loop runs. Closing twice is harmless.
        """
        self._closed = True
        for line in self._gate.lines.values():
            line.head.wake()
        outage, self._outage = self._outage, None
        if outage is not None:
            outage.end()
        with anyio.move_on_after(self._timeout, shield=True):
            if self._courier is not None:
                self._courier.cancel()
                await asyncio.wait([self._courier])
            await self._ledger.calls.flush(self._clock.monotonic())
        with anyio.move_on_after(self._timeout, shield=True):  # also if that took all its time
            await self._script.aclose()

    async def acquire(self, bucket: Bucket, *, max_wait: float | None) -> Permit:
        """Wait for a slot in every window of ``bucket``, first come, first served.

        Args:
            bucket: what the request counts in.
            max_wait: the longest wait in seconds; ``None`` waits as long as it takes.

        Raises:
            RateLimitExceeded: the wait would be, or has been, longer.
            LimiterUnavailable: Redis is away, and ``on_outage`` is ``"fail"``.
        """
        began = self._clock.monotonic() if max_wait is not None else 0.0
        longest = max_wait
        while True:
            outage = self._outage
            if outage is None:
                try:
                    return await self._gate.wait(bucket, max_wait=max_wait)
                except LimiterUnavailable as error:
                    if self._closed or self._share is None or isinstance(error, KeyOccupied):
                        raise
                    outage = self._begin_outage(self._share, bucket, error)
            permit = await outage.acquire(bucket, max_wait=max_wait)
            if permit is not None:
                return permit
            if longest is not None:  # Redis is back
                max_wait = max(began + longest - self._clock.monotonic(), 0.0)

    def states(self, buckets: Iterable[Bucket] | None = None) -> list[BucketState]:
        """What is left of every window of ``buckets``, or of all that are in use.

        Redis is not asked: this shows what it answered last.
        """
        if self._outage is not None:
            return self._outage.states(buckets)
        now, epoch = self._clock.monotonic(), self._clock.time()
        ledger, lines = self._ledger, self._gate.lines
        if buckets is not None:
            return [
                window.state(bucket.label, len(lines.get(bucket.key, ())), now, epoch)
                for bucket in buckets
                for window in self._windows_of(bucket)
            ]
        waiting: Counter[Mirror | AppDay] = Counter()
        for line in lines.values():
            waiting.update(dict.fromkeys(self._windows_of(line.bucket), len(line)))
        windows: list[Mirror | AppDay] = [*ledger.days.values()]
        for shard in ledger.shards.values():
            windows += shard.mirrors.values()
        return [window.state(window.key, waiting[window], now, epoch) for window in windows]

    # -- for the gate -----------------------------------------------------------------------

    async def _ask(self, bucket: Bucket, ticket: int) -> Slots | Refusal:
        ledger = self._ledger
        shard = ledger.shard_of(bucket)
        while True:
            if self._closed:
                raise LimiterUnavailable("the limiter is closed: make another one")
            if self._outage is not None:
                raise LimiterUnavailable("Redis is away: a share of the limits is used meanwhile")
            mirrors = shard.mirrors_of(bucket)
            day = ledger.days.get(bucket.app_day) if ledger.days else None
            now = ledger.now()
            refusal = stand_back(mirrors, ticket, now)
            if refusal is None and day is not None:
                refusal = stand_back([day], ticket, now) or wait_for_day(day, now)
            if refusal is not None:
                return refusal
            taken = None if day is None else day.take(now)
            try:
                slots = await self._take(bucket, shard, mirrors, day, ticket)
            except BaseException:
                if day is not None and taken is not None:
                    give_back(day, taken, ticket)
                raise
            if day is not None and taken is not None:
                if isinstance(slots, Slots):
                    slots.sent = taken
                else:
                    give_back(day, taken, ticket)
            if isinstance(slots, Slots) or not shard.pending:
                return slots
            # Meanwhile an answer has come that Redis does not know yet.

    async def _take(
        self,
        bucket: Bucket,
        shard: Shard,
        mirrors: list[Mirror],
        day: AppDay | None,
        ticket: int,
    ) -> Slots | Refusal:
        ledger, name = self._ledger, self._ledger.new_name()
        granted: int | None = None
        if mirrors:
            reply = await ledger.calls.ask(shard, mirrors, name, ticket)
            if not reply.granted:
                return self._refusal(mirrors[reply.full], reply)
            granted = reply.now
        return Slots(
            ledger, bucket, shard, mirrors, name=name, sent=ledger.now(), granted=granted, day=day
        )

    def _refusal(self, mirror: Mirror, reply: Reply) -> Refusal:
        opens, look = None, mirror.ends
        if reply.opens_in >= 0:
            opens = self._ledger.calls.time.to_local(reply.now + reply.opens_in)
            mirror.refuse(self._clock.monotonic(), opens)
        # Where answers overtook each other, whoever the later one woke was not the caller, who
        # was still asking.
        overtaken = mirror.seen > reply.now
        if overtaken or (reply.for_flights and mirror.in_flight > mirror.held):
            pause = self._clock.monotonic() + mirror.pause
            look = pause if look is None else min(look, pause)
            mirror.pause = min(2 * mirror.pause, LONGEST_PAUSE)
        return Refusal(mirror.waiting_room(), opens, look)

    def _granted(self, slots: Slots) -> None:
        windows: list[Mirror | AppDay] = [*slots.mirrors]
        if slots.day is not None:
            windows.append(slots.day)
        for window in windows:
            if window.captaincy is not None and not window.captaincy.wake():
                window.captaincy = None

    def _windows_of(self, bucket: Bucket) -> list[Mirror | AppDay]:
        windows: list[Mirror | AppDay] = [*self._ledger.shard_of(bucket).mirrors_of(bucket)]
        day = self._ledger.days.get(bucket.app_day)
        return windows if day is None else [*windows, day]

    def _opens(self, bucket: Bucket, ahead: int, now: float) -> float:
        until = now
        if not ahead:
            return now  # what is known here may be old, and asking costs no wait
        for mirror in self._ledger.shard_of(bucket).mirrors_of(bucket):
            missing = ahead + 1 - mirror.room(now)
            if mirror.opens is not None and mirror.limit is not None and missing > 0:
                whole_windows = (missing - 1) // mirror.limit
                until = max(until, mirror.opens + whole_windows * mirror.seconds)
        return until

    # -- what nobody waits for --------------------------------------------------------------

    def _rouse(self) -> None:
        """Have the corrections carried to Redis, if no call comes that does it."""
        # One that was cancelled before it began has not said that it is gone.
        if self._courier is None or self._courier.done():
            self._courier = asyncio.create_task(self._carry(), name="twretweet corrections")

    async def _carry(self) -> None:
        pause = _DELAY
        try:
            # Even if a call has carried all already: while requests go on, one task serves them.
            while True:
                await self._clock.sleep(pause)
                if self._outage is None and not self._ledger.calls.unsent:
                    break
                outage, now = self._outage, self._clock.monotonic()
                if outage is None:
                    done = await self._ledger.calls.flush(now - _DELAY / 2)
                else:
                    done = await self._ledger.calls.probe(outage.shard)
                    done = done and await self._ledger.calls.flush(now)
                    if done:
                        self._end_outage(outage)
                if self._closed and not done:
                    break
                pause = _DELAY if done else min(2 * pause, LONGEST_PAUSE)
        finally:
            self._courier = None
        if self._closed:
            await self._script.aclose()

    def _begin_outage(self, share: float, bucket: Bucket, error: LimiterUnavailable) -> LocalShare:
        if self._outage is None:
            ledger = self._ledger
            self._outage = LocalShare(
                share,
                self._clock,
                hold=ledger.hold,
                shard=ledger.shard_of(bucket),
                mirrors=[m for shard in ledger.shards.values() for m in shard.mirrors.values()],
                on_event=self._on_event,
            )
            self._rouse()
            if self._on_event is not None:
                self._on_event(LimiterOutage(error=str(error), share=share))
        return self._outage

    def _end_outage(self, outage: LocalShare) -> None:
        self._outage = None
        outage.end()
        if self._on_event is not None:
            self._on_event(LimiterRestored(away=self._clock.monotonic() - outage.began))

"""The slots that a process holds in Redis, and how what becomes of them gets there.

Whatever ends a request is kept as a correction. The next call for windows of the same shard
carries it, so that a request costs one round trip; if none comes, :meth:`Ledger.flush` does.

The 24-hour window of the app lies with no account's windows, and one call can't reach both. So
each process keeps that one to itself, and learns from the answers what the others use.
"""

from __future__ import annotations

import asyncio
import itertools
import secrets
from collections.abc import Callable

from twretweet.clock import Clock
from twretweet.errors import LimiterUnavailable
from twretweet.events import Corrected, OnEvent
from twretweet.limits.bucket import Bucket
from twretweet.limits.redis_script import (
    MICROSECONDS,
    Forgotten,
    KeyOccupied,
    RedisTime,
    Reply,
    Script,
)
from twretweet.limits.redis_slots import AppDay, Slots, memories, reports_of, settle_app_day
from twretweet.limits.redis_windows import (
    CANCEL,
    FIRST_SWEEP,
    GIVE_BACK,
    HELD,
    HOLD,
    LEARN,
    REFUSE,
    SETTLE,
    Act,
    Correction,
    Mirror,
    Shard,
    compose,
)
from twretweet.limits.skew import ServerClock
from twretweet.protocol.headers import RateHeaders

_FLUSHES_AT_ONCE = 32


class Ledger:
    """All shards of one process.

    Args:
        script: asks Redis.
        clock: where time comes from.
        prefix: begins every key.
        lease: after how many seconds a request counts as lost of which nothing was heard.
        queued: called when there is something for :meth:`flush`.
        on_event: is told of ``Corrected``.
    """

    def __init__(
        self,
        script: Script,
        clock: Clock,
        *,
        prefix: str,
        lease: float,
        queued: Callable[[], None],
        on_event: OnEvent | None,
    ) -> None:
        self._script = script
        self._clock = clock
        self.now = clock.monotonic
        self._prefix = prefix
        self._lease = lease
        self._lease_in_redis = round(lease * MICROSECONDS)
        self._queued = queued
        self._on_event = on_event
        self.time = RedisTime(clock)
        self.days: dict[str, AppDay] = {}
        self.shards: dict[str, Shard] = {}
        self.unsent: dict[Shard, None] = {}  # those with corrections
        self._server_clock = ServerClock()
        self._name = secrets.token_hex(5)
        self._numbers = itertools.count()
        self._sweep_at = FIRST_SWEEP

    def shard_of(self, bucket: Bucket) -> Shard:
        """Where the windows of a bucket lie."""
        shard = self.shards.get(bucket.shard)
        if shard is None:
            if len(self.shards) >= self._sweep_at:
                self._sweep()
            shard = self.shards[bucket.shard] = Shard(self._prefix, bucket.shard)
        elif len(shard.mirrors) >= shard.sweep_at:
            shard.sweep(self.now())
        return shard

    def new_name(self) -> str:
        """A name that no other request has, of this process or another."""
        return f"{self._name}{next(self._numbers):x}"

    # -- asking -----------------------------------------------------------------------------

    async def call(
        self,
        shard: Shard,
        mirrors: list[Mirror],
        name: str,
        ticket: int,
    ) -> Reply:
        """Tell Redis what is pending, and ask for a slot in each of ``mirrors``.

        Args:
            shard: where they lie.
            mirrors: the windows.
            name: of the request; ``""`` asks for nothing.
            ticket: of the caller, who needs not be woken.

        Raises:
            LimiterUnavailable: Redis did not answer; it is not known what it has done.
            KeyOccupied: one of the windows can't be kept; Redis has done nothing.
        """
        corrections, some = shard.take(), mirrors or list(shard.mirrors.values())[:1]
        if not shard.pending:
            self.unsent.pop(shard, None)
        try:
            try:
                return await self._call(shard, mirrors, name, ticket, corrections)
            except Forgotten:
                told = memories(shard, self.now())
                self._keep(shard, told + corrections)
                while corrections := shard.take():
                    await self._call(shard, [], "", ticket, corrections, lost=True)
                self.unsent.pop(shard, None)
                return await self._call(shard, some, name, ticket, [])
        except KeyOccupied:
            if not corrections:
                raise
        # It may be a correction that speaks of such a key: what it tells of that one is dropped.
        pieces = [piece for correction in corrections for piece in correction.split()]
        try:
            while pieces:
                piece = pieces.pop(0)
                try:
                    await self._call(shard, [], "", ticket, [piece])
                except KeyOccupied:
                    shard.forget(piece)
        finally:
            self._keep(shard, pieces)
        return await self._call(shard, some, name, ticket, [])

    async def _call(
        self,
        shard: Shard,
        mirrors: list[Mirror],
        name: str,
        ticket: int,
        corrections: list[Correction],
        *,
        lost: bool = False,
    ) -> Reply:
        sent = self.now()
        windows, request = compose(
            mirrors, corrections, name, self._lease_in_redis, self.time, now=None if lost else sent
        )
        for mirror in windows:
            mirror.pending += 1  # not to be swept out meanwhile
        try:
            reply = await self._script.run([mirror.redis_key for mirror in windows], request)
        except (KeyOccupied, Forgotten):
            raise
        except BaseException:
            self._keep(shard, corrections)
            if name:
                self._queue(
                    shard, Correction(name, sent, sent, [(m, CANCEL, None) for m in mirrors])
                )
            raise
        finally:
            for mirror in windows:
                mirror.pending -= 1
        self.time.observe(reply.now, sent, self.now())
        for number, mirror in enumerate(windows):
            mirror.show(reply.now, reply.window(number), self.time)
        for correction in corrections:
            shard.forget(correction)
            for mirror, _, _ in correction.acts:
                if mirror.captaincy is not None:
                    captain = mirror.captaincy.captain()
                    if captain is not None and captain.ticket != ticket:
                        captain.wake()
        return reply

    def _keep(self, shard: Shard, corrections: list[Correction]) -> None:
        """Redis may not have got them: they are told again."""
        shard.put_back(corrections)
        if shard.pending:
            self.unsent[shard] = None

    async def flush(self, before: float) -> bool:
        """Tell Redis what has been pending since ``before``; whether all of that got there."""
        waiting = [shard for shard in self.unsent if shard.since <= before]
        for at in range(0, len(waiting), _FLUSHES_AT_ONCE):
            some = waiting[at : at + _FLUSHES_AT_ONCE]
            if not all(await asyncio.gather(*(self._flush(shard) for shard in some))):
                return False
        return True

    async def probe(self, shard: Shard) -> bool:
        """Whether Redis answers."""
        try:
            await self.call(shard, list(shard.mirrors.values())[:1], "", 0)
        except KeyOccupied:
            return True
        except LimiterUnavailable:
            return False
        return True

    async def _flush(self, shard: Shard) -> bool:
        longest = max((mirror.seconds for mirror in shard.mirrors.values()), default=0.0)
        shard.forget_until(self.now() - max(longest, self._lease) - 1.0)
        try:
            while shard.pending:
                await self.call(shard, [], "", 0)
        except LimiterUnavailable:
            return False
        self.unsent.pop(shard, None)
        return True

    def _queue(self, shard: Shard, correction: Correction) -> None:
        shard.queue(correction)
        self.unsent[shard] = None
        self._queued()

    # -- the end of a request ---------------------------------------------------------------

    def hold(self, bucket: Bucket) -> Slots:
        """Slots that were taken without Redis, which will hear of them."""
        shard, now = self.shard_of(bucket), self.now()
        mirrors = shard.mirrors_of(bucket)
        day = self.days.get(bucket.app_day)
        if day is not None:
            day.take(now)
        name = HELD + self.new_name()
        slots = Slots(self, bucket, shard, mirrors, name=name, sent=now, day=day)
        for mirror in mirrors:
            mirror.used += 1
            mirror.in_flight += 1
        if mirrors:
            self._queue(
                shard, Correction(slots.name, now, now, [(m, HOLD, None) for m in mirrors])
            )
        return slots

    def ended(self, slots: Slots, what: int) -> None:
        """A request ended without an answer."""
        for mirror in slots.mirrors:
            mirror.end_flight(None, counted=what != GIVE_BACK)
        self._report(slots, [(mirror, what, None) for mirror in slots.mirrors])

    def settle(self, slots: Slots, headers: RateHeaders, *, refused: bool) -> None:
        """Take in what an answer said, about each window the request was counted in."""
        now, bucket = self.now(), slots.bucket
        if headers.date is not None:
            self._server_clock.observe(headers.date, slots.sent, now)
        else:
            self._server_clock.assume(self._clock.time() - now)
        reports, blamed = reports_of(slots, headers, self._server_clock, now, refused=refused)
        if slots.day is not None or headers.app_day is not None:
            settle_app_day(
                self.days,
                slots,
                headers.app_day,
                self._server_clock,
                now,
                refused=refused,
                alone=blamed is None,
            )
        acts: list[Act] = []
        corrected: list[Corrected] = []
        for mirror in slots.mirrors:
            what = REFUSE if mirror is blamed else GIVE_BACK if refused else SETTLE
            told = None if what == GIVE_BACK else reports.pop(mirror, None)
            acts.append((mirror, what, told))
            used, limit = mirror.used, mirror.limit
            mirror.end_flight(told, counted=what == SETTLE)
            if self._on_event is not None and (used, limit) != (mirror.used, mirror.limit):
                corrected.append(
                    Corrected(
                        bucket=bucket.label,
                        window=mirror.key,
                        used=(used, mirror.used),
                        limit=(limit, mirror.limit),
                    )
                )
        for mirror, told in reports.items():  # X has spoken of it, and not counted this in it
            acts.append((mirror, LEARN, told))
            mirror.hear(told)
        self._report(slots, acts)
        if self._on_event is not None:
            for event in corrected:
                self._on_event(event)

    def _report(self, slots: Slots, acts: list[Act]) -> None:
        """Have Redis hear of it, and wake who may go on."""
        slots.shard.held.pop(slots.name, None)
        if acts:
            sent = slots.sent if slots.granted is None else slots.granted
            self._queue(slots.shard, Correction(slots.name, sent, self.now(), acts))
        for mirror, _, _ in acts:
            if mirror.captaincy is not None:
                mirror.captaincy.wake()
        if slots.day is not None and slots.day.captaincy is not None:
            slots.day.captaincy.wake()

    def _sweep(self) -> None:
        now = self.now()
        for name, shard in list(self.shards.items()):
            shard.sweep(now)
            if not shard.mirrors and not shard.pending:
                del self.shards[name]
        self._sweep_at = max(FIRST_SWEEP, 2 * len(self.shards))

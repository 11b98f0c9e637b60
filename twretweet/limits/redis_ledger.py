"""The slots that a process holds in Redis, and how what becomes of them gets there.

Whatever ends a request is kept as a correction. The next call for windows of the same shard
carries it, so that a request costs one round trip; if none comes, :meth:`Calls.flush` does.

The 24-hour window of the app lies with no account's windows, and one call can't reach both. So
each process keeps that one to itself, and learns from the answers what the others use.
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable

from twretweet.clock import Clock
from twretweet.events import Corrected, OnEvent
from twretweet.limits.bucket import Bucket
from twretweet.limits.redis_calls import Calls
from twretweet.limits.redis_script import Script
from twretweet.limits.redis_slots import AppDay, Slots, reports_of, settle_app_day
from twretweet.limits.redis_windows import (
    FIRST_SWEEP,
    GIVE_BACK,
    HELD,
    HOLD,
    LEARN,
    REFUSE,
    SETTLE,
    Act,
    Correction,
    Shard,
)
from twretweet.limits.skew import ServerClock
from twretweet.protocol.headers import RateHeaders


class Ledger:
    """All shards of one process.

    Args:
        script: asks Redis.
        clock: where time comes from.
        prefix: begins every key.
        lease: after how many seconds a request counts as lost of which nothing was heard.
        queued: called when there is something for :meth:`Calls.flush`.
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
        self.calls = Calls(script, clock, lease=lease, queued=queued)
        self._clock = clock
        self.now = clock.monotonic
        self._prefix = prefix
        self._on_event = on_event
        self.days: dict[str, AppDay] = {}
        self.shards: dict[str, Shard] = {}
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
            self.calls.queue(
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
            if what == REFUSE:
                mirror.back_off(now, told)
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
            self.calls.queue(slots.shard, Correction(slots.name, sent, self.now(), acts))
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

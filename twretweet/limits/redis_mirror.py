"""One window that lives in Redis, as the last answer showed it to this process.

That is for display, and to find out whether somebody in this process can bring news. Decisions are
made in Redis alone, but while it is away.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from msgspec import Struct

from twretweet.limits.bucket import Bucket, BucketState
from twretweet.limits.line import Captaincy
from twretweet.limits.redis_script import MICROSECONDS, RedisTime
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowMemory, WindowSpec
from twretweet.limits.unknowns import FIRST_BACKOFF
from twretweet.protocol.headers import WindowReport

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 1.0


class Told(Struct, frozen=True, gc=False):
    """What X said about one window; ``end`` is monotonic, ``doubt`` seconds."""

    limit: int
    remaining: int
    reset: int
    end: float
    doubt: float


def told_of(clock: ServerClock, report: WindowReport | None, now: float) -> Told | None:
    """What a report says; ``None`` if it can't be right."""
    end = clock.end_of(report, now)
    if report is None or end is None:
        return None
    return Told(report.limit, report.remaining, report.reset, end, clock.doubt(end))


class Mirror:
    """One window, as this process knows it.

    Attributes:
        held: how many slots this process holds.
        ends: monotonic; ``None`` where no window is known to be open.
        opens: monotonic; when there may be room again, where Redis said so.
        closed: monotonic; until when no request is to be sent after a 429, as far as is known.
        pause: how long to wait before asking again about what others have in flight.
    """

    __slots__ = (
        "bucket",
        "captaincy",
        "closed",
        "ends",
        "held",
        "in_flight",
        "jumps",
        "key",
        "known_spec",
        "limit",
        "number",
        "opens",
        "pause",
        "pending",
        "redis_key",
        "reset",
        "seconds",
        "seen",
        "spec",
        "used",
    )

    def __init__(self, spec: WindowSpec, redis_key: str, bucket: Bucket) -> None:
        self.key = spec.key
        self.redis_key = redis_key
        self.bucket = bucket  # that used it first
        self.seconds = spec.seconds
        self.spec = (-1 if spec.limit is None else spec.limit, round(spec.seconds * MICROSECONDS))
        self.known_spec = (*self.spec, 1)
        self.limit = spec.limit
        self.used = self.in_flight = self.reset = self.seen = 0
        self.jumps: int = 0  # of the clock, when it was seen
        self.ends: float | None = None
        self.opens: float | None = None
        self.closed = -math.inf
        self.held = 0
        self.pending = 0  # corrections that speak of it
        self.number = 0  # in the call that is being put together; 0 if not in it
        self.pause = FIRST_PAUSE
        self.captaincy: Captaincy | None = None  # while anybody waits

    def waiting_room(self) -> Captaincy:
        """Where to register for this window."""
        if self.captaincy is None:
            self.captaincy = Captaincy()
        return self.captaincy

    def show(self, now: int, numbers: Sequence[int], time: RedisTime) -> None:
        """Take in what a call answered, unless a later one has answered already."""
        if now < self.seen and time.jumps == self.jumps:
            return
        self.seen, self.jumps = now, time.jumps
        limit, self.used, ends_in, self.in_flight, self.reset = numbers
        self.limit = None if limit < 0 else limit
        self.ends = self.opens = None if ends_in < 0 else time.to_local(now + ends_in)

    def refuse(self, now: float, opens: float) -> None:
        """Redis gave no slot, and named a moment when there may be one."""
        self.opens = opens
        if self.room(now):  # so it is not for want of one
            self.closed = opens

    def back_off(self, now: float, told: Told | None) -> None:
        """A 429 came that Redis has yet to hear of."""
        if told is None or told.remaining > 0:
            self.closed = max(self.closed, now + min(FIRST_BACKOFF, self.seconds))

    def end_flight(self, told: Told | None, *, counted: bool) -> None:
        """A request of this process has ended; Redis will hear of it later."""
        self.held -= 1
        self.in_flight = max(self.in_flight - 1, self.held, 0)
        if told is not None:
            self.hear(told)
        elif not counted:
            self.used = max(self.used - 1, 0)

    def hear(self, told: Told) -> None:
        """Show what X said."""
        self.limit, self.ends, self.reset = told.limit, told.end, told.reset
        self.used = told.limit - told.remaining + self.in_flight

    def room(self, now: float) -> int:
        """How many slots were left, the last time that Redis was asked."""
        if self.limit is None:
            return 1 << 30
        used = self.in_flight if self.ends is None or self.ends <= now else self.used
        return max(self.limit - used, 0)

    def opens_at(self, now: float) -> float | None:
        """When there may be room again, as far as Redis has said."""
        return self.opens if self.opens is not None and self.opens > now else None

    def idle(self, now: float) -> bool:
        """Whether nothing would be lost with this."""
        awaited = self.captaincy is not None and self.captaincy.captain() is not None
        busy = awaited or self.held or self.pending or self.in_flight
        return not busy and (self.ends is None or self.ends <= now)

    def state(self, label: str, waiting: int, now: float, epoch: float) -> BucketState:
        """For display."""
        ends = None if self.ends is None or self.ends <= now else self.ends
        return BucketState(
            endpoint=self.bucket.endpoint,
            bucket=label,
            window=self.key,
            limit=self.limit,
            remaining=None if self.limit is None else self.room(now),
            resets_at=None if ends is None else ends - now + epoch,
            in_flight=self.in_flight,
            waiting=waiting,
        )

    def known(self, now: float) -> bool:
        """Whether Redis has to know it too: it has said so, and it still matters."""
        return self.seen > 0 and (self.held > 0 or self._is_open(now))

    def _is_open(self, now: float) -> bool:
        return bool(self.limit) and self.ends is not None and self.ends > now

    def recall(self, now: float) -> Told | None:
        """What others have in flight counts as used: they may tell of it too late."""
        if self.limit is None or self.ends is None or not self._is_open(now):
            return None
        counted = min(max(self.used - self.held, 0), self.limit)
        return Told(self.limit, self.limit - counted, self.reset, self.ends, 1.0)

    def remember(
        self, share: Callable[[int], int], now: float, epoch: float
    ) -> WindowMemory | None:
        """This window for a limiter that may use a share of it; ``None`` if it is like new."""
        end = self.ends if self.ends is not None and self.ends > now else self.closed
        if self.limit is None or end <= now:
            return None
        limit, closed = share(self.limit), self.closed > now
        return WindowMemory(
            key=self.key,
            limit=limit,
            seconds=self.seconds,
            used=limit - min(limit, self.room(now)),
            ends_at=end - now + epoch,
            reset=self.reset,
            closed_until=self.closed - now + epoch if closed else None,
            backoff=self.closed - now if closed else 0.0,
        )

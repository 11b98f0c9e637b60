"""What a process knows of windows that live in Redis, and what it has yet to tell.

A *shard* holds the windows that lie together in Redis, and the *corrections* that no call has
carried there yet. A *mirror* is one window as the last answer showed it, for display and to find
out whether somebody in this process can bring news. Decisions are made in Redis alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import TypeAlias

from msgspec import Struct

from twretweet.limits.bucket import Bucket, BucketState
from twretweet.limits.line import Captaincy
from twretweet.limits.redis_script import MICROSECONDS, RedisTime
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowMemory, WindowSpec
from twretweet.protocol.headers import WindowReport

# What happened in one window, as window.lua calls it.
GIVE_BACK, LOSE, SETTLE, REFUSE, LEARN, HOLD, CANCEL, RESTORE = 1, 2, 3, 4, 5, 6, 7, 8
# And how the ids of requests begin that went without asking.
HELD = "+"

FIRST_PAUSE = 0.02
LONGEST_PAUSE = 1.0
# What is idle is swept out when its number has doubled, and never below this.
FIRST_SWEEP = 1024
# So many corrections travel in one call; and a shard holds no more than so many while Redis is
# away. What is dropped then counts as lost at the end of its lease.
_MOST_PER_CALL = 32
_MOST_KEPT = 1024


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
        pause: how long to wait before asking again about what others have in flight.
    """

    __slots__ = (
        "bucket",
        "captaincy",
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
        """This window for a limiter that may use a share of it; ``None`` if none is open."""
        if self.limit is None or self.ends is None or self.ends <= now:
            return None
        limit = share(self.limit)
        return WindowMemory(
            key=self.key,
            limit=limit,
            seconds=self.seconds,
            used=limit - min(limit, self.room(now)),
            ends_at=self.ends - now + epoch,
            reset=self.reset,
        )


Act: TypeAlias = tuple[Mirror, int, Told | None]


class Correction:
    """What happened to one request, to be told to Redis.

    Attributes:
        name: of the request, its id in Redis.
        sent: when it got its slots, in Redis's time; monotonic seconds where Redis did not give
            them.
        heard: when it ended, monotonic.
        acts: what happened in each window.
    """

    __slots__ = ("acts", "heard", "name", "sent")

    def __init__(self, name: str, sent: int | float, heard: float, acts: list[Act]) -> None:
        self.name = name
        self.sent = sent
        self.heard = heard
        self.acts = acts

    def count(self) -> None:
        """It is pending now: no mirror it speaks of may be swept out."""
        for mirror, _, _ in self.acts:
            mirror.pending += 1

    def split(self) -> list[Correction]:
        """The same, window by window."""
        return [Correction(self.name, self.sent, self.heard, [act]) for act in self.acts]

    def encode(self, time: RedisTime) -> list[object]:
        """As window.lua wants it; every mirror has its number in the call."""
        sent = self.sent if isinstance(self.sent, int) else time.to_redis(self.sent)
        encoded: list[object] = [self.name, sent, time.to_redis(self.heard)]
        for mirror, what, told in self.acts:
            if told is None:
                encoded.append((mirror.number, what))
            else:
                end = time.to_redis(told.end)
                fuzz = round(told.doubt * MICROSECONDS) + time.doubt
                encoded.append(
                    (mirror.number, what, told.limit, told.remaining, told.reset, end, fuzz)
                )
        return encoded


class Shard:
    """Windows that lie together in Redis.

    Attributes:
        mirrors: by the key of the window.
        held: this process's requests by id: when each was sent, and what it counts in.
        pending: corrections, oldest first.
        since: when the oldest was put there, monotonic.
        sweep_at: how many mirrors to let gather before those that are idle are dropped.
    """

    __slots__ = ("held", "mirrors", "pending", "prefix", "since", "sweep_at")

    def __init__(self, prefix: str, name: str) -> None:
        # What stands in braces decides where Redis Cluster keeps a key.
        tag = name.replace("{", "(").replace("}", ")")
        self.prefix = f"{prefix}:{{{tag}}}:"
        self.mirrors: dict[str, Mirror] = {}
        self.held: dict[str, tuple[int | float, list[Mirror]]] = {}
        self.pending: deque[Correction] = deque()
        self.since = 0.0
        self.sweep_at = FIRST_SWEEP

    def sweep(self, now: float) -> None:
        """Drop the mirrors that are idle."""
        self.mirrors = {key: each for key, each in self.mirrors.items() if not each.idle(now)}
        self.sweep_at = max(FIRST_SWEEP, 2 * len(self.mirrors))

    def mirror(self, spec: WindowSpec, bucket: Bucket) -> Mirror:
        """The mirror of one window."""
        mirror = self.mirrors.get(spec.key)
        if mirror is None:
            mirror = self.mirrors[spec.key] = Mirror(spec, self.prefix + spec.key, bucket)
        return mirror

    def mirrors_of(self, bucket: Bucket) -> list[Mirror]:
        """Those that a request of ``bucket`` needs a slot in, as far as they lie here."""
        known = self.mirrors
        mirrors = [known.get(spec.key) or self.mirror(spec, bucket) for spec in bucket.windows]
        day = known.get(bucket.user_day)
        if day is not None:
            mirrors.append(day)
        return mirrors

    def queue(self, correction: Correction) -> None:
        """Keep for the next call."""
        if not self.pending:
            self.since = correction.heard
        elif len(self.pending) >= _MOST_KEPT:
            self.forget(self.pending.popleft())
        correction.count()
        self.pending.append(correction)

    def take(self) -> list[Correction]:
        """What the next call carries."""
        pending = self.pending
        if not pending:
            return []
        if len(pending) <= _MOST_PER_CALL:
            taken = list(pending)
            pending.clear()
            return taken
        taken = [pending.popleft() for _ in range(_MOST_PER_CALL)]
        self.since = pending[0].heard
        return taken

    def put_back(self, corrections: Sequence[Correction]) -> None:
        """Redis may not have got them."""
        if corrections:
            self.pending.extendleft(reversed(corrections))
            self.since = corrections[0].heard

    def forget(self, correction: Correction) -> None:
        """It has been told, or is too old to matter."""
        for mirror, _, _ in correction.acts:
            mirror.pending -= 1

    def forget_until(self, moment: float) -> None:
        """Drop what was heard so long ago that it matters no more."""
        while self.pending and self.pending[0].heard < moment:
            self.forget(self.pending.popleft())


def compose(
    asked: list[Mirror],
    corrections: list[Correction],
    name: str,
    lease: int,
    time: RedisTime,
    *,
    now: float | None,
) -> tuple[list[Mirror], tuple[object, ...]]:
    """The windows of a call, and its argument; without ``now``, Redis need not know any."""
    mirrors = asked.copy()
    needed = len(mirrors)
    for number, mirror in enumerate(mirrors, 1):
        mirror.number = number
    for correction in corrections:
        for mirror, _, _ in correction.acts:
            if not mirror.number:
                mirrors.append(mirror)
                mirror.number = len(mirrors)
    told = [correction.encode(time) for correction in corrections]
    specs = [m.spec if now is None or not m.known(now) else m.known_spec for m in mirrors]
    for mirror in mirrors:
        mirror.number = 0
    return mirrors, (name, lease, needed if name else 0, specs, told)

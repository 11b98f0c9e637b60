"""What a process knows of windows that live in Redis, and what it has yet to tell.

A *shard* holds the windows that lie together in Redis, and the *corrections* that no call has
carried there yet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import TypeAlias

from twretweet.limits.bucket import Bucket
from twretweet.limits.redis_mirror import Mirror, Told
from twretweet.limits.redis_script import MICROSECONDS, RedisTime
from twretweet.limits.spec import WindowSpec

# What happened in one window, as window.lua calls it.
GIVE_BACK, LOSE, SETTLE, REFUSE, LEARN, HOLD, CANCEL, RESTORE = 1, 2, 3, 4, 5, 6, 7, 8
# And how the ids of requests begin that went without asking.
HELD = "+"

# What is idle is swept out when its number has doubled, and never below this.
FIRST_SWEEP = 1024
# So many corrections travel in one call; and a shard holds no more than so many while Redis is
# away. What is dropped then counts as lost at the end of its lease.
_MOST_PER_CALL = 32
_MOST_KEPT = 1024


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

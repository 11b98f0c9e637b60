"""Buckets in the memory of one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from twretweet.clock import Clock, SystemClock
from twretweet.errors import QueryError
from twretweet.events import OnEvent
from twretweet.limits.bucket import Bucket, BucketState, Permit
from twretweet.limits.gate import Gate, Refusal
from twretweet.limits.memory_slots import Answers, Slots, wake_for
from twretweet.limits.memory_windows import SharedWindow
from twretweet.limits.spec import Pace, WindowMemory, WindowSpec

# Windows that are over are swept out when their number has doubled, and never below this.
_FIRST_SWEEP = 1024


class MemoryLimiter:
    """Keeps the windows of all accounts of one process.

    One limiter may serve several managers; they then count together. A window that is over is
    forgotten, so accounts that do nothing cost nothing.

    Args:
        pace: ``"burst"`` sends as soon as there are slots; ``"even"`` spreads them over the
            window.
        clock: where time comes from.
        on_event: is told of ``Waiting``, ``Granted`` and ``Corrected``.
    """

    def __init__(
        self,
        *,
        pace: Pace = "burst",
        clock: Clock | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        if pace not in ("burst", "even"):
            raise QueryError(f"pace is {pace!r}: it must be 'burst' or 'even'")
        self._pace: Pace = pace
        self._clock = SystemClock() if clock is None else clock
        self._now = self._clock.monotonic
        self._windows: dict[str, SharedWindow] = {}
        self._sweep_at = _FIRST_SWEEP
        self._answers = Answers(self._clock, self._window, on_event)
        self._gate: Gate[Slots] = Gate(
            self._clock,
            ask=self._ask,
            opens=self._opens,
            granted=wake_for,
            hand=self._hand,
            on_event=on_event,
        )

    async def acquire(self, bucket: Bucket, *, max_wait: float | None) -> Permit:
        """Wait for a slot in every window of ``bucket``, first come, first served.

        Args:
            bucket: what the request counts in.
            max_wait: the longest wait in seconds; ``None`` waits as long as it takes.

        Raises:
            RateLimitExceeded: the wait would be, or has been, longer.
        """
        slots = self.take(bucket)
        if slots is not None:
            return slots
        if len(self._windows) >= self._sweep_at:
            self._sweep()
        if bucket.key not in self._gate.lines:
            for window in self._windows_of(bucket):
                window.wait_for(bucket.key)
        try:
            return await self._gate.wait(bucket, max_wait=max_wait)
        finally:
            if bucket.key not in self._gate.lines:
                for window in self._windows_of(bucket):
                    window.wait_no_more(bucket.key)

    def take(self, bucket: Bucket) -> Permit | None:
        """A slot in every window of ``bucket`` where they are known to be free, else ``None``.

        Then nobody waits for them, so nobody is overtaken.
        """
        if bucket.key in self._gate.lines:
            return None
        windows = self._windows_of(bucket)
        now = self._now()
        for window in windows:
            if now >= window.fresh_until or window.free <= 0 or window.captaincy is not None:
                return None
        for window in windows:
            window.free -= 1
            window.in_flight += 1
        return Slots(self._answers, bucket, windows, now)

    def states(self, buckets: Iterable[Bucket] | None = None) -> list[BucketState]:
        """What is left of every window of ``buckets``, or of all that are in use."""
        lines = self._gate.lines
        if buckets is None:
            waiting: Counter[str] = Counter()
            for line in lines.values():
                seen = (window.key for window in self._seen_of(line.bucket))
                waiting.update(dict.fromkeys(seen, len(line)))
            return [
                self._state(window, window.endpoint, key, waiting[key])
                for key, window in self._windows.items()
                if window.endpoint is not None
            ]
        return [
            self._state(window, bucket.endpoint, bucket.label, len(lines.get(bucket.key, ())))
            for bucket in buckets
            for window in self._seen_of(bucket)
        ]

    def snapshot(self) -> str:
        """All open windows as JSON, for :meth:`restore` in the next run of the program."""
        now, epoch = self._now(), self._clock.time()
        memories = [window.remember(now, epoch) for window in self._windows.values()]
        return msgspec.json.encode([memory for memory in memories if memory]).decode()

    def restore(self, snapshot: str | bytes) -> None:
        """Take over the windows of :meth:`snapshot` that are still open.

        Raises:
            QueryError: this is no snapshot.
        """
        try:
            memories = msgspec.json.decode(snapshot, type=list[WindowMemory])
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise QueryError(f"this is no snapshot of a limiter: {error}") from error
        now, epoch = self._now(), self._clock.time()
        # Of two records of one window, the first is taken: the one that leaves less.
        for memory in sorted(memories, key=lambda memory: -memory.used):
            window = self._window(WindowSpec(memory.key, memory.limit, memory.seconds), None)
            window.recall(memory, now, epoch)

    # -- for the gate -----------------------------------------------------------------------

    async def _ask(self, bucket: Bucket, ticket: int) -> Slots | Refusal:
        windows = self._windows_of(bucket)
        now = self._now()
        for window in windows:
            captain = None if window.captaincy is None else window.captaincy.captain()
            if captain is not None and captain.ticket < ticket:
                # Somebody in another line came earlier, and is asking or about to.
                return Refusal(window.waiting_room(), window.opens_at(now))
            if not window.room(now):
                opens = window.opens_at(now)
                look = window.ends_at(now) if opens is None else None
                return Refusal(window.waiting_room(), opens, look)
        for window in windows:
            window.take(now)
        return Slots(self._answers, bucket, windows, now)

    def _hand(self, bucket: Bucket) -> Slots | None:
        windows, now = self._windows_of(bucket), self._now()
        for window in windows:
            # Where those of other buckets wait too, one who came earlier may be about to ask.
            if window.waited_for_by != bucket.key:
                return None
            if now >= window.fresh_until or window.free <= 0:
                return None
        for window in windows:
            window.free -= 1
            window.in_flight += 1
        return Slots(self._answers, bucket, windows, now)

    def _opens(self, bucket: Bucket, ahead: int, now: float) -> float:
        until = now
        for window in self._windows_of(bucket):
            opens, limit = window.opens_at(now, ahead), window.limit
            if opens is not None:
                left = 0 if limit is None else max(limit - window.used(now), 0)
                whole_windows = (ahead - left) // limit if limit and ahead > left else 0
                until = max(until, opens + whole_windows * window.seconds)
        return until

    # -- windows ----------------------------------------------------------------------------

    def _windows_of(self, bucket: Bucket) -> list[SharedWindow]:
        known = self._windows
        windows: list[SharedWindow] = []
        for spec in bucket.windows:
            window = known.get(spec.key)
            windows.append(self._window(spec, bucket) if window is None else window)
        if self._answers.days:
            windows += [known[key] for key in (bucket.user_day, bucket.app_day) if key in known]
        return windows

    def _seen_of(self, bucket: Bucket) -> Iterator[SharedWindow]:
        """The windows of a bucket as they are, or would be; looking at them makes none."""
        for spec in bucket.windows:
            yield self._windows.get(spec.key) or SharedWindow(spec, self._pace)
        for key in (bucket.user_day, bucket.app_day):
            if key in self._windows:
                yield self._windows[key]

    def _window(self, spec: WindowSpec, bucket: Bucket | None) -> SharedWindow:
        window = self._windows.get(spec.key)
        if window is not None and window.endpoint is None and bucket is not None:
            window.endpoint = bucket.endpoint  # it came from a snapshot
        if window is None:
            window = self._windows[spec.key] = SharedWindow(spec, self._pace)
            window.endpoint = None if bucket is None else bucket.endpoint
        return window

    def _sweep(self) -> None:
        now = self._now()
        idle = [
            key
            for key, window in self._windows.items()
            if (window.captaincy is None or not window.captaincy.captain()) and window.idle(now)
        ]
        for key in idle:
            del self._windows[key]
        self._windows = dict(self._windows)  # a dict does not shrink by itself
        self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._windows))

    def _state(self, window: SharedWindow, endpoint: str, label: str, waiting: int) -> BucketState:
        now = self._now()
        ends, limit = window.ends_at(now), window.limit
        return BucketState(
            endpoint=endpoint,
            bucket=label,
            window=window.key,
            limit=limit,
            remaining=None if limit is None else max(limit - window.used(now), 0),
            resets_at=None if ends is None else ends - now + self._clock.time(),
            in_flight=window.in_flight,
            waiting=waiting,
        )

"""Buckets in the memory of one process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec

from twretweet.clock import Clock, SystemClock
from twretweet.errors import QueryError
from twretweet.events import Corrected, OnEvent
from twretweet.limits.bucket import Bucket, BucketState, Permit
from twretweet.limits.gate import Captaincy, Gate, Refusal
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import Pace, WindowMemory, WindowSpec
from twretweet.limits.window import FixedWindow
from twretweet.protocol.headers import RateHeaders, WindowReport

_DAY = 86_400.0
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
        self._on_event = on_event
        self._now = self._clock.monotonic
        self._server_clock = ServerClock()
        self._windows: dict[str, _Shared] = {}
        self._days = False  # whether X has ever reported a 24-hour window
        self._sweep_at = _FIRST_SWEEP
        self._gate: Gate[_Slots] = Gate(
            self._clock,
            ask=self._ask,
            opens=self._opens,
            granted=self._granted,
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
        return await self._gate.wait(bucket, max_wait=max_wait)

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
        return _Slots(self, bucket, windows, now)

    def states(self, buckets: Iterable[Bucket] | None = None) -> list[BucketState]:
        """What is left of every window of ``buckets``, or of all that are in use."""
        lines = self._gate.lines
        if buckets is None:
            waiting: Counter[str] = Counter()
            for line in lines.values():
                waiting.update({each.key: len(line) for each in self._windows_of(line.bucket)})
            return [
                self._state(window, window.endpoint, key, waiting[key])
                for key, window in self._windows.items()
                if window.endpoint is not None
            ]
        return [
            self._state(window, bucket.endpoint, bucket.label, len(lines.get(bucket.key, ())))
            for bucket in buckets
            for window in self._windows_of(bucket)
        ]

    def snapshot(self) -> str:
        """All open windows as JSON, for :meth:`restore` in the next run of the program."""
        now, epoch = self._now(), self._clock.time()
        memories = [w.remember(key, now, epoch) for key, w in self._windows.items()]
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

    async def _ask(self, bucket: Bucket, ticket: int) -> _Slots | Refusal:
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
        return _Slots(self, bucket, windows, now)

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

    def _windows_of(self, bucket: Bucket) -> list[_Shared]:
        known = self._windows
        windows: list[_Shared] = []
        for spec in bucket.windows:
            window = known.get(spec.key)
            windows.append(self._window(spec, bucket) if window is None else window)
        if self._days:
            windows += [known[key] for key in (bucket.user_day, bucket.app_day) if key in known]
        return windows

    def _window(self, spec: WindowSpec, bucket: Bucket | None) -> _Shared:
        window = self._windows.get(spec.key)
        if window is not None and window.endpoint is None and bucket is not None:
            window.endpoint = bucket.endpoint  # it came from a snapshot
        if window is None:
            window = self._windows[spec.key] = _Shared(spec, self._pace)
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

    # -- the end of a request ---------------------------------------------------------------

    def ended(self, windows: Iterable[_Shared]) -> None:
        """Wake who may go on now that slots came back, or something new is known."""
        for window in windows:
            if window.captaincy is not None and not window.captaincy.wake():
                window.captaincy = None

    def _granted(self, slots: _Slots) -> None:
        self.ended(slots.windows)

    def settle(self, slots: _Slots, headers: RateHeaders, *, refused: bool) -> None:
        """Take in what an answer said, about each window the request was counted in."""
        sent, now = slots.sent, self._now()
        clock, bucket = self._server_clock, slots.bucket
        if headers.date is not None:
            clock.observe(headers.date, sent, now)
        else:
            clock.assume(self._clock.time() - now)
        windows, listening = slots.windows, self._on_event is not None
        # Nearly always the answer speaks of the endpoint's own window alone, which is the first.
        report = headers.window
        reports: dict[_Shared, WindowReport] = {}
        blamed: _Shared | None = None
        several = refused or headers.user_day is not None or headers.app_day is not None
        if several:
            reports, blamed = self._reports(slots, headers, now, refused=refused)
        corrections: list[Corrected] = []
        for window in windows:
            if several:
                report = reports.pop(window, None)
            before = (window.used(now), window.limit) if listening else None
            if window is blamed:
                window.refuse(sent, report, clock, now)
            elif refused:
                window.give_back(sent)  # X does not count what it refuses
            else:
                window.settle(sent, report, clock, now)
            report = None
            if before is not None and before != (window.used(now), window.limit):
                corrections.append(_correction(window, bucket, before, now))
        for day, told in reports.items():  # X has spoken of it for the first time
            day.learn(sent, told, clock, now)
        self.ended(windows)
        if self._on_event is not None:
            for correction in corrections:
                self._on_event(correction)

    def _reports(
        self, slots: _Slots, headers: RateHeaders, now: float, *, refused: bool
    ) -> tuple[dict[_Shared, WindowReport], _Shared | None]:
        """Which window each report speaks of, and which window a 429 closes."""
        bucket = slots.bucket
        reports: dict[_Shared, WindowReport] = {}
        if headers.window is not None and slots.windows:
            reports[slots.windows[0]] = headers.window
        blamed = slots.windows[0] if refused and slots.windows else None
        for key, report in (
            (bucket.user_day, headers.user_day),
            (bucket.app_day, headers.app_day),
        ):
            if report is not None and report.limit > 0:
                self._days = True
                day = self._window(WindowSpec(key, report.limit, _DAY), bucket)
                reports[day] = report
                ends = self._server_clock.to_local(report.reset)
                if refused and report.remaining == 0 and ends > now:
                    blamed = day  # a day that is used up explains a 429 by itself
        return reports, blamed

    @property
    def now(self) -> float:
        """The monotonic clock."""
        return self._now()

    def _state(self, window: _Shared, endpoint: str, label: str, waiting: int) -> BucketState:
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


def _correction(
    window: _Shared, bucket: Bucket, before: tuple[int, int | None], now: float
) -> Corrected:
    return Corrected(
        bucket=bucket.label,
        window=window.key,
        used=(before[0], window.used(now)),
        limit=(before[1], window.limit),
    )


class _Shared(FixedWindow):
    """A window, and those who are registered with it."""

    __slots__ = ("captaincy", "endpoint", "key")

    def __init__(self, spec: WindowSpec, pace: Pace) -> None:
        super().__init__(spec, pace)
        self.key = spec.key
        self.endpoint: str | None = None  # that used it first; None: a snapshot told of it
        self.captaincy: Captaincy | None = None  # while anybody waits

    def waiting_room(self) -> Captaincy:
        if self.captaincy is None:
            self.captaincy = Captaincy()
        return self.captaincy


class _Slots:
    """A slot in each window of a bucket."""

    __slots__ = ("_limiter", "bucket", "sent", "windows")

    def __init__(
        self, limiter: MemoryLimiter, bucket: Bucket, windows: list[_Shared], sent: float
    ) -> None:
        self._limiter = limiter
        self.bucket = bucket
        self.windows = windows
        self.sent = sent

    def give_back(self) -> None:
        for window in self.windows:
            window.give_back(self.sent)
        self._limiter.ended(self.windows)

    def lose(self) -> None:
        now = self._limiter.now
        for window in self.windows:
            window.lose(self.sent, now)
        self._limiter.ended(self.windows)

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        self._limiter.settle(self, headers, refused=refused)

"""Buckets in the memory of one process."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from twretweet.clock import Clock, SystemClock
from twretweet.limits.bucket import Bucket, BucketState, Permit
from twretweet.limits.gate import Line
from twretweet.limits.skew import ServerClock
from twretweet.limits.window import FixedWindow, WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport

_DAY = 86_400.0


class MemoryLimiter:
    """Keeps the windows of all accounts of one process.

    One limiter may serve several managers; they then count together.

    Args:
        clock: where time comes from.
    """

    def __init__(self, *, clock: Clock | None = None) -> None:
        self._board = _Board(SystemClock() if clock is None else clock)
        self._tickets = count()

    async def acquire(self, bucket: Bucket, *, max_wait: float | None) -> Permit:
        """Wait for a slot in every window of ``bucket``, first come, first served.

        Args:
            bucket: what the request counts in.
            max_wait: the longest wait in seconds; ``None`` waits as long as it takes.

        Raises:
            RateLimitExceeded: the wait would be, or has been, longer.
        """
        queue = self._board.queue(bucket)
        ticket = next(self._tickets)
        if not queue.line:
            slots = queue.take(ticket)
            if slots is not None:
                return slots
        if max_wait is not None:
            queue.refuse_long_wait(max_wait)
        return await queue.wait(ticket, max_wait)

    def states(self, buckets: Iterable[Bucket] | None = None) -> list[BucketState]:
        """What is left of every window in use, or of those of ``buckets``."""
        if buckets is None:
            queues = list(self._board.queues.values())
        else:
            queues = [self._board.queue(bucket) for bucket in buckets]
        return [state for queue in queues for state in queue.states()]


class _Board:
    """All windows and lines of one limiter, and the clocks they go by."""

    __slots__ = ("clock", "queues", "server_clock", "windows")

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.server_clock = ServerClock()
        self.windows: dict[str, _SharedWindow] = {}
        self.queues: dict[str, _Queue] = {}

    def queue(self, bucket: Bucket) -> _Queue:
        queue = self.queues.get(bucket.key)
        if queue is None:
            windows = [self.window(spec) for spec in bucket.windows]
            days = (self.windows.get(key) for key in (bucket.user_day, bucket.app_day))
            windows += [window for window in days if window is not None]
            queue = self.queues[bucket.key] = _Queue(self, bucket, windows)
        return queue

    def window(self, spec: WindowSpec) -> _SharedWindow:
        window = self.windows.get(spec.key)
        if window is None:
            window = self.windows[spec.key] = _SharedWindow(spec)
        return window


class _SharedWindow(FixedWindow):
    """A window, and the queues whose heads wait for it."""

    __slots__ = ("watchers",)

    def __init__(self, spec: WindowSpec) -> None:
        super().__init__(spec)
        self.watchers: dict[_Queue, None] = {}

    def first_watcher(self, now: float) -> _Queue | None:
        """The queue whose head has waited longest, of those that lack nothing else."""
        if not self.room(now):
            return None
        ready = [queue for queue in self.watchers if queue.line and queue.has_room(now)]
        return min(ready, key=lambda queue: queue.line.ticket, default=None)

    def wake_next(self, now: float) -> None:
        """Have the head that is next ask again, if there is room for it."""
        if self.watchers and (first := self.first_watcher(now)) is not None:
            first.line.wake()

    def tell_watchers(self, now: float) -> None:
        """Something has changed: wake who is next, and who sleeps by an end that is no more."""
        self.wake_next(now)
        for queue in self.watchers:
            if not queue.has_room(now):
                queue.line.reset_alarm(queue.opens_at())


class _Queue:
    """The line of one bucket and the windows it waits for."""

    __slots__ = ("_board", "bucket", "line", "windows")

    def __init__(self, board: _Board, bucket: Bucket, windows: list[_SharedWindow]) -> None:
        self._board = board
        self.bucket = bucket
        self.windows = windows
        self.line = Line(bucket.label, board.clock)

    def take(self, ticket: int) -> _Slots | None:
        now = self._board.clock.monotonic()
        if not self.has_room(now):
            # Woken in vain: the room it was woken for may suit the next.
            for window in self.windows:
                window.wake_next(now)
            return None
        for window in self.windows:
            # Another bucket of the same window may have somebody who came earlier.
            if window.watchers:
                first = window.first_watcher(now)
                if first is not None and first is not self and first.line.ticket < ticket:
                    first.line.wake()
                    return None
        return _Slots(self._board, self, now)

    def has_room(self, now: float) -> bool:
        return all(window.room(now) for window in self.windows)

    def opens_at(self) -> float | None:
        """When there may be room: when the last of the full windows opens."""
        now = self._board.clock.monotonic()
        latest = None
        for window in self.windows:
            if not window.room(now):
                opens = window.opens_at(now)
                if opens is None:
                    return None
                latest = opens if latest is None else max(latest, opens)
        return latest

    def refuse_long_wait(self, max_wait: float) -> None:
        """Raise at once if those ahead alone will use up what ``max_wait`` gives."""
        now = self._board.clock.monotonic()
        until = now
        for window in self.windows:
            opens = window.opens_at(now)
            if window.limit is None or opens is None:
                continue
            missing = len(self.line) + 1 - window.room(now)
            if missing > 0:
                whole_windows = (missing - 1) // window.limit
                until = max(until, opens + whole_windows * window.seconds)
        if until - now > max_wait:
            raise self.line.refusal(now, until, len(self.line))

    async def wait(self, ticket: int, max_wait: float | None) -> Permit:
        for window in self.windows:
            window.watchers[self] = None
        return await self.line.wait(_Turn(self, ticket), ticket, max_wait=max_wait)

    def left(self) -> None:
        """The head has gone: tell the heads of other buckets if there is room for them."""
        now = self._board.clock.monotonic()
        for window in self.windows:
            if not self.line:
                window.watchers.pop(self, None)
            window.wake_next(now)

    def learn_day(self, key: str, report: WindowReport, *, sent: float, now: float) -> None:
        """X speaks of a 24-hour window: count in it from now on."""
        window = self._board.window(WindowSpec(key, report.limit, _DAY))
        if window not in self.windows:
            self.windows = [*self.windows, window]
            if self.line:
                window.watchers[self] = None
        window.learn(report, self._board.server_clock, sent=sent, now=now)

    def states(self) -> list[BucketState]:
        clock = self._board.clock
        now, offset = clock.monotonic(), clock.time() - clock.monotonic()
        states: list[BucketState] = []
        for window in self.windows:
            ends = window.opens_at(now)
            limit = window.limit
            states.append(
                BucketState(
                    bucket=self.bucket.label,
                    window=window.key,
                    limit=limit,
                    remaining=None if limit is None else max(limit - window.used(now), 0),
                    resets_at=None if ends is None else ends + offset,
                    in_flight=window.in_flight,
                    waiting=len(self.line),
                )
            )
        return states


class _Turn:
    """One waiter's view of its queue."""

    __slots__ = ("_queue", "_ticket")

    def __init__(self, queue: _Queue, ticket: int) -> None:
        self._queue = queue
        self._ticket = ticket

    def take(self) -> Permit | None:
        return self._queue.take(self._ticket)

    def opens_at(self) -> float | None:
        return self._queue.opens_at()

    def left(self) -> None:
        self._queue.left()


class _Slots:
    """A slot in each window of a bucket."""

    __slots__ = ("_board", "_marks", "_queue", "_sent", "_windows")

    def __init__(self, board: _Board, queue: _Queue, now: float) -> None:
        self._board = board
        self._queue = queue
        self._windows = queue.windows
        self._sent = now
        self._marks = [window.take(now) for window in queue.windows]

    def give_back(self) -> None:
        for window, mark in zip(self._windows, self._marks, strict=True):
            window.give_back(mark)
        self._wake()

    def lose(self) -> None:
        now = self._board.clock.monotonic()
        for window, mark in zip(self._windows, self._marks, strict=True):
            window.lose(mark, now)
        self._wake()

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        clock, server_clock, sent = self._board.clock, self._board.server_clock, self._sent
        now = clock.monotonic()
        if headers.date is not None:
            server_clock.observe(headers.date, sent, now)
        else:
            server_clock.assume(clock.time() - now)
        days = self._day_reports(headers)
        for key, day in days.items():
            self._queue.learn_day(key, day, sent=sent, now=now)
        # Without a day that is used up and has yet to end, a 429 can only mean the endpoint's own
        # window: one of the two has to close, or the next request would go out at once.
        by_day = any(
            day.remaining == 0 and not self._board.windows[key].room(now)
            for key, day in days.items()
        )
        for index, (window, mark) in enumerate(zip(self._windows, self._marks, strict=True)):
            report = headers.window if index == 0 else days.get(window.key)
            if not refused:
                window.settle(mark, report, server_clock, sent=sent, now=now)
            elif index == 0 and not by_day:
                window.refuse(mark, report, server_clock, sent=sent, now=now)
            else:
                window.give_back(mark)  # X does not count what it refuses
        self._wake()

    def _day_reports(self, headers: RateHeaders) -> dict[str, WindowReport]:
        bucket = self._queue.bucket
        reports = {bucket.user_day: headers.user_day, bucket.app_day: headers.app_day}
        return {
            key: report
            for key, report in reports.items()
            if report is not None and report.limit > 0
        }

    def _wake(self) -> None:
        for window in self._windows:
            if window.watchers:
                window.tell_watchers(self._board.clock.monotonic())

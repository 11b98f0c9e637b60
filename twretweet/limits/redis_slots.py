"""What a caller holds of windows that live in Redis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from twretweet.limits.bucket import Bucket, BucketState
from twretweet.limits.gate import Refusal
from twretweet.limits.memory_windows import SharedWindow
from twretweet.limits.redis_mirror import FIRST_PAUSE, Mirror, Told, told_of
from twretweet.limits.redis_windows import (
    GIVE_BACK,
    HOLD,
    LOSE,
    RESTORE,
    Act,
    Correction,
    Shard,
)
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport

DAY = 86_400.0


class AppDay(SharedWindow):
    """The 24-hour window of an app."""

    __slots__ = ("bucket",)

    def __init__(self, bucket: Bucket, limit: int) -> None:
        super().__init__(WindowSpec(bucket.app_day, limit, DAY), "burst")
        self.bucket = bucket  # that used it first

    def state(self, label: str, waiting: int, now: float, epoch: float) -> BucketState:
        """For display."""
        ends, limit = self.ends_at(now), self.limit
        return BucketState(
            endpoint=self.bucket.endpoint,
            bucket=label,
            window=self.key,
            limit=limit,
            remaining=None if limit is None else max(limit - self.used(now), 0),
            resets_at=None if ends is None else ends - now + epoch,
            in_flight=self.in_flight,
            waiting=waiting,
        )


class Keeper(Protocol):
    """Who is told what becomes of slots."""

    def now(self) -> float:
        """The monotonic clock."""
        ...

    def ended(self, slots: Slots, what: int) -> None:
        """A request ended without an answer."""
        ...

    def settle(self, slots: Slots, headers: RateHeaders, *, refused: bool) -> None:
        """A request was answered."""
        ...


class Slots:
    """A slot in each window of a bucket.

    Attributes:
        name: of the request, its id in Redis.
        sent: when the slots were taken, monotonic.
        granted: the same in Redis's time; ``None`` where Redis was not asked.
        day: the app's 24-hour window, if X has spoken of one.
    """

    __slots__ = ("_keeper", "bucket", "day", "granted", "mirrors", "name", "sent", "shard")

    def __init__(
        self,
        keeper: Keeper,
        bucket: Bucket,
        shard: Shard,
        mirrors: list[Mirror],
        *,
        name: str,
        sent: float,
        granted: int | None = None,
        day: AppDay | None,
    ) -> None:
        self._keeper = keeper
        self.bucket = bucket
        self.shard = shard
        self.mirrors = mirrors
        self.name = name
        self.sent = sent
        self.granted = granted
        self.day = day
        shard.held[name] = (sent if granted is None else granted, mirrors)
        for mirror in mirrors:
            mirror.held += 1
            mirror.pause = FIRST_PAUSE

    def give_back(self) -> None:
        """The request was never sent."""
        if self.day is not None:
            self.day.give_back(self.sent)
        self._keeper.ended(self, GIVE_BACK)

    def lose(self) -> None:
        """The request was sent and no answer came."""
        if self.day is not None:
            self.day.lose(self.sent, self._keeper.now())
        self._keeper.ended(self, LOSE)

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        """An answer came."""
        self._keeper.settle(self, headers, refused=refused)


def memories(shard: Shard, mirrors: Sequence[Mirror], now: float) -> list[Correction]:
    """What a Redis that has lost them has to be told of windows, and of who is in flight there."""
    told = [(mirror, mirror.recall(now)) for mirror in mirrors]
    windows: list[Act] = [(mirror, RESTORE, each) for mirror, each in told if each is not None]
    corrections = [Correction("", now, now, windows)] if windows else []
    wanted = frozenset(mirrors)
    for name, (sent, held) in shard.held.items():
        acts: list[Act] = [(mirror, HOLD, None) for mirror in held if mirror in wanted]
        if acts:
            corrections.append(Correction(name, sent, now, acts))
    return corrections


def stand_back(windows: Sequence[Mirror | AppDay], ticket: int, now: float) -> Refusal | None:
    """Wait if somebody in another line came earlier, and is asking or about to."""
    for window in windows:
        if window.captaincy is not None:
            captain = window.captaincy.captain()
            if captain is not None and captain.ticket < ticket:
                return Refusal(window.captaincy, window.opens_at(now))
    return None


def wait_for_day(day: AppDay, now: float) -> Refusal | None:
    """Wait if the day holds no more."""
    if day.room(now):
        return None
    return Refusal(day.waiting_room(), day.opens_at(now), day.ends_at(now))


def give_back(day: AppDay, taken: float, ticket: int) -> None:
    """Give back a slot of the day, and wake who waits for it; not the caller itself."""
    day.give_back(taken)
    captain = None if day.captaincy is None else day.captaincy.captain()
    if captain is not None and captain.ticket != ticket:
        captain.wake()


def settle_app_day(
    days: dict[str, AppDay],
    slots: Slots,
    report: WindowReport | None,
    clock: ServerClock,
    now: float,
    *,
    refused: bool,
    alone: bool,
) -> None:
    """Take in what an answer said about the day of the app; ``alone`` if only that can be full."""
    day, sent = slots.day, slots.sent
    if day is None:
        if report is not None and report.limit > 0:
            key = slots.bucket.app_day
            day = days.get(key)
            if day is None:
                day = days[key] = AppDay(slots.bucket, report.limit)
            day.learn(sent, report, clock, now)
    elif refused and alone and report is not None:
        day.refuse(sent, report, clock, now)
    elif refused:
        day.give_back(sent)
    else:
        day.settle(sent, report, clock, now)


def reports_of(
    slots: Slots, headers: RateHeaders, clock: ServerClock, now: float, *, refused: bool
) -> tuple[dict[Mirror, Told], Mirror | None]:
    """Which window each report speaks of, and which window a 429 closes."""
    bucket = slots.bucket
    reports: dict[Mirror, Told] = {}
    blamed: Mirror | None = None
    if slots.mirrors and bucket.windows:
        blamed = _suspect(slots, headers.window) if refused else None
        told = told_of(clock, headers.window, now)
        if told is not None:
            reports[slots.mirrors[0]] = told
    if headers.user_day is None and headers.app_day is None:
        return reports, blamed
    told = told_of(clock, headers.user_day, now)
    if told is not None:
        user_day = slots.shard.mirror(WindowSpec(bucket.user_day, told.limit, DAY), bucket)
        reports[user_day] = told
        if refused and told.remaining == 0 and told.end > now:
            blamed = user_day  # a day that is used up explains a 429 by itself
    told = told_of(clock, headers.app_day, now)
    if refused and told is not None and told.remaining == 0 and told.end > now:
        blamed = None
    return reports, blamed


def _suspect(slots: Slots, report: WindowReport | None) -> Mirror:
    """Which window a 429 speaks of, unless a day is used up; see its like in ``memory_slots``."""
    if report is not None and report.remaining > 0:
        for mirror in slots.mirrors[1 : len(slots.bucket.windows)]:
            if not mirror.reset:
                return mirror
    return slots.mirrors[0]

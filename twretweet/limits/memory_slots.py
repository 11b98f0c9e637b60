"""Slots in the memory of one process, and what the answers to their requests tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from twretweet.clock import Clock
from twretweet.events import Corrected, OnEvent
from twretweet.limits.bucket import Bucket
from twretweet.limits.memory_windows import SharedWindow
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport

_DAY = 86_400.0


class Slots:
    """A slot in each window of a bucket."""

    __slots__ = ("_answers", "bucket", "sent", "windows")

    def __init__(
        self, answers: Answers, bucket: Bucket, windows: list[SharedWindow], sent: float
    ) -> None:
        self._answers = answers
        self.bucket = bucket
        self.windows = windows
        self.sent = sent

    def give_back(self) -> None:
        """The request was never sent."""
        for window in self.windows:
            window.give_back(self.sent)
        wake_for(self)

    def lose(self) -> None:
        """It was sent, and no answer came."""
        now = self._answers.now()
        for window in self.windows:
            window.lose(self.sent, now)
        wake_for(self)

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        """An answer came."""
        self._answers.settle(self, headers, refused=refused)


def wake_for(slots: Slots) -> None:
    """Wake who may go on now that slots were taken or came back, or something new is known."""
    for window in slots.windows:
        if window.captaincy is not None and not window.captaincy.wake():
            window.captaincy = None


class Answers:
    """Takes in what answers say about the windows of all accounts.

    Args:
        clock: where time comes from.
        window_of: the window that a spec names, made for a bucket if there is none.
        on_event: is told of ``Corrected``.
    """

    def __init__(
        self,
        clock: Clock,
        window_of: Callable[[WindowSpec, Bucket], SharedWindow],
        on_event: OnEvent | None,
    ) -> None:
        self._clock = clock
        self.now = clock.monotonic
        self._window_of = window_of
        self._on_event = on_event
        self._server_clock = ServerClock()
        self.days = False  # whether X has ever reported a 24-hour window

    def settle(self, slots: Slots, headers: RateHeaders, *, refused: bool) -> None:
        """Take in what an answer said, about each window the request was counted in."""
        now, clock = self.now(), self._server_clock
        if headers.date is not None:
            clock.observe(headers.date, slots.sent, now)
        else:
            clock.assume(self._clock.time() - now)
        before = None if self._on_event is None else _standing(slots.windows, now)
        if refused:
            self._refuse(slots, headers, now)
        elif headers.user_day is not None or headers.app_day is not None:
            reports = self._reports(slots, headers)
            for window in slots.windows:
                window.settle(slots.sent, reports.pop(window, None), clock, now)
            for day, told in reports.items():  # X has spoken of it for the first time
                day.learn(slots.sent, told, clock, now)
        else:  # nearly always it speaks of the endpoint's own window alone, which is the first
            report = headers.window
            for window in slots.windows:
                window.settle(slots.sent, report, clock, now)
                report = None
        wake_for(slots)
        if before is not None:
            self._tell_corrections(slots, before, now)

    def _refuse(self, slots: Slots, headers: RateHeaders, now: float) -> None:
        sent, clock = slots.sent, self._server_clock
        reports = self._reports(slots, headers)
        blamed = _suspect(slots, headers.window)
        for window, told in reports.items():
            is_used_up = told.remaining == 0 and clock.to_local(told.reset) > now
            if is_used_up and told is not headers.window:
                blamed = window  # a day that is used up explains a 429 by itself
        for window in slots.windows:
            report = reports.pop(window, None)
            if window is blamed:
                window.refuse(sent, report, clock, now)
                continue
            window.give_back(sent)  # X does not count what it refuses
            if report is not None:
                window.learn(sent, report, clock, now)
        for day, told in reports.items():
            day.learn(sent, told, clock, now)

    def _reports(self, slots: Slots, headers: RateHeaders) -> dict[SharedWindow, WindowReport]:
        """Which window each report speaks of."""
        bucket = slots.bucket
        reports: dict[SharedWindow, WindowReport] = {}
        if headers.window is not None and slots.windows:
            reports[slots.windows[0]] = headers.window
        for key, report in (
            (bucket.user_day, headers.user_day),
            (bucket.app_day, headers.app_day),
        ):
            if report is not None and report.limit > 0:
                self.days = True
                reports[self._window_of(WindowSpec(key, report.limit, _DAY), bucket)] = report
        return reports

    def _tell_corrections(
        self, slots: Slots, before: list[tuple[int, int | None]], now: float
    ) -> None:
        after = _standing(slots.windows, now)
        for window, was, is_now in zip(slots.windows, before, after, strict=True):
            if was != is_now and self._on_event is not None:
                self._on_event(
                    Corrected(
                        bucket=slots.bucket.label,
                        window=window.key,
                        used=(was[0], is_now[0]),
                        limit=(was[1], is_now[1]),
                    )
                )


def _standing(windows: Iterable[SharedWindow], now: float) -> list[tuple[int, int | None]]:
    """How many slots of each window are taken, and how many it holds."""
    return [(window.used(now), window.limit) for window in windows]


def _suspect(slots: Slots, report: WindowReport | None) -> SharedWindow | None:
    """Which window a 429 speaks of, unless a day is used up: the first, as the headers do.

    Where they say that it has slots left, it is one that X says nothing about, such as the app's
    of v1.1.
    """
    if report is not None and report.remaining > 0:
        for window in slots.windows[1 : len(slots.bucket.windows)]:
            if not window.is_told:
                return window
    return slots.windows[0] if slots.windows else None

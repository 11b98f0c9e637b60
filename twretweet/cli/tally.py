"""How far a walk is, and what the window it counts in allows: plain data and words for it."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass

from twretweet.limits import BucketState

_MINUTE = 60
_HOUR = 3600
_DAY = 86_400
_JUMP = 1.0  # seconds; what is less is a correction
_FAST = 2.0  # items per second; slower ones are told per minute


@dataclass(slots=True)
class Tally:
    """How far a walk is.

    Args:
        noun: what is walked, in the plural.
        total: how many there should be, ``None`` where that is not known.
        pages: how many pages came.
        items: how many items came.
        waits: how many times a window had to be waited for.
        waited: how many seconds that took.
        earlier_pages: how many of the pages came in runs before this one.
        earlier_items: how many of the items came in runs before this one.
        elapsed: seconds since this run began.
        window_seconds: how long a window lasts.
        spent: what all of it cost, in US dollars; ``None`` where nobody counts.
        cap: what it may cost, in US dollars; ``None``: any amount.
        problems: how many objects X said it could not deliver.
    """

    noun: str
    total: int | None = None
    pages: int = 0
    items: int = 0
    waits: int = 0
    waited: float = 0.0
    earlier_pages: int = 0
    earlier_items: int = 0
    elapsed: float = 0.0
    window_seconds: float = 900.0
    spent: float | None = None
    cap: float | None = None
    problems: int = 0

    @property
    def rate(self) -> float | None:
        """Items per second of this run, waits included; ``None`` while there is none."""
        items = self.items - self.earlier_items
        return items / self.elapsed if items and self.elapsed > 0 else None

    def learn(self, window: Window | None, before: Window | None) -> None:
        """Note how long a window lasts, if it can be told from where its end is.

        Args:
            window: what it allows now.
            before: what it allowed when it was looked at the last time.
        """
        if window is None or window.resets_in is None:
            return
        if before is not None and before.resets_in is not None:
            if window.resets_in > before.resets_in + _JUMP:
                self.window_seconds = window.resets_in  # another has opened since
        elif window.limit is not None and window.left is not None:
            own = self.pages - self.earlier_pages + 1
            if window.left + own >= window.limit:
                self.window_seconds = window.resets_in + self.elapsed  # this run has opened it

    def add(self, items: int) -> None:
        """Count one more page."""
        self.pages += 1
        self.items += items


@dataclass(frozen=True, slots=True)
class Window:
    """What a window allows at this moment.

    Args:
        limit: how many requests it holds, ``None`` where nobody has said.
        left: how many are left.
        resets_in: seconds until all are back, ``None`` while no window is open.
        waiting: whether the walk stands still until then.
    """

    limit: int | None
    left: int | None
    resets_in: float | None
    waiting: bool

    @property
    def wait(self) -> float:
        """How many seconds the walk still has to wait."""
        return (self.resets_in or 0.0) if self.waiting else 0.0


def window_of(states: Iterable[BucketState], endpoint: str, now: float) -> Window | None:
    """The window of ``endpoint`` that is the hardest to get a slot in.

    Args:
        states: what the session says is left.
        endpoint: the name of the endpoint.
        now: the local clock, in epoch seconds.
    """
    own = [state for state in states if state.endpoint == endpoint]
    windows = [_window(state, now) for state in own]
    return min(windows, key=_room, default=None)


def _window(state: BucketState, now: float) -> Window:
    resets_in = None if state.resets_at is None else max(state.resets_at - now, 0.0)
    return Window(
        limit=state.limit,
        left=state.remaining,
        resets_in=resets_in,
        # Without a known end it is only an answer under way that is waited for.
        waiting=state.waiting > 0 and resets_in is not None,
    )


def _room(window: Window) -> tuple[float, float]:
    left = float("inf") if window.left is None else window.left
    return left, -(window.resets_in or 0.0)


def describe(window: Window | None) -> str:
    """One phrase on what the window holds, or how long it is waited for."""
    if window is None or window.left is None:
        return ""
    if window.waiting:
        return f"waiting for the window, {seconds(window.wait)}"
    back = "" if window.resets_in is None else f", all back in {seconds(window.resets_in)}"
    return f"the window holds {window.left} of {window.limit}{back}"


def counted(number: int, noun: str) -> str:
    """So many of something, by its name in the plural."""
    return f"{number:,} {noun.removesuffix('s') if number == 1 else noun}"


def progress(tally: Tally) -> str:
    """One phrase on how far a walk is."""
    items = counted(tally.items, tally.noun)
    if tally.total is not None:
        items = f"{tally.items:,} of {counted(tally.total, tally.noun)}"
    pages = counted(tally.pages, "pages")
    cost = "" if tally.spent is None else f", {money(tally.spent)}"
    cap = "" if tally.cap is None else f" of {money(tally.cap)}"
    return f"{items}, {pages}{cost}{cap}"


def outlook(tally: Tally, left: float | None, now: float) -> str:
    """One phrase on how fast it goes, and when it will be done.

    Args:
        tally: how far it is.
        left: how many seconds it will still take, ``None`` where nobody can tell.
        now: the local clock, in epoch seconds.
    """
    rate = tally.rate
    speed = "" if rate is None else f"{rate:,.0f}/s" if rate >= _FAST else f"{rate * 60:,.0f}/min"
    if left is None:
        return speed
    end = time.strftime("%H:%M" if left < _DAY else "%a %H:%M", time.localtime(now + left))
    done = f"done in {seconds(left)}" if left < _MINUTE else f"done in {seconds(left)}, at {end}"
    return f"{speed}, {done}" if speed else done


def money(usd: float) -> str:
    """US dollars, with a tenth of a cent where there is one."""
    text = f"{usd:,.3f}"
    return f"${text.removesuffix('0')}"


def seconds(duration: float) -> str:
    """A duration, rounded up to what a person can watch go by."""
    whole = int(-(-duration // 1))
    if whole < _MINUTE:
        return f"{whole} s"
    if whole >= _HOUR:
        hours, rest = divmod(-(-whole // _MINUTE), _MINUTE)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    minutes, rest = divmod(whole, _MINUTE)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"

"""The sandbox's own rate limits.

A window is fixed: it opens at the first request in it, lasts its length times the sandbox's scale,
and then the whole allowance returns at once (recorded from X). Its end is moved up to a whole
second, because ``x-rate-limit-reset`` is a whole number of epoch seconds and must not say less
than the truth. A refused request takes no slot.
Source: https://docs.x.com/x-api/fundamentals/rate-limits
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

QUARTER_HOUR: Final = 900
THREE_HOURS: Final = 10_800
DAY: Final = 86_400
_SWEEP_ABOVE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Slot:
    """One request in one window.

    Args:
        key: which window it is.
        limit: how many requests the window allows.
        seconds: how long it lasts, before scaling.
        told: how the headers begin that tell of it.
    """

    key: tuple[str, ...]
    limit: int
    seconds: int
    told: str = "x-rate-limit"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a request fared, in the terms of the headers.

    Args:
        granted: whether there was a slot in every window.
        limit: of the tightest window.
        remaining: how many requests it has left.
        reset: when it ends, in whole epoch seconds.
        told: how the headers begin that tell of it.
        others: the tightest window of each of the other sets of headers.
    """

    granted: bool
    limit: int
    remaining: int
    reset: int
    told: str = "x-rate-limit"
    others: tuple["Standing", ...] = ()

    @property
    def left(self) -> bool:
        """Whether every window has a slot for another request."""
        return self.remaining > 0 and all(other.remaining > 0 for other in self.others)


@dataclass(slots=True)
class Window:
    """A window that is open.

    Args:
        limit: how many requests it allows.
        end: when it ends, in whole epoch seconds.
        used: how many it has had; more than it allows, if it allowed more before.
    """

    limit: int
    end: int
    used: int = 0

    @property
    def left(self) -> int:
        """How many requests it still allows."""
        return max(0, self.limit - self.used)


class Windows:
    """All open windows.

    Args:
        scale: by how much windows are longer than X's; below 1 they are shorter.
    """

    __slots__ = ("_open", "_sweep_above", "scale")

    def __init__(self, scale: float) -> None:
        self.scale = scale
        self._open: dict[tuple[str, ...], Window] = {}
        self._sweep_above = _SWEEP_ABOVE

    def take(self, slots: Sequence[Slot], now: float) -> Standing | None:
        """Take a slot in each window, or in none.

        Args:
            slots: the windows that apply; with none there is no standing.
            now: epoch seconds.
        """
        if not slots:
            return None
        windows = [(slot, self._window(slot, now)) for slot in slots]
        granted = all(window.used < slot.limit for slot, window in windows)
        for slot, window in windows:
            if granted:
                window.used += 1
                self._open[slot.key] = window
        return _standing(windows, granted=granted)

    def look(self, slots: Sequence[Slot], now: float) -> Standing | None:
        """Tell how a request would stand that takes no slot."""
        windows = [(slot, self._window(slot, now)) for slot in slots]
        return _standing(windows, granted=True) if windows else None

    def opened(self, now: float) -> Iterator[tuple[tuple[str, ...], Window]]:
        """Go through the windows that are open, each with its key."""
        for key, window in self._open.items():
            if now < window.end:
                yield key, window

    def restore(self, key: tuple[str, ...], window: Window) -> None:
        """Let a window be open."""
        self._open[key] = window

    def left(self, slot: Slot, now: float) -> int:
        """Return how many requests one window has left, without taking any."""
        return self._window(slot, now).left

    def _window(self, slot: Slot, now: float) -> Window:
        window = self._open.get(slot.key)
        if window is not None and now < window.end:
            # One of a snapshot may come from a sandbox that had other limits.
            window.limit = slot.limit
            return window
        if len(self._open) > self._sweep_above:
            self._sweep(now)
        return Window(slot.limit, math.ceil(now + slot.seconds * self.scale))

    def _sweep(self, now: float) -> None:
        """Forget the windows that have ended; many accounts come once and never again."""
        self._open = {key: window for key, window in self._open.items() if now < window.end}
        self._sweep_above = max(_SWEEP_ABOVE, 2 * len(self._open))


def _standing(windows: Sequence[tuple[Slot, Window]], *, granted: bool) -> Standing:
    slot, tightest = min(windows, key=lambda each: (_left(*each), -each[1].end))
    rest = [each for each in windows if each[0].told != slot.told]
    others: tuple[Standing, ...] = ()
    if rest:
        other = _standing(rest, granted=granted)
        others = (other, *other.others)
    left = _left(slot, tightest)
    return Standing(granted, slot.limit, left, tightest.end, slot.told, others)


def _left(slot: Slot, window: Window) -> int:
    return max(0, slot.limit - window.used)

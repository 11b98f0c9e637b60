"""How far a walk is, and what the window it counts in allows: plain data and words for it."""

from collections.abc import Iterable
from dataclasses import dataclass

from twretweet.limits import BucketState


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
    """

    noun: str
    total: int | None = None
    pages: int = 0
    items: int = 0
    waits: int = 0
    waited: float = 0.0

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
    return f"the window holds {window.left} of {window.limit}"


def progress(tally: Tally) -> str:
    """One phrase on how far a walk is."""
    of = "" if tally.total is None else f" of {tally.total:,}"
    pages = "1 page" if tally.pages == 1 else f"{tally.pages:,} pages"
    return f"{tally.items:,}{of} {tally.noun}, {pages}"


def seconds(duration: float) -> str:
    """A duration, rounded up to what a person can watch go by."""
    whole = int(-(-duration // 1))
    if whole < 60:  # noqa: PLR2004
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"

"""How often to ask, so that a window lasts until its end."""

from __future__ import annotations

from collections.abc import Iterable

from twretweet.limits import BucketState, WindowSpec


def even_interval(
    windows: Iterable[tuple[BucketState, WindowSpec | None]], *, now: float
) -> float:
    """The time between requests that are spread evenly over what is left, in seconds.

    Args:
        windows: what is left of each window that they count in, and what it is by the table.
        now: the local clock, in epoch seconds.
    """
    return max((_of_one(state, window, now) for state, window in windows), default=0.0)


def _of_one(state: BucketState, window: WindowSpec | None, now: float) -> float:
    if state.resets_at is not None and state.remaining is not None and state.resets_at > now:
        # Those who wait come first; the request after the last one is due when the window is new.
        free = max(state.remaining - state.waiting, 0)
        return (state.resets_at - now) / (free + 1)
    if window is None:
        return 0.0
    limit = window.limit if state.limit is None else state.limit
    return window.seconds / limit if limit else 0.0

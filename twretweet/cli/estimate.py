"""How long pages will take, when windows have to be waited for: pure arithmetic."""

from __future__ import annotations

from twretweet.cli.tally import Tally, Window


def time_left(tally: Tally, window: Window | None) -> float | None:
    """How many seconds a walk will still take; ``None`` where that can't be told.

    Args:
        tally: how far it is.
        window: what its window allows.
    """
    pages = tally.pages - tally.earlier_pages
    items = tally.items - tally.earlier_items
    if tally.total is None or not pages or not items:
        return None
    missing = max(tally.total - tally.items, 0)
    more = -(-missing * pages // items)  # pages may be shorter than was asked for
    each = max(tally.elapsed - tally.waited, 0.0) / pages
    return duration(more, window, tally.window_seconds, each)


def duration(pages: int, window: Window | None, window_seconds: float, each: float) -> float:
    """How many seconds ``pages`` more pages take.

    Args:
        pages: how many.
        window: what it allows now; ``None`` where nobody limits them.
        window_seconds: how long a window lasts.
        each: how long a page takes by itself, in seconds.
    """
    if window is None or window.left is None or not window.limit or pages <= window.left:
        return pages * each
    rest = pages - window.left
    # A window begins with its first request: one that is not open yet lasts from now on.
    first = window_seconds if window.resets_in is None else window.resets_in
    full, last = divmod(rest - 1, window.limit)
    between = max(window_seconds, window.limit * each)
    return max(first, window.left * each) + full * between + (last + 1) * each

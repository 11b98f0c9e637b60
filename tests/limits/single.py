"""One window, with nobody around it."""

from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowSpec
from twretweet.limits.window import FixedWindow
from twretweet.protocol.headers import WindowReport


def window(limit: int | None = 5, seconds: float = 900.0) -> FixedWindow:
    return FixedWindow(WindowSpec("w", limit, seconds))


def opened(clock: ServerClock, limit: int = 5, reset: int = 900) -> FixedWindow:
    """A window in which one request was counted, at 1."""
    opened = window(limit)
    mark = opened.take(0.0)
    opened.settle(mark, WindowReport(limit, limit - 1, reset), clock, now=1.0)
    return opened

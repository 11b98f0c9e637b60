"""How long an export puts up with trouble: an hour, where a single call gives up in seconds.

An export of a million retweets takes days, in which X is in trouble for some minutes and networks
are away for some. The walk goes on with the page that failed when it is asked again, so it is.
But the first page of a run has no such patience: a wrong address or key should be told at once.
"""

from __future__ import annotations

from twretweet.errors import (
    DecodeError,
    ServerError,
    TooManyRequests,
    TransportError,
    TwretweetError,
)

_PAUSES = (5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 900.0, 1500.0)


class Patience:
    """Counts failures since the last page.

    Args:
        max_wait: the longest wait, in seconds; ``None``: as long as is sensible.
    """

    def __init__(self, max_wait: float | None = None) -> None:
        self._max_wait = max_wait
        self._failures: int | None = None  # since the last page; none before the first one

    def renew(self) -> None:
        """A page came."""
        self._failures = 0

    def pause(self, error: TwretweetError) -> float | None:
        """How many seconds to wait before asking for the page again; ``None``: not again."""
        if self._failures is None or self._failures >= len(_PAUSES) or not _may_pass(error):
            return None
        pause = _PAUSES[self._failures]
        self._failures += 1
        return pause if self._max_wait is None or pause <= self._max_wait else None


def _may_pass(error: TwretweetError) -> bool:
    if isinstance(error, DecodeError):
        return error.transient
    # After a 429 the limiter holds back the next attempt as long as it has to.
    return isinstance(error, TooManyRequests | TransportError | ServerError)

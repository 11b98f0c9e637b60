"""Retweets that come in by themselves, at a steady rate.

Nothing runs in the background: whenever somebody looks, what has come in since is made up, each
retweet at its own moment. So it costs nothing while nobody looks, and follows any clock.
"""

import math
from collections.abc import Iterator
from typing import Final

MOST_PER_SECOND: Final = 10_000
_MOST_AT_ONCE: Final = 1_000_000
"""Who looks after a long while finds no more than these; the clock starts anew with them."""


class Growth:
    """How many retweets are due, and when each came in.

    Args:
        rate: how many a second; 0 for none.
        now: epoch seconds.

    Raises:
        ValueError: the rate is negative, or too high.
    """

    __slots__ = ("_made", "_rate", "_since")

    def __init__(self, rate: float, now: float) -> None:
        if not 0 <= rate <= MOST_PER_SECOND or math.isnan(rate):
            raise ValueError(
                f"retweets_per_second is {rate}: it must be between 0 and {MOST_PER_SECOND}"
            )
        self._rate = rate
        self._since = now
        self._made = 0

    @property
    def rate(self) -> float:
        """How many come in each second."""
        return self._rate

    def due(self, now: float) -> Iterator[float]:
        """Go through the moments, in epoch seconds, of those that are new at ``now``."""
        if not self._rate:
            return
        new = int((now - self._since) * self._rate) - self._made
        if new > _MOST_AT_ONCE:
            self._since, self._made = now - _MOST_AT_ONCE / self._rate, 0
            new = _MOST_AT_ONCE
        for _ in range(new):
            self._made += 1
            yield self._since + self._made / self._rate

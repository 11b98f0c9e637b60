"""What a window cannot know: lost answers, refusals without a reason, strangers.

Three small parts of a window, pure as the rest of it; their rules are 5, 7 and 8 of
:mod:`twretweet.limits.window`.
"""

from __future__ import annotations

import math
from bisect import bisect_right

from msgspec import Struct

FIRST_BACKOFF = 5.0
# Beside strangers, this share of a window's slots is taken one by one, and no fewer than these.
_CAREFUL_SHARE = 16
_CAREFUL_LEAST = 3
# The slots before those are taken in so much less than the time that is left.
_HASTE = 4
# After so many windows without a slot of theirs, strangers have gone.
_PATIENCE = 100


class Trouble(Struct, frozen=True):
    """X has refused, and no request that was sent since has got through.

    Attributes:
        since: when it refused, monotonic.
        until: how long no request is to be sent, monotonic.
        backoff: how long that was, in seconds; 0 as long as X's own reset is believed, or ours.
    """

    since: float
    until: float
    backoff: float

    @property
    def is_a_guess(self) -> bool:
        """Whether X said nothing, and the window was taken for full until its end."""
        return not self.backoff and self.until > self.since


def trouble_after(
    before: Trouble | None,
    *,
    sent: float,
    now: float,
    seconds: float,
    closed: bool,
    until: float,
) -> Trouble:
    """What a 429 leads to.

    Args:
        before: the trouble there was.
        sent: when the refused request went out.
        now: the moment.
        seconds: the length of the window, the longest back-off.
        closed: whether X said until when the window is closed, or it looks full.
        until: how long no request is to be sent at the least, monotonic.
    """
    if before is not None and sent < before.since:
        return before  # sent before the other 429 was heard of, so it tells nothing new
    if before is None and closed:
        return Trouble(since=now, until=until, backoff=0.0)
    backoff = min(max(2 * before.backoff if before else 0.0, FIRST_BACKOFF), seconds)
    return Trouble(since=now, until=max(now + backoff, until), backoff=backoff)


class Unsure(list[float]):
    """When requests ended of which X may or may not have counted each, oldest first."""

    __slots__ = ()

    def forget_until(self, moment: float) -> None:
        """Forget those that ended at ``moment`` or before."""
        del self[: bisect_right(self, moment)]

    def forget_aged(self, now: float, memory: float) -> None:
        """Forget those that ended ``memory`` seconds ago."""
        # Summed as the alarms are, so that what an alarm was set for is forgotten when it rings.
        aged = bisect_right(self, now, key=lambda ended: ended + memory)
        del self[:aged]


def may_have_taken(strangers: Strangers | None, limit: int) -> int:
    """How many slots of a window of ``limit`` others may have taken, unseen as yet."""
    return limit // _CAREFUL_SHARE if strangers is None else strangers.may_take(limit)


class Strangers:
    """Others who use the same account."""

    __slots__ = ("_asked", "_most", "_quiet", "_seen", "_trip")

    def __init__(self) -> None:
        self._seen = 0  # slots that they have taken in this window, at the least
        self._most = 0  # what they took in windows before, less an eighth with every window
        self._quiet = 0  # windows in a row in which they took nothing
        self._asked = float("-inf")  # when the youngest request went out that told of them
        self._trip = 0.0  # seconds from a request to its answer

    def notice(self, slots: int, asked: float, now: float) -> None:
        """They had taken that many slots when X answered a request that went out at ``asked``."""
        self._seen = max(self._seen, slots)
        self._asked = max(self._asked, asked)
        self._trip = max(now - asked, self._trip / 2)

    def stay(self) -> bool:
        """Go on to the next window; whether they still count as there."""
        self._quiet = 0 if self._seen else self._quiet + 1
        self._most = max(self._seen, self._most - (self._most + 7) // 8)
        self._seen = 0
        return self._quiet < _PATIENCE

    def may_take(self, limit: int) -> int:
        """How many slots of a window of ``limit`` they may still take before we hear of it."""
        careful = max(limit // _CAREFUL_SHARE, _CAREFUL_LEAST)
        return careful + max(self._most + self._most // 2 - self._seen, 0)

    def room(
        self, left: int, limit: int, in_flight: int, *, now: float, end: float, seconds: float
    ) -> int:
        """How many requests may be sent of the ``left`` slots of a window until ``end``."""
        if not in_flight:
            return 1
        if now - self._asked >= seconds / _CAREFUL_SHARE:
            return 0
        together = math.ceil(_HASTE * left * self._trip / (end - now))
        return max(min(left - self.may_take(limit), together - in_flight), 0)

"""X's clock, as far as its ``Date`` headers tell.

Resets are given in X's clock, and a local clock may be wrong by minutes. A ``Date`` header is
whole seconds, so a reply to a request sent at ``s`` and received at ``r`` (local, monotonic)
proves only that the offset, X's clock minus ours, lies between ``date - r`` and
``date + 1 - s``. Each reply gives such an interval; what they have in common is narrower than a
second after a few of them. It widens with time, since clocks run apart. An empty intersection
means that a clock was set, and the newest reply is believed.
"""

from __future__ import annotations

import math

from twretweet.protocol.headers import WindowReport

# The longest window X is known to have is 24 hours; a reset beyond it is a mistake.
_FARTHEST_RESET = 25 * 3600.0
# Quartz drifts by less than this, and a clock that is being adjusted by no more than five times.
DRIFT = 1e-4


class ServerClock:
    """The offset between X's clock and the local monotonic one, as an interval."""

    __slots__ = ("_assumed", "_at", "_drift", "_high", "_low")

    def __init__(self, drift: float = DRIFT) -> None:
        self._drift = drift  # how many seconds the clocks may run apart in one
        self._low = self._high = 0.0  # the offset, as it was
        self._at = 0.0  # at this moment, monotonic
        self._assumed = True  # no Date header has come yet

    def observe(self, date: int, sent: float, received: float) -> None:
        """Take in the ``Date`` header of a reply.

        Args:
            date: epoch seconds of X's clock.
            sent: when the request went out, monotonic seconds.
            received: when the reply was there, monotonic seconds.
        """
        low, high = date - received, date + 1 - sent
        if not self._assumed:
            drift = self._drift * max(received - self._at, 0.0)
            if low <= self._high + drift and high >= self._low - drift:
                low, high = max(low, self._low - drift), min(high, self._high + drift)
        self._low, self._high, self._at, self._assumed = low, high, received, False

    def assume(self, offset: float) -> None:
        """Believe the local wall clock until the first ``Date`` header arrives."""
        if self._assumed:
            self._low = self._high = offset

    def to_local(self, server_time: float) -> float:
        """The latest monotonic moment that ``server_time`` may be, so that nobody comes early."""
        local = server_time - self._low
        return local if self._assumed else local + self._drift * max(local - self._at, 0.0)

    def doubt(self, local: float) -> int:
        """How much earlier than ``local``, from :meth:`to_local`, it may be, in whole seconds.

        They are rounded up, which is the safe side; and small integers take no memory, of which
        each window keeps one.
        """
        if self._assumed:
            return 0
        return math.ceil(self._high - self._low + 2 * self._drift * max(local - self._at, 0.0))

    def end_of(self, report: WindowReport | None, now: float) -> float | None:
        """When the window of a report ends, monotonic; ``None`` if the report can't be right."""
        if report is None or report.limit < 1:
            return None
        end = self.to_local(report.reset)
        return end if end <= now + _FARTHEST_RESET else None

"""X's clock, as far as its ``Date`` headers tell.

Resets are given in X's clock, and a local clock may be wrong by minutes. A ``Date`` header is
whole seconds, so a reply to a request sent at ``s`` and received at ``r`` (local, monotonic)
proves only that the offset, X's clock minus ours, lies between ``date - r`` and
``date + 1 - s``. Each reply gives such an interval; what they have in common is narrower than a
second after a few of them. An empty intersection means that a clock was set, and the newest
reply is believed.
"""

from __future__ import annotations

from twretweet.protocol.headers import WindowReport

# The longest window X is known to have is 24 hours; a reset beyond it is a mistake.
_FARTHEST_RESET = 25 * 3600.0


class ServerClock:
    """The offset between X's clock and the local monotonic one, as an interval."""

    __slots__ = ("_assumed", "_high", "_low")

    def __init__(self) -> None:
        self._low: float | None = None
        self._high = 0.0
        self._assumed = True  # no Date header has come yet

    def observe(self, date: int, sent: float, received: float) -> None:
        """Take in the ``Date`` header of a reply.

        Args:
            date: epoch seconds of X's clock.
            sent: when the request went out, monotonic seconds.
            received: when the reply was there, monotonic seconds.
        """
        low, high = date - received, date + 1 - sent
        if self._low is None or self._assumed or low > self._high or high < self._low:
            self._low, self._high = low, high
            self._assumed = False
            return
        self._low = max(low, self._low)
        self._high = min(high, self._high)

    def assume(self, offset: float) -> None:
        """Believe the local wall clock until the first ``Date`` header arrives."""
        if self._assumed:
            self._low = self._high = offset

    @property
    def doubt(self) -> float:
        """How much earlier than :meth:`to_local` says a moment of X's clock may be, in seconds."""
        return self._high - (self._low or 0.0)

    def to_local(self, server_time: float) -> float:
        """The latest monotonic moment that ``server_time`` may be, so that nobody comes early."""
        return server_time - (self._low or 0.0)

    def to_server(self, monotonic: float) -> float:
        """X's clock at a local moment, at the least."""
        return monotonic + (self._low or 0.0)

    def end_of(self, report: WindowReport | None, now: float) -> float | None:
        """When the window of a report ends, monotonic; ``None`` if the report can't be right."""
        if report is None or report.limit < 1:
            return None
        end = self.to_local(report.reset)
        return end if end <= now + _FARTHEST_RESET else None

"""The arithmetic of X's rate-limit windows. Pure: whoever calls it brings the time.

The rules:

1. A window is fixed. It opens with the first request that X counts, lasts ``seconds``, and at its
   end the whole allowance is back; the next request opens a new one. It does not slide.
   (Recorded replies: ``x-rate-limit-reset`` stays put while ``remaining`` falls.)
2. The client does not know when X counted a request, only that it was between sending and
   receiving. So a request in flight takes a slot in whatever window is open now, even when it
   was sent before the last one ended.
3. Of a window that nobody has told us about we know neither its end nor what strangers on the
   same account have used. So one request goes first, alone, and opens it; the others follow when
   its answer has told what is left. That costs one round trip per window, and nothing when the
   server allows less than the table says.
4. ``limit - remaining`` of an answer counts every request that X had counted by then, ours and
   strangers'. Answers may overtake each other, so within one window the highest count is true.
5. A request that ended without a usable header (connection lost, header missing) may or may not
   be in that count. It is taken as used until an answer comes to a request that was sent after.
6. Two answers with the same ``reset`` speak of the same window. A later ``reset`` while the window
   we know is still open corrects its end; a ``reset`` that has passed speaks of a window that is
   gone, and says nothing about this one. Of two different ends, both ahead, the answer to the
   request that was sent last is believed.
7. A 429 with ``remaining: 0`` and a reset ahead closes the window until then. Any other 429 backs
   off, twice as long each time, up to the length of the window.
"""

from __future__ import annotations

from msgspec import Struct

from twretweet.errors import QueryError
from twretweet.limits.skew import ServerClock
from twretweet.protocol.headers import WindowReport

# The longest window X is known to have is 24 hours; a reset beyond it is a mistake.
_FARTHEST_RESET = 25 * 3600.0
_FIRST_BACKOFF = 5.0
_UNLIMITED = 1 << 30


class WindowSpec(Struct, frozen=True):
    """One window that a request is counted in.

    Attributes:
        key: names the window; requests with one key share it.
        limit: how many requests it holds by the table; ``None`` where only headers can tell.
        seconds: how long it lasts by the table.
    """

    key: str
    limit: int | None
    seconds: float

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise QueryError(f"the limit of {self.key} is {self.limit}: it must be 1 or more")
        if not self.seconds > 0:
            raise QueryError(f"the window of {self.key} is {self.seconds} s: it must be longer")


class FixedWindow:
    """What the client believes about one window of X."""

    __slots__ = (
        "_backoff",
        "_base",
        "_blocked_until",
        "_end",
        "_generation",
        "_opening",
        "_provisional",
        "_reset",
        "_told",
        "_unsure",
        "in_flight",
        "key",
        "limit",
        "seconds",
    )

    def __init__(self, spec: WindowSpec) -> None:
        self.key = spec.key
        self.limit = spec.limit
        self.seconds = spec.seconds
        self.in_flight = 0
        self._end: float | None = None  # local; None: no window is known to be open
        self._reset = 0  # the same end as X wrote it: the name of the window
        self._provisional = False  # the end is our guess, not X's word
        self._base = 0  # highest count that an answer showed for this window
        self._told = float("-inf")  # when the request was sent whose answer said so
        self._unsure: list[float] = []  # ends of requests that may not be in _base
        self._opening = 0  # requests sent into a window that nobody has told us about
        self._generation = 0
        self._blocked_until = float("-inf")
        self._backoff = 0.0

    # -- asking ---------------------------------------------------------------------------

    def room(self, now: float) -> int:
        """How many requests may be sent at this moment."""
        self._roll(now)
        if now < self._blocked_until:
            return 0
        if self.limit is None:
            return _UNLIMITED
        free = self.limit - self._base - len(self._unsure) - self.in_flight
        if self._end is None:
            return 1 if free > 0 and not self._opening else 0
        return max(free, 0)

    def opens_at(self, now: float) -> float | None:
        """When to ask again, if there is no room now; ``None``: only an answer can tell."""
        self._roll(now)
        if now < self._blocked_until:
            return self._blocked_until
        return self._end

    def used(self, now: float) -> int:
        """How many slots of the current window are taken, in flight included."""
        self._roll(now)
        return self._base + len(self._unsure) + self.in_flight

    def idle(self, now: float) -> bool:
        """Whether nothing is remembered that could matter later."""
        self._roll(now)
        return self._end is None and not self.in_flight and now >= self._blocked_until

    # -- taking and giving back -----------------------------------------------------------

    def take(self, now: float) -> int:
        """Take one slot; the returned mark has to be handed back when it ends."""
        self._roll(now)
        self.in_flight += 1
        if self._end is None:
            self._opening += 1
        return self._generation

    def give_back(self, mark: int) -> None:
        """Return a slot whose request was never sent."""
        self._landed(mark)

    def lose(self, mark: int, now: float) -> None:
        """A request was sent and its answer told nothing about this window."""
        self._landed(mark)
        self._roll(now)
        if self.limit is None:
            return
        self._unsure.append(now)
        if self._end is None:
            # If X counted it just now, the window ends that much later; and since X writes ends
            # in whole seconds, up to one second after that. This is the safe side.
            self._open(now + self.seconds + 1.0, reset=0)
            self._provisional = True

    def settle(
        self,
        mark: int,
        report: WindowReport | None,
        clock: ServerClock,
        *,
        sent: float,
        now: float,
    ) -> None:
        """An answer arrived, with or without a usable report about this window."""
        self._backoff = 0.0
        end = self._usable_end(report, clock, now)
        if report is None or end is None or end < sent:
            self.lose(mark, now)
            return
        self._landed(mark)
        self.learn(report, clock, sent=sent, now=now)

    def learn(self, report: WindowReport, clock: ServerClock, *, sent: float, now: float) -> None:
        """Correct what is believed by what X says, unless it speaks of a window that is over."""
        self._roll(now)
        end = self._usable_end(report, clock, now)
        if end is not None and end > now:
            self._believe(report, end, sent)

    def refuse(
        self,
        mark: int,
        report: WindowReport | None,
        clock: ServerClock,
        *,
        sent: float,
        now: float,
    ) -> None:
        """A 429 arrived: X did not count the request, and wants no more of them."""
        self._landed(mark)
        self._roll(now)
        end = self._usable_end(report, clock, now)
        if report is not None and end is not None and end > now:
            self._believe(report, end, sent)
            if report.remaining == 0:
                return
        self._backoff = min(max(2 * self._backoff, _FIRST_BACKOFF), self.seconds)
        self._blocked_until = now + self._backoff

    # -- the rules ------------------------------------------------------------------------

    def _roll(self, now: float) -> None:
        if self._end is not None and now >= self._end:
            self._end = None
            self._base = 0
            self._unsure.clear()
            self._opening = 0
            self._generation += 1

    def _landed(self, mark: int) -> None:
        self.in_flight -= 1
        if mark == self._generation and self._opening:
            self._opening -= 1

    def _open(self, end: float, reset: int) -> None:
        self._end = end
        self._reset = reset
        self._provisional = False
        self._opening = 0

    def _usable_end(
        self, report: WindowReport | None, clock: ServerClock, now: float
    ) -> float | None:
        if report is None or report.limit < 1:
            return None
        end = clock.to_local(report.reset)
        return end if end <= now + _FARTHEST_RESET else None

    def _believe(self, report: WindowReport, end: float, sent: float) -> None:
        counted = report.limit - report.remaining
        self.limit = report.limit
        if self._end is None or self._provisional:
            self._open(end, report.reset)
            self._base, self._told = counted, sent
        elif report.reset == self._reset:
            self._base = max(self._base, counted)
            self._told = max(self._told, sent)
            self._end = end  # the offset of the clocks may be known better by now
        # Compare what X wrote: our two readings of it may stem from differently good clocks.
        elif report.reset > self._reset or sent >= self._told:
            self._open(end, report.reset)
            self._base = max(self._base, counted) if sent < self._told else counted
            self._told = max(self._told, sent)
        self._unsure = [ended for ended in self._unsure if ended > sent]

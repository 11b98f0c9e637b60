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
   its answer has told what is left. That costs one round trip per window, and spares the 429s
   where the server allows less than the table says.
4. ``limit - remaining`` of an answer counts every request that X had counted by then, ours and
   strangers'. Answers may overtake each other, so within one window the highest count is true.
5. A request that ended without a usable header (connection lost, header missing) may or may not
   be in that count. It is taken as used until an answer comes to a request that was sent after,
   and without one for a whole length of the window, since it may have opened one. Where nobody
   else uses the account, X has counted no more than was sent in the window, so no more is taken
   as used. Two such requests before the first word of X, and it is held to be silent about this
   window: then rule 3 waits for nothing, and in no span of its length more requests end than it
   holds.
6. Two answers with the same ``reset``, give or take a second, speak of the same window; a later
   one speaks of the next window, and a ``reset`` that has passed of one that is gone, which says
   nothing about this one. Of two different ends, both ahead, the later is believed; the earlier
   only if its request was sent after the later one had been heard of.
7. A 429 with ``remaining: 0`` and a reset ahead closes the window until then; so does one without
   a word where no more slots were left than strangers may have taken, until an answer tells of
   more. Any other, and a second one in a row, backs off, twice as long each time, up to the length
   of the window; then one request tries alone.
8. A count above what we have sent ourselves means strangers on the same account, and so does a
   429 that closes a window, for alone we send no more than X allows. Until we have
   an answer, they may have taken what it will say is left, and each request on its way may be a
   429. So beside strangers no more are on their way together than it takes to use the slots in a
   quarter of the time; and the last are taken one by one, each after the answer to the one
   before. How many are last: a sixteenth, and half as many again as strangers took in the windows
   before, less what they have taken already; but never under three. What was used before our
   first request tells of nobody who is there now; strangers who took nothing in a hundred windows
   have gone.
9. At an even pace a slot is free when its share of the time that is left has come, so that the
   last one is taken just before the end.

``free`` and ``fresh_until`` are the short way: before ``fresh_until``, ``free`` slots may be taken
by counting it down and ``in_flight`` up, without asking anything else here.
"""

from __future__ import annotations

from twretweet.limits.pacing import EvenPace
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import Pace, WindowSpec
from twretweet.limits.unknowns import (
    Strangers,
    Trouble,
    Unsure,
    may_have_taken,
    trouble_after,
)
from twretweet.protocol.headers import WindowReport

_UNLIMITED = 1 << 30
_NEVER = float("-inf")


class FixedWindow:
    """What the client believes about one window of X."""

    __slots__ = (
        "_base",
        "_end",
        "_fuzz",
        "_landed",
        "_opening",
        "_pace",
        "_reset",
        "_since",
        "_strangers",
        "_told",
        "_trouble",
        "_unsure",
        "free",
        "fresh_until",
        "in_flight",
        "limit",
        "seconds",
    )

    def __init__(self, spec: WindowSpec, pace: Pace = "burst") -> None:
        self.limit: int | None = spec.limit
        self.seconds = spec.seconds
        self.in_flight = 0
        self.free = 0
        self.fresh_until = _NEVER
        self._end: float | None = None  # local; None: no window is known to be open
        self._reset = 0  # the same end as X wrote it: the window's name
        self._base = 0  # highest count that an answer showed for this window
        self._told = _NEVER  # when X last said anything about this window
        self._unsure: Unsure | None = None  # requests that may not be in _base
        self._opening = 0  # requests sent into a window that nobody has told us about
        self._fuzz = 0.0  # how much earlier than _end X's window may have ended
        self._trouble: Trouble | None = None
        self._since = _NEVER  # when the last known window was over
        self._landed = 0  # requests that have ended since, and may be counted in this window
        self._strangers: Strangers | None = None  # while any have been seen
        self._pace = EvenPace() if pace == "even" else None

    # -- asking ---------------------------------------------------------------------------

    def room(self, now: float) -> int:
        """How many requests may be sent at this moment."""
        if now < self.fresh_until:
            return self.free
        self._roll(now)
        if self._trouble is not None and (now < self._trouble.until or self.in_flight):
            return 0
        if self.limit is None:
            return _UNLIMITED if self._trouble is None else 1
        if self._pace is not None and not self._pace.is_due(now):
            return 0
        left = self.limit - self._taken()
        if left <= 0:
            return 0
        if self._end is None:
            return left if self._is_silent() else int(not self._opening)
        if self._trouble is not None:
            return 1
        if self._strangers is None:
            return left
        return self._strangers.room(
            left, self.limit, self.in_flight, now=now, end=self._end, seconds=self.seconds
        )

    def opens_at(self, now: float, ahead: int = 0) -> float | None:
        """When there may be room for ``ahead`` and one more; ``None``: only an answer tells."""
        self._roll(now)
        if self._trouble is not None and now < self._trouble.until:
            return self._trouble.until
        if self.limit is None:
            return None
        left = self.limit - self._taken()
        missing = ahead + 1 - left
        if missing <= 0:
            return None if self._pace is None else self._pace.due_at(now, ahead, left, self._end)
        if not self._unsure:
            return self._end
        # So many have to be forgotten before there is room; those that did not count first.
        forgotten = missing + self._base + len(self._unsure) + self.in_flight - self._taken()
        if self._end is not None and forgotten > len(self._unsure):
            return self._end
        aged = self._unsure[min(forgotten, len(self._unsure)) - 1] + self._memory
        return aged if self._end is None else min(aged, self._end)

    def ends_at(self, now: float) -> float | None:
        """When the current window ends; ``None`` where none is known to be open."""
        self._roll(now)
        if self._end is None and self._unsure:
            return self._unsure[-1] + self._memory
        return self._end

    def used(self, now: float) -> int:
        """How many slots of the current window are taken, in flight included."""
        self._roll(now)
        return self._taken()

    @property
    def is_told(self) -> bool:
        """Whether X has ever said anything about this window."""
        return self._told != _NEVER

    def idle(self, now: float) -> bool:
        """Whether nothing is remembered that could matter later."""
        self._roll(now)
        blocked = self._trouble is not None and now < self._trouble.until
        paced = self._pace is not None and not self._pace.is_due(now)
        return not (self._end is not None or self._unsure or self.in_flight or blocked or paced)

    # -- taking and giving back -----------------------------------------------------------

    def take(self, now: float) -> float:
        """Take one slot, where :meth:`room` was above 0; returns when it was sent, for later."""
        self._roll(now)
        if self._pace is not None and self.limit is not None:
            end = now + self.seconds if self._end is None else self._end
            self._pace.took(now, self.limit - self._taken(), end)
        self.in_flight += 1
        self.free -= 1
        if self._end is None:
            self._opening += 1
        return now

    def give_back(self, sent: float) -> None:
        """Return a slot that was taken at ``sent`` and whose request X has not counted."""
        self._end_flight(sent)
        self._refresh()

    def lose(self, sent: float, now: float) -> None:
        """A request was sent and its answer told nothing about this window."""
        self._end_flight(sent)
        self._roll(now)
        self._landed += 1
        if self.limit is not None:
            if self._unsure is None:
                self._unsure = Unsure()
            self._unsure.append(now)
        self._refresh()

    def settle(
        self, sent: float, report: WindowReport | None, clock: ServerClock, now: float
    ) -> None:
        """An answer arrived, with or without a usable report about this window."""
        if self._trouble is not None and sent >= self._trouble.since:
            self._trouble = None
        end = clock.end_of(report, now)
        if report is None or end is None or end < sent:
            self.lose(sent, now)
            return
        self._end_flight(sent)
        self._roll(now)
        self._landed += 1
        if end > now:
            self._believe(report, end, clock.doubt(end), sent, now)
        self._refresh()

    def learn(self, sent: float, report: WindowReport, clock: ServerClock, now: float) -> None:
        """Correct what is believed by what X says, unless it speaks of a window that is over."""
        self._roll(now)
        end = clock.end_of(report, now)
        if end is not None and end > now:
            self._believe(report, end, clock.doubt(end), sent, now)
        self._refresh()

    def refuse(
        self, sent: float, report: WindowReport | None, clock: ServerClock, now: float
    ) -> None:
        """A 429 arrived: X did not count the request, and wants no more of them."""
        self._end_flight(sent)
        self._roll(now)
        end = clock.end_of(report, now)
        closed, until = False, now
        if report is not None and end is not None and end > now:
            self._believe(report, end, clock.doubt(end), sent, now)
            closed = report.remaining == 0
        elif end is None and self._end is not None and self._looks_full():
            closed, until = True, self._end
        if closed and self._strangers is None:  # for alone we send no more than X allows
            self._strangers = Strangers()
            self._strangers.notice(1, sent, now)
        self._trouble = trouble_after(
            self._trouble, sent=sent, now=now, seconds=self.seconds, closed=closed, until=until
        )
        self._refresh()

    # -- the rules ------------------------------------------------------------------------

    @property
    def _memory(self) -> float:
        """How long a request counts of which nothing more is heard; ends are whole seconds."""
        return self.seconds + 1.0

    def _taken(self) -> int:
        if not self._unsure:
            return self._base + self.in_flight
        counted = self._base + len(self._unsure)
        if self._strangers is None:  # X has counted no more than we have sent
            counted = min(counted, max(self._base, self._landed))
        return counted + self.in_flight

    def _looks_full(self) -> bool:
        """Whether others may have taken all that is left, now that X has refused a request."""
        if self.limit is None:
            return False
        left = self.limit - self._base - len(self._unsure or ())
        if self._strangers is not None:  # alone, those on their way may be refused as well
            left -= self.in_flight
        return left <= may_have_taken(self._strangers, self.limit)

    def _is_silent(self) -> bool:
        """Whether X has answered, and never a word about this window."""
        return self._told == _NEVER and self._unsure is not None and len(self._unsure) > 1

    def _roll(self, now: float) -> None:
        if self._end is not None and now >= self._end:
            if self._unsure:
                # X's window may have ended a little earlier, and counted these in the next one.
                self._unsure.forget_until(self._end - self._fuzz)
            self._end = None
            self._base = self._opening = 0
            self._landed = len(self._unsure or ())
            self._since = now
            self.fresh_until = _NEVER
        unsure = self._unsure
        if unsure and unsure[0] + self._memory <= now:
            unsure.forget_aged(now, self._memory)
            if self._end is None:
                self._landed = len(unsure)

    def _end_flight(self, sent: float) -> None:
        self.in_flight -= 1
        if self._opening and sent >= self._since:
            self._opening -= 1

    def _open(self, end: float, reset: int, fuzz: float) -> None:
        self._end = end
        self._reset = reset
        self._fuzz = fuzz
        self._opening = 0
        if self._strangers is not None and not self._strangers.stay():
            self._strangers = None

    def _refresh(self) -> None:
        """Work out the short way again."""
        plain = self._end is not None and self._pace is None and self._trouble is None
        if self.limit is None or not plain or self._strangers:
            self.fresh_until = _NEVER
            return
        self.free = max(self.limit - self._taken(), 0)
        self.fresh_until = self._end or _NEVER
        if self._unsure:  # the oldest of them may be forgotten before the window ends
            self.fresh_until = min(self.fresh_until, self._unsure[0] + self._memory)

    def _believe(
        self, report: WindowReport, end: float, fuzz: float, sent: float, now: float
    ) -> None:
        counted = report.limit - report.remaining
        self.limit = report.limit
        same = self._end is not None and abs(report.reset - self._reset) <= 1
        if same:
            self._base = max(self._base, counted)
            self._end, self._fuzz = end, fuzz  # the clocks may be known better by now
        elif self._end is None or report.reset > self._reset or sent >= self._told:
            if self._end is not None:  # what landed in the window before counts no more
                self._landed = min(self._landed, len(self._unsure or ()) + 1)
            self._open(end, report.reset, fuzz)
            self._base = counted
        if self._told == _NEVER:
            # What was used before we came tells of nobody who is there now.
            self._landed = max(self._landed, counted - self.in_flight)
        self._told = now
        if self._unsure:
            self._unsure.forget_until(sent)
        if self._trouble is not None and self._trouble.is_a_guess and not self._looks_full():
            self._trouble = None
        if self._pace is not None:
            self._pace.hear(now, report.limit - self._taken(), end)
        theirs = counted - self._landed - self.in_flight
        if theirs > 0 and self._strangers is None:
            self._strangers = Strangers()
        if self._strangers is not None:
            self._strangers.notice(theirs, sent, now)

"""An exact model of X's fixed window, and of all that can happen on the way to it and back."""

import math
from dataclasses import dataclass, field

from twretweet.limits.skew import ServerClock
from twretweet.limits.window import FixedWindow, WindowSpec
from twretweet.protocol.headers import WindowReport

# No two events fall into one moment, as on a machine's own clock.
TICK = 1e-6


@dataclass
class Flight:
    """A request on its way."""

    sent: float
    report: WindowReport | None = None
    date: int = 0
    refused: bool = False

    @property
    def answered(self) -> bool:
        return self.report is not None


@dataclass
class World:
    """One client's window, X's, and the requests between them.

    ``offset`` is X's clock minus the local one; X's window ends at a whole second, rounded up.
    """

    limit: int
    seconds: float
    offset: float = 0.0
    table_limit: int | None = None
    latency: float = math.inf

    now: float = 0.0
    flights: list[Flight] = field(default_factory=list)
    end: int | None = None
    used: int = 0
    refusals: int = 0
    newest_reset: int = 0
    last_end: float = -math.inf  # of X's window before this one, by the local clock
    straddled: bool = False  # it counts a request that was sent before it opened

    def __post_init__(self) -> None:
        self.window = FixedWindow(WindowSpec("w", self.table_limit or self.limit, self.seconds))
        self.clock = ServerClock()

    # -- X ----------------------------------------------------------------------------------

    @property
    def server_now(self) -> float:
        return self.now + self.offset

    @property
    def is_open(self) -> bool:
        return self.end is not None and self.server_now < self.end

    @property
    def is_full(self) -> bool:
        return self.is_open and self.used >= self.limit

    def count(self) -> bool:
        """X gets one request, ours or a stranger's."""
        if not self.is_open:
            if self.end is not None:
                self.last_end = self.end - self.offset
            self.end = math.ceil(self.server_now + self.seconds)
            self.used = 0
            self.straddled = False
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    # -- events -----------------------------------------------------------------------------

    def pass_time(self, seconds: float) -> None:
        """Let time pass, no further than the oldest request may be on its way."""
        latest = min((each.sent for each in self.flights), default=math.inf) + self.latency
        self.now = max(min(self.now + seconds, latest), self.now)

    def until_end(self, beyond: float) -> None:
        """Let time pass up to the end of X's window, and a bit."""
        if self.end is not None:
            self.pass_time(max(self.end - self.offset + beyond - self.now, 0.0))

    def send(self) -> bool:
        self.now += TICK
        if not self.window.room(self.now):
            return False
        self.flights.append(Flight(self.window.take(self.now)))
        return True

    def arrive(self, flight: Flight) -> None:
        """X reads a request and writes its answer."""
        self.now += TICK
        if not self.count():
            flight.refused = True
            self.refusals += 1
        assert self.end is not None
        if flight.sent < self.last_end <= self.now:
            self.straddled = True
        flight.report = WindowReport(self.limit, self.limit - self.used, self.end)
        flight.date = math.floor(self.server_now)

    def receive(self, flight: Flight, *, headers: bool = True) -> None:
        """The answer reaches the client."""
        self.now += TICK
        self.flights.remove(flight)
        self.clock.observe(flight.date, flight.sent, self.now)
        report = flight.report if headers else None
        if flight.refused:
            self.window.refuse(flight.sent, report, self.clock, self.now)
        else:
            self.window.settle(flight.sent, report, self.clock, self.now)
        if report is not None:
            self.newest_reset = max(self.newest_reset, report.reset)

    def lose(self, flight: Flight) -> None:
        """The connection breaks; X may have counted the request, and won't any more."""
        self.now += TICK
        self.flights.remove(flight)
        self.window.lose(flight.sent, self.now)

    def give_back(self, flight: Flight) -> None:
        """The request never left the machine."""
        self.now += TICK
        self.flights.remove(flight)
        self.window.give_back(flight.sent)

    # -- what must hold ----------------------------------------------------------------------

    def check_sanity(self) -> None:
        """Whatever X does: counts stay counts, and whoever waits knows for what."""
        assert self.window.in_flight == len(self.flights)
        room = self.window.room(self.now)
        assert room >= 0
        if room == 0:
            opens = self.window.opens_at(self.now)
            if opens is None:
                assert self.flights, "full for ever: nobody is on the way to bring an answer"
            else:
                assert opens > self.now, "asks again and again without waiting"

    def check_nothing_wasted(self, uncertainty: float) -> None:
        """Every answer told all: so the window is closed only while X's is full."""
        if self.flights or self.window.room(self.now):
            return
        assert self.end is not None
        over_for = self.server_now - self.end
        assert self.used >= self.limit, "a slot of X's window stays empty"
        assert over_for <= uncertainty, "X's window has long been over"

    def check_exact(self) -> None:
        """With no request on its way, the count of the open window is X's."""
        if not self.flights and self.is_open and self.newest_reset == self.end:
            assert self.window.used(self.now) == self.used

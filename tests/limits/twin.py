"""A window kept twice, by window.py and by window.lua in a real Redis, compared at each step."""

import itertools
from importlib import resources

import msgspec
from redis import Redis

from tests.limits.world import World
from twretweet.limits import WindowSpec
from twretweet.limits.skew import ServerClock
from twretweet.limits.window import FixedWindow
from twretweet.protocol.headers import WindowReport

# All times are multiples of this, so that neither seconds in floats nor microseconds round.
GRID = 1 / 64
GIVE_BACK, LOSE, SETTLE, REFUSE, LEARN, HOLD, CANCEL = 1, 2, 3, 4, 5, 6, 7
_LEASE = 10**12
_EPOCH = 1_700_000_000


def micro(seconds: float) -> int:
    """A moment as the script knows it."""
    moment = (seconds + _EPOCH) * 1e6
    assert moment == int(moment)
    return int(moment)


class TimedScript:
    """window.lua, told the time by its caller."""

    def __init__(self, redis: "Redis[bytes]", *, forgets: bool = False) -> None:
        text = resources.files("twretweet.limits").joinpath("window.lua").read_text()
        # Unless told so it forgets nothing, as window.py, which leaves that to its caller.
        for old, new in (
            ("redis.call('TIME')", "{ARGV[2], ARGV[3]}"),
            ("if matters > now", "if true"),
            ("math.ceil((matters - now) / 1000) + 1000", "10000000"),
        ):
            assert text.count(old) == 1
            if "TIME" in old or not forgets:
                text = text.replace(old, new)
        self._script = redis.register_script(text)

    def __call__(self, now: float, keys: list[str], *request: object) -> list[int]:
        seconds, rest = divmod(micro(now), 1_000_000)
        args = [msgspec.msgpack.encode(request), seconds, rest]
        answer = msgspec.json.decode(self._script(keys=keys, args=args), type=list[int])
        assert answer[1:3] == [seconds, rest]
        return [answer[0], micro(now), *answer[3:]]


class Twin:
    """Has the face of a ``FixedWindow``."""

    def __init__(self, spec: WindowSpec, script: TimedScript, key: str) -> None:
        self._window = FixedWindow(spec)
        self._script = script
        self._key = key
        limit = -1 if spec.limit is None else spec.limit
        self._spec = (limit, round(spec.seconds * 1e6))
        self._ids = itertools.count()
        self._sent: dict[float, list[str]] = {}

    @property
    def in_flight(self) -> int:
        return self._window.in_flight

    @property
    def limit(self) -> int | None:
        return self._window.limit

    def room(self, now: float) -> int:
        self._window.fresh_until = -1.0  # the short way does not look at what is over
        room = self._window.room(now)
        if not room:
            answer = self._call(now, "asks")
            assert answer[0] == 0, "Redis has room, window.py has none"
            opens = self._window.opens_at(now)
            assert answer[3] == (-1 if opens is None else micro(opens) - micro(now))
        return room

    def opens_at(self, now: float) -> float | None:
        return self._window.opens_at(now)

    def used(self, now: float) -> int:
        return self._window.used(now)

    def take(self, now: float) -> float:
        name = f"r{next(self._ids)}"
        self._sent.setdefault(now, []).append(name)
        self._window.take(now)
        answer = self._call(now, name)
        assert answer[0] == 1, "Redis has no room, window.py has some"
        return now

    def give_back(self, sent: float, now: float) -> None:
        self._window.used(now)
        self._window.give_back(sent)
        self._correct(now, sent, GIVE_BACK)

    def lose(self, sent: float, now: float) -> None:
        self._window.used(now)
        self._window.lose(sent, now)
        self._correct(now, sent, LOSE)

    def settle(
        self, sent: float, report: WindowReport | None, clock: ServerClock, now: float
    ) -> None:
        self._window.used(now)
        self._window.settle(sent, report, clock, now)
        self._correct(now, sent, SETTLE, *_told(report, clock))

    def refuse(
        self, sent: float, report: WindowReport | None, clock: ServerClock, now: float
    ) -> None:
        self._window.used(now)
        self._window.refuse(sent, report, clock, now)
        self._correct(now, sent, REFUSE, *_told(report, clock))

    def learn(self, sent: float, report: WindowReport, clock: ServerClock, now: float) -> None:
        self._window.learn(sent, report, clock, now)
        self._correct(now, sent, LEARN, *_told(report, clock), name="somebody else")

    def _correct(self, now: float, sent: float, what: int, *told: int, name: str = "") -> None:
        name = name or self._sent[sent].pop()
        self._call(now, "", (name, micro(sent), micro(now), (1, what, *told)))

    def _call(self, now: float, name: str, *corrections: object) -> list[int]:
        answer = self._script(
            now, [self._key], name, _LEASE, int(bool(name)), [self._spec], corrections
        )
        ends, limit = self._window.ends_at(now), self._window.limit
        assert answer[5:9] == [
            -1 if limit is None else limit,
            self._window.used(now),
            -1 if ends is None else micro(ends) - micro(now),
            self._window.in_flight,
        ]
        return answer


def _told(report: WindowReport | None, clock: ServerClock) -> tuple[int, ...]:
    if report is None:
        return ()
    end, fuzz = (
        micro(clock.to_local(report.reset)),
        round(clock.doubt(clock.to_local(report.reset)) * 1e6),
    )
    return report.limit, report.remaining, report.reset, end, fuzz


class TwinWorld(World):
    """The world of ``world.py``, on the grid."""

    def __init__(self, script: TimedScript, key: str, limit: int, seconds: float, **rest: float):
        self._script, self._key = script, key
        super().__init__(limit, seconds, **rest)

    def __post_init__(self) -> None:
        spec = WindowSpec("w", self.table_limit or self.limit, self.seconds)
        self.window = Twin(spec, self._script, self._key)
        self.clock = ServerClock(drift=0.0)  # keeps to the grid

    def pass_time(self, seconds: float) -> None:
        super().pass_time(round(seconds / GRID) * GRID)

    def give_back(self, flight) -> None:
        self.now += GRID
        self.flights.remove(flight)
        self.window.give_back(flight.sent, self.now)

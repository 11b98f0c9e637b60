"""FixedWindow against an exact model of X, with hypothesis choosing what happens next."""

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from tests.limits.world import TICK, World
from twretweet.protocol.headers import WindowReport

LATENCY = 0.5
SECONDS = st.sampled_from([2.0, 5.0, 10.0])
OFFSETS = st.floats(-300, 300, allow_nan=False)
PAUSES = st.sampled_from([0.001, 0.01, 0.2, 0.6, 1.3, 3.0])
BEYOND = st.sampled_from([-0.01, 0.0, 0.01, 0.3, 1.0, 1.2, 2.0])
WHICH = st.integers(0, 1 << 16)


class _Life(RuleBasedStateMachine):
    """What happens in every life of a window."""

    world: World

    @property
    def loaded(self) -> bool:
        return bool(self.world.flights)

    @rule(seconds=PAUSES)
    def time_passes(self, seconds):
        self.world.pass_time(seconds)

    @rule(beyond=BEYOND)
    def x_s_window_ends(self, beyond):
        self.world.until_end(beyond)

    @rule(count=st.integers(1, 6))
    def requests_go_out(self, count):
        for _ in range(count):
            self.world.send()

    @precondition(lambda self: any(not each.answered for each in self.world.flights))
    @rule(which=WHICH)
    def x_counts_one(self, which):
        waiting = [each for each in self.world.flights if not each.answered]
        self.world.arrive(waiting[which % len(waiting)])

    @precondition(lambda self: any(each.answered for each in self.world.flights))
    @rule(which=WHICH)
    def an_answer_arrives(self, which):
        answered = [each for each in self.world.flights if each.answered]
        self.world.receive(answered[which % len(answered)])
        self.an_answer_told(answered[which % len(answered)].report)

    @precondition(lambda self: any(not each.answered for each in self.world.flights))
    @rule(which=WHICH)
    def one_is_cancelled_before_it_is_sent(self, which):
        waiting = [each for each in self.world.flights if not each.answered]
        self.world.give_back(waiting[which % len(waiting)])

    def an_answer_told(self, report: WindowReport | None) -> None:
        pass

    @invariant()
    def counts_are_sane_and_waiting_has_an_end(self):
        self.world.check_sanity()

    def teardown(self) -> None:
        """In the end there is room again: no slot is lost for ever."""
        world = self.world
        for flight in list(world.flights):
            world.lose(flight)
        for _ in range(3):
            if world.window.room(world.now):
                return
            opens = world.window.opens_at(world.now)
            assert opens is not None
            assert opens - world.now <= world.seconds + 1 + 1 + LATENCY + 0.01
            world.now = opens + TICK
        raise AssertionError("the window never opens again")


class Alone(_Life):
    """Nobody else uses the account, the table is right, and every answer arrives."""

    @initialize(limit=st.integers(1, 6), seconds=SECONDS, offset=OFFSETS)
    def start(self, limit, seconds, offset):
        self.world = World(limit, seconds, offset, latency=LATENCY)

    @invariant()
    def x_never_refuses(self):
        assert self.world.refusals == 0

    @invariant()
    def no_slot_is_wasted(self):
        # See test_window_storms for what a request does that the window's end overtakes.
        if not self.world.straddled:
            self.world.check_exact()
            self.world.check_nothing_wasted(uncertainty=1 + LATENCY + 0.01)


class BesideStrangers(_Life):
    """Strangers use the account, the table is wrong, answers and headers get lost."""

    @initialize(limit=st.integers(1, 6), table=st.integers(1, 9), seconds=SECONDS, offset=OFFSETS)
    def start(self, limit, table, seconds, offset):
        self.world = World(limit, seconds, offset, table_limit=table, latency=LATENCY)

    @rule(count=st.integers(1, 4))
    def strangers_come(self, count):
        for _ in range(count):
            self.world.count()

    @precondition(lambda self: self.loaded)
    @rule(which=WHICH)
    def one_is_lost(self, which):
        self.world.lose(self.world.flights[which % len(self.world.flights)])

    @precondition(lambda self: any(each.answered for each in self.world.flights))
    @rule(which=WHICH)
    def an_answer_arrives_without_headers(self, which):
        answered = [each for each in self.world.flights if each.answered]
        flight = answered[which % len(answered)]
        self.world.receive(flight, headers=False)
        if flight.refused:
            assert not self.world.window.room(self.world.now)

    def an_answer_told(self, report: WindowReport | None) -> None:
        world = self.world
        assert report is not None
        if report.reset == world.newest_reset and world.server_now < report.reset:
            assert world.window.limit == report.limit
            assert world.window.used(world.now) >= report.limit - report.remaining
            if report.remaining == 0:
                assert world.window.room(world.now) == 0


_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]
TestAlone = Alone.TestCase
TestAlone.settings = settings(
    max_examples=400, stateful_step_count=40, deadline=None, suppress_health_check=_QUIET
)
TestBesideStrangers = BesideStrangers.TestCase
TestBesideStrangers.settings = TestAlone.settings

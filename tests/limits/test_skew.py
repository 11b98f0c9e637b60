"""How far Date headers tell X's clock."""

import math

from hypothesis import given
from hypothesis import strategies as st

from twretweet.limits.skew import ServerClock

EXCHANGES = st.lists(
    st.tuples(st.floats(0, 100), st.floats(0, 5), st.floats(0, 1)), min_size=1, max_size=30
)


@given(EXCHANGES, st.floats(-86_400, 86_400))
def test_a_reset_is_never_read_too_early_and_at_most_a_second_and_a_round_trip_late(
    exchanges, offset
):
    clock, now = ServerClock(drift=0.0), 0.0
    for pause, trip, when in exchanges:
        sent = now + pause
        now = sent + trip
        clock.observe(math.floor(sent + when * trip + offset), sent, now)
        local = 1_000_000 - offset  # the moment when X's clock shows a million
        assert -1e-6 <= clock.to_local(1_000_000) - local <= 1 + trip + 1e-6


def test_a_few_replies_tell_the_offset_to_a_fraction_of_a_second():
    clock = ServerClock(drift=0.0)
    for step in range(20):
        sent = step * 1.05
        clock.observe(math.floor(sent + 0.02 + 300.4), sent, sent + 0.04)
    assert 0 <= clock.to_local(1000) - (1000 - 300.4) < 0.1


def test_after_a_clock_was_set_the_newest_reply_is_believed():
    clock = ServerClock()
    clock.observe(1000, 0.0, 0.1)
    clock.observe(5000, 1.0, 1.1)
    assert abs(clock.to_local(5000) - 1.1) < 1e-9
    clock.observe(1002, 2.0, 2.1)
    assert abs(clock.to_local(1002) - 2.1) < 1e-9


def test_the_local_clock_is_believed_until_the_first_date():
    clock = ServerClock()
    clock.assume(100.0)
    assert clock.to_local(150) == 50.0
    clock.assume(90.0)  # it was set meanwhile
    assert clock.to_local(150) == 60.0


def test_the_first_date_replaces_the_local_clock_even_where_they_agree():
    """A local clock half a second fast agrees with whole seconds, and would come early."""
    clock = ServerClock(drift=0.0)
    clock.assume(100.9)
    clock.observe(100, 0.0, 0.1)  # so the offset is 99.9 to 101
    assert abs(clock.to_local(1000) - 900.1) < 1e-9
    clock.assume(100.9)
    assert abs(clock.to_local(1000) - 900.1) < 1e-9


@given(st.floats(-1e-4, 1e-4), st.lists(st.floats(0.5, 900), min_size=1, max_size=30))
def test_a_clock_that_runs_fast_or_slow_reads_no_reset_too_early(rate, pauses):
    """A client that goes just after each reset sees dates from one end of a second only."""
    clock, now = ServerClock(), 0.0

    def server(local: float) -> float:
        return 5000.25 + local * (1 + rate)

    for pause in pauses:
        now += pause
        clock.observe(math.floor(server(now)), now, now + 0.01)
        reset = math.ceil(server(now) + 900)
        local = clock.to_local(reset)
        assert server(local) >= reset - 1e-6
        assert server(local - clock.doubt(local)) <= reset + 1e-6

"""What a window makes of a 429; rule 7 at the head of ``window.py``."""

import pytest

from tests.limits.single import opened, window
from twretweet.limits.skew import ServerClock
from twretweet.protocol.headers import WindowReport


@pytest.fixture
def clock() -> ServerClock:
    """X's clock is the local one."""
    clock = ServerClock()
    clock.assume(0.0)
    return clock


def test_a_429_with_a_reset_ahead_closes_the_window_until_then(clock):
    busy = opened(clock)
    mark = busy.take(2.0)
    busy.refuse(mark, WindowReport(5, 0, 900), clock, now=3.0)
    assert busy.room(3.0) == 0
    assert busy.opens_at(3.0) == 900
    assert busy.room(900.0) == 1


@pytest.mark.parametrize(
    "report",
    [
        None,
        WindowReport(5, 3, 900),  # something left, and yet refused
        WindowReport(5, 0, 2),  # a reset that has passed
        WindowReport(5, 0, 10_000_000),  # a reset in another unit
        WindowReport(0, 0, 900),
    ],
    ids=["no headers", "something left", "passed", "absurd", "limit of nothing"],
)
def test_any_other_429_backs_off_twice_as_long_each_time(clock, report):
    busy, now, waits = window(5, seconds=60.0), 3.0, []
    for _ in range(6):
        mark = busy.take(now)
        busy.refuse(mark, report, clock, now=now)
        assert busy.room(now) == 0
        opens = busy.opens_at(now)
        assert opens is not None
        waits.append(opens - now)
        now = opens
        assert busy.room(now) > 0
        assert busy.in_flight == 0
    assert waits == [5, 10, 20, 40, 60, 60]


def test_a_reset_that_is_not_kept_backs_off_instead_of_trying_every_second(clock):
    new, now, waits = window(), 0.0, []
    for _ in range(5):
        assert new.room(now) == 1
        new.refuse(new.take(now), WindowReport(5, 0, int(now) + 1), clock, now=now)
        opens = new.opens_at(now)
        assert opens is not None
        waits.append(opens - now)
        now = opens
    assert waits == [1, 5, 10, 20, 40]


def test_several_429s_at_once_back_off_no_longer_than_one(clock):
    busy = opened(clock)
    for sent in [busy.take(2.0) for _ in range(4)]:
        busy.refuse(sent, None, clock, now=3.0)
    assert busy.opens_at(3.0) == 8.0


def test_the_back_off_starts_anew_after_a_success(clock):
    busy = opened(clock)
    for now in (10.0, 20.0):
        busy.refuse(busy.take(now), None, clock, now=now)
    assert busy.opens_at(20.0) == 30.0
    busy.settle(busy.take(30.0), WindowReport(5, 3, 900), clock, now=31.0)
    busy.refuse(busy.take(32.0), None, clock, now=32.0)
    assert busy.opens_at(32.0) == 37.0


def test_a_success_on_its_way_does_not_lift_a_back_off(clock):
    busy = opened(clock)
    on_its_way = busy.take(2.0)
    busy.refuse(busy.take(2.0), None, clock, now=3.0)
    busy.settle(on_its_way, WindowReport(5, 3, 900), clock, now=3.5)
    assert busy.room(3.5) == 0
    assert busy.opens_at(3.5) == 8.0


def test_a_429_without_a_word_closes_a_window_that_lost_requests_may_have_filled(clock):
    nearly_full = opened(clock, limit=32)
    marks = [nearly_full.take(2.0) for _ in range(31)]
    refused = marks.pop()
    for mark in marks[:3]:
        nearly_full.settle(mark, None, clock, now=3.0)
    for mark in marks[3:]:
        nearly_full.settle(mark, WindowReport(32, 4, 900), clock, now=4.0)
    nearly_full.refuse(refused, None, clock, now=5.0)
    assert nearly_full.opens_at(5.0) == 900


def test_bare_429s_for_many_at_once_are_no_word_of_a_full_window(clock):
    busy = opened(clock, limit=50)
    for mark in [busy.take(2.0) for _ in range(49)]:
        busy.refuse(mark, None, clock, now=3.0)
    assert busy.opens_at(3.0) == 8.0
    assert busy.room(8.0) == 1


def test_a_window_that_was_taken_for_full_opens_when_an_answer_tells_of_more(clock):
    guessed = opened(clock, limit=48)
    *lost, refused = [guessed.take(2.0) for _ in range(45)]
    for mark in lost:
        guessed.settle(mark, None, clock, now=3.0)
    late = guessed.take(3.5)
    guessed.refuse(refused, None, clock, now=4.0)
    assert guessed.room(4.0) == 0
    assert guessed.opens_at(4.0) == 900
    guessed.settle(late, WindowReport(48, 30, 900), clock, now=5.0)
    assert guessed.room(5.0) > 0


def test_who_was_refused_in_a_full_window_expects_strangers_in_the_next(clock):
    full = opened(clock, limit=32)
    *marks, refused = [full.take(2.0) for _ in range(31)]
    for mark in marks:
        full.settle(mark, WindowReport(32, 1, 900), clock, now=4.0)
    full.refuse(refused, None, clock, now=5.0)
    full.settle(full.take(900.0), WindowReport(32, 31, 1800), clock, now=900.5)
    full.take(901.0)
    assert full.room(901.0) == 0, "they go one by one"

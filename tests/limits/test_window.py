"""The rules at the head of ``window.py``, one by one."""

import pytest

from tests.limits.single import opened, window
from twretweet.errors import QueryError
from twretweet.limits.skew import ServerClock
from twretweet.limits.spec import WindowSpec
from twretweet.protocol.headers import WindowReport


@pytest.fixture
def clock() -> ServerClock:
    """X's clock is the local one."""
    clock = ServerClock()
    clock.assume(0.0)
    return clock


@pytest.mark.parametrize("limit", [0, -1])
def test_a_limit_below_one_is_refused(limit):
    with pytest.raises(QueryError, match="must be 1 or more"):
        WindowSpec("w", limit, 900.0)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_a_window_without_length_is_refused(seconds):
    with pytest.raises(QueryError, match="must be longer"):
        WindowSpec("w", 5, seconds)


def test_a_window_longer_than_a_day_is_refused():
    assert WindowSpec("w", 5, 86_400.0).seconds == 86_400.0
    with pytest.raises(QueryError, match="X has none so long"):
        WindowSpec("w", 5, 86_401.0)


def test_one_request_opens_a_window_and_the_others_follow_its_answer(clock):
    new = window()
    assert new.room(0.0) == 1
    mark = new.take(0.0)
    assert new.room(0.0) == 0
    assert new.opens_at(0.0) is None
    new.settle(mark, WindowReport(5, 4, 900), clock, now=0.2)
    assert new.room(0.2) == 4
    assert new.ends_at(0.2) == 900


def test_the_whole_allowance_is_back_at_the_end_of_the_window(clock):
    full = opened(clock)
    for _ in range(4):
        mark = full.take(2.0)
        full.settle(mark, WindowReport(5, 0, 900), clock, now=3.0)
    assert full.room(899.9) == 0
    assert full.opens_at(899.9) == 900
    assert full.room(900.0) == 1  # one, to open the next
    assert full.used(900.0) == 0


def test_a_request_in_flight_takes_a_slot_of_the_next_window_too(clock):
    busy = opened(clock)
    for _ in range(4):
        busy.take(899.0)
    assert busy.room(900.0) == 1
    busy.take(900.0)
    assert busy.room(900.0) == 0


def test_answers_that_overtake_each_other_never_lower_the_count(clock):
    busy = opened(clock)
    first, second = busy.take(2.0), busy.take(2.1)
    busy.settle(second, WindowReport(5, 2, 900), clock, now=3.0)
    busy.settle(first, WindowReport(5, 3, 900), clock, now=3.1)
    assert busy.used(3.1) == 3
    assert busy.room(3.1) == 2


def test_a_lost_request_counts_until_the_answer_to_a_later_one(clock):
    busy = opened(clock)
    lost, before = busy.take(2.0), busy.take(2.0)
    busy.lose(lost, 3.0)
    assert busy.room(3.0) == 2
    busy.settle(before, WindowReport(5, 3, 900), clock, now=3.5)
    assert busy.room(3.5) == 2  # 2 counted, 1 lost: the answer may be the older one
    after = busy.take(4.0)
    busy.settle(after, WindowReport(5, 2, 900), clock, now=4.5)
    assert busy.room(4.5) == 2  # X never got the lost one


def test_an_answer_without_headers_counts_like_a_lost_one(clock):
    busy = opened(clock)
    mark = busy.take(2.0)
    busy.settle(mark, None, clock, now=3.0)
    assert busy.used(3.0) == 2
    assert busy.in_flight == 0


def test_a_lost_opener_closes_the_window_for_no_longer_than_x_could(clock):
    new = window(limit=1)
    new.lose(new.take(0.0), 2.0)
    assert new.room(2.0) == 0
    assert new.opens_at(2.0) == 903.0  # counted at 2, 900 s, rounded up to a whole second
    assert new.room(903.0) == 1


def test_x_s_word_replaces_a_guess(clock):
    new = window()
    new.lose(new.take(0.0), 2.0)
    mark = new.take(3.0)
    new.settle(mark, WindowReport(5, 4, 300), clock, now=3.5)
    assert new.ends_at(3.5) == 300
    assert new.room(3.5) == 4


@pytest.mark.parametrize(("limit", "room"), [(2, 1), (50, 49), (1, 0)])
def test_a_limit_that_x_reports_replaces_the_table_s(clock, limit, room):
    new = window(5)
    new.settle(new.take(0.0), WindowReport(limit, limit - 1, 900), clock, now=1.0)
    assert new.limit == limit
    assert new.room(1.0) == room


def test_a_lowered_limit_leaves_no_negative_room(clock):
    busy = opened(clock)
    marks = [busy.take(2.0) for _ in range(4)]
    busy.settle(marks[0], WindowReport(2, 0, 900), clock, now=3.0)
    assert busy.room(3.0) == 0
    assert busy.used(3.0) == 5


def test_without_a_limit_everyone_may_go_until_headers_tell(clock):
    unknown = window(None)
    marks = [unknown.take(0.0) for _ in range(10)]
    assert unknown.room(0.0) > 1000
    unknown.settle(marks[0], WindowReport(12, 5, 900), clock, now=1.0)
    assert unknown.limit == 12
    assert unknown.room(1.0) == 0  # 7 counted, 9 on their way


def test_strangers_requests_count(clock):
    busy = opened(clock)
    mark = busy.take(2.0)
    busy.settle(mark, WindowReport(5, 0, 900), clock, now=3.0)
    assert busy.room(3.0) == 0


def test_a_reset_that_has_passed_says_nothing_about_this_window(clock):
    busy = opened(clock, reset=900)
    old = busy.take(899.0)
    new = busy.take(900.5)
    busy.settle(new, WindowReport(5, 4, 1801), clock, now=901.0)
    busy.settle(old, WindowReport(5, 0, 900), clock, now=901.5)
    assert busy.room(901.5) == 4
    assert busy.ends_at(901.5) == 1801


def test_a_later_reset_moves_the_end(clock):
    busy = opened(clock, reset=900)
    mark = busy.take(2.0)
    busy.settle(mark, WindowReport(5, 3, 1000), clock, now=3.0)
    assert busy.ends_at(3.0) == 1000
    assert busy.used(3.0) == 2


def test_of_two_windows_the_later_is_told_by_x_s_own_reset_not_by_our_reading_of_it():
    """Our clock's offset was known to three seconds when the first reset was read."""
    clock, busy = ServerClock(drift=0.0), window(5, 5.0)
    mark = busy.take(0.0)
    clock.observe(0, 0.0, 3.0)
    busy.settle(mark, WindowReport(5, 4, 5), clock, now=3.0)
    assert busy.ends_at(3.0) == 8.0
    slow, quick = busy.take(5.2), busy.take(5.3)
    clock.observe(5, 5.3, 5.4)
    busy.settle(quick, WindowReport(5, 3, 10), clock, now=5.4)
    clock.observe(5, 5.2, 5.5)
    busy.settle(slow, WindowReport(5, 4, 10), clock, now=5.5)
    assert busy.used(5.5) == 2


def test_a_reset_beyond_a_day_is_a_mistake(clock):
    new = window()
    for _ in range(2):
        assert new.room(1.0) == 1
        new.settle(new.take(0.0), WindowReport(5, 0, 1_000_000), clock, now=1.0)
    assert new.room(1.0) == 3
    assert new.ends_at(1.0) == 902.0


def test_one_answer_without_a_word_does_not_make_a_window_silent(clock):
    new = window()
    new.lose(new.take(0.0), 1.0)
    assert new.room(1.0) == 1
    again = new.take(1.0)
    assert new.room(1.0) == 0
    assert new.opens_at(1.0) is None
    new.settle(again, WindowReport(5, 3, 900), clock, now=2.0)
    assert new.room(2.0) == 3


def test_two_answers_without_a_word_make_a_window_silent(clock):
    new = window()
    for _ in range(2):
        new.settle(new.take(0.0), None, clock, now=1.0)
    assert new.room(1.0) == 3


def test_a_window_is_idle_once_it_is_over_and_nobody_is_on_the_way(clock):
    busy = opened(clock)
    assert not busy.idle(10.0)
    mark = busy.take(10.0)
    assert not busy.idle(900.0)
    busy.give_back(mark)
    assert busy.idle(900.0)


def test_strangers_who_took_nothing_in_a_hundred_windows_have_gone(clock):
    busy = opened(clock, limit=50)
    busy.settle(busy.take(2.0), WindowReport(50, 40, 900), clock, now=3.0)
    assert busy.room(4.0) == 1
    for number in range(1, 102):
        now = 900.0 * number
        assert busy.room(now) == 1
        busy.settle(busy.take(now), WindowReport(50, 49, 900 * (number + 1)), clock, now=now)
        alone = busy.room(now) == 49
        assert alone == (number == 101)


def test_strangers_are_noticed_in_a_window_that_a_later_reset_begins(clock):
    busy = opened(clock, limit=50)
    for _ in range(40):
        busy.settle(busy.take(2.0), WindowReport(50, 9, 900), clock, now=3.0)
    busy.settle(busy.take(899.0), WindowReport(50, 20, 1800), clock, now=899.5)
    assert busy.used(899.5) == 30
    assert busy.room(899.5) == 1


def test_a_slot_is_free_again_once_a_lost_request_has_aged_before_the_window_ends(clock):
    late = window(limit=3)
    late.lose(late.take(0.0), now=1.0)  # that may have opened a window, or none
    late.settle(late.take(0.0), WindowReport(3, 2, 1000), clock, now=2.0)
    late.settle(late.take(3.0), WindowReport(3, 1, 1000), clock, now=3.5)
    late.lose(late.take(4.0), now=5.0)
    assert late.room(5.0) == 0
    assert late.opens_at(5.0) == 5.0 + 901.0
    assert late.room(905.9) == 0
    assert late.room(906.0) == 1

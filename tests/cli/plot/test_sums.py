"""Bins and shares of what was read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.cli.plot.sums import bins, magnitude, reach, short

HOUR = 3600
TIMES = st.lists(st.floats(1.1e9, 4.1e9), min_size=1, max_size=200)


@given(TIMES, st.integers(2, 200))
def test_every_moment_is_counted_once_in_no_more_bins_than_there_is_room_for(times, most):
    found = bins(times, most)
    assert sum(found.counts) == len(times)
    assert 1 <= len(found.counts) <= most
    assert found.counts[0] > 0
    assert found.counts[-1] > 0
    assert found.start <= min(times)
    assert max(times) < found.start + found.length * len(found.counts)


def test_bins_are_as_short_as_the_room_allows_and_begin_at_round_moments():
    begin = datetime(2021, 1, 6, 18, 40, tzinfo=UTC).timestamp()
    times = [begin + HOUR * each for each in range(48)]
    assert (bins(times, 50).name, bins(times, 47).name) == ("hour", "3 hours")
    assert datetime.fromtimestamp(bins(times, 50).start, UTC).minute == 0
    assert datetime.fromtimestamp(bins(times, 3).start, UTC).hour == 0
    assert bins([begin], 80).counts == (1,)


@given(st.lists(st.integers(0, 10**9), min_size=1))
def test_reach_adds_up(followers):
    sums = reach(followers)
    assert sums.users == len(followers) == sum(sums.magnitudes)
    assert sums.followers == sum(followers)
    falling = sorted(followers, reverse=True)
    assert 2 * sum(falling[: sums.half]) >= sum(followers)
    assert 2 * sum(falling[: sums.half - 1]) < sum(followers) or sums.half == 1
    assert min(followers) <= sums.median <= max(followers)


def test_magnitudes_are_told_by_their_ends():
    assert reach([0, 0, 1, 9, 10, 99, 100, 12_345]).magnitudes == (2, 2, 2, 1, 0, 1)
    assert [magnitude(each) for each in range(7)] == [
        "0",
        "1 to 9",
        "10 to 99",
        "100 to 999",
        "1k to 9.9k",
        "10k to 99k",
        "100k to 999k",
    ]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1k"),
        (4120, "4.1k"),
        (9999, "9.9k"),
        (37_999, "37k"),
        (999_999, "999k"),
        (2_500_000, "2.5M"),
        (10**9, "1G"),
    ],
)
def test_short_numbers_are_never_more_than_they_stand_for(number, text):
    assert short(number) == text

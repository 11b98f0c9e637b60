"""How far apart requests are so that their window lasts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.limits import BucketState, WindowSpec
from twretweet.pipeline.pace import even_interval

NOW = 1_700_000_000.0
SPEC = WindowSpec("w", 75, 900.0)


def state(
    remaining: int | None, resets_in: float | None, *, limit: int | None = 75, waiting: int = 0
) -> BucketState:
    return BucketState(
        endpoint="e",
        bucket="b",
        window="w",
        limit=limit,
        remaining=remaining,
        resets_at=None if resets_in is None else NOW + resets_in,
        in_flight=0,
        waiting=waiting,
    )


@pytest.mark.parametrize(
    ("shown", "spec", "interval"),
    [
        (state(74, 900), SPEC, 12),
        (state(0, 300), SPEC, 300),
        (state(10, 300, waiting=9), SPEC, 150),
        (state(10, 300, waiting=20), SPEC, 300),
        (state(75, None), SPEC, 12),
        (state(180, None, limit=180), SPEC, 5),
        (state(5, -1), SPEC, 12),
        (state(None, None, limit=None), WindowSpec("w", None, 900.0), 0),
        (state(None, None), None, 0),
        (state(99, 86_400), None, 864),
    ],
)
def test_what_is_left_is_spread_over_the_rest_of_the_window(shown, spec, interval):
    assert even_interval([(shown, spec)], now=NOW) == interval


def test_of_several_windows_the_slowest_counts():
    pairs = [(state(74, 900), SPEC), (state(99, 86_400), None)]
    assert even_interval(pairs, now=NOW) == 864
    assert even_interval([], now=NOW) == 0


@given(st.integers(1, 200), st.floats(1, 10_000))
def test_all_that_is_left_is_used_and_no_more(remaining, resets_in):
    left, at, used = remaining, 0.0, 0
    while at < resets_in - 1e-6 and used <= remaining:
        at += even_interval([(state(left, resets_in - at), SPEC)], now=NOW)
        if at < resets_in - 1e-6:
            left, used = left - 1, used + 1
    assert used == remaining

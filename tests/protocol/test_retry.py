"""What is tried again, and after how long."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet import errors
from twretweet.errors import (
    APIError,
    DecodeError,
    QueryError,
    RequestTimeout,
    ServerError,
    TooManyRequests,
    TransportError,
)
from twretweet.protocol.retry import RetryPolicy


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"attempts": -1},
        {"base_delay": -0.1},
        {"base_delay": 2.0, "max_delay": 1.0},
        {"base_delay": math.nan},
        {"max_delay": math.nan},
        {"max_delay": -1.0},
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(options):
    with pytest.raises(QueryError, match="RetryPolicy"):
        RetryPolicy(**options)


@given(st.floats(0, 60), st.floats(0, 600), st.integers(1, 10_000), st.floats(0, 1))
def test_a_delay_is_never_negative_nor_longer_than_its_bounds(base, more, attempt, chance):
    policy = RetryPolicy(base_delay=base, max_delay=base + more)
    delay = policy.delay(attempt, chance)
    assert 0 <= delay <= policy.max_delay
    assert delay <= base * 2.0 ** min(attempt - 1, 1000) or base == 0


def test_the_longest_delay_doubles_each_time_up_to_its_bound():
    policy = RetryPolicy(base_delay=0.5, max_delay=3.0)
    assert [policy.delay(attempt, 1.0) for attempt in range(1, 6)] == [0.5, 1, 2, 3, 3]


def test_chance_spreads_a_delay_from_nothing_to_all_of_it():
    policy = RetryPolicy(base_delay=2.0)
    assert [policy.delay(1, chance) for chance in (0.0, 0.25, 1.0)] == [0, 0.5, 2]


PASSING = [
    TransportError("x"),
    TransportError("x", sent=False),
    RequestTimeout("x"),
    ServerError("x", status=503),
    DecodeError("x", transient=True),
]


@pytest.mark.parametrize("error", PASSING, ids=lambda error: type(error).__name__)
def test_what_may_pass_is_tried_again_until_the_attempts_are_spent(error):
    policy = RetryPolicy(attempts=3)
    assert [policy.again(error, attempt, now=0.0) for attempt in (1, 2, 3, 4)] == [
        True,
        True,
        False,
        False,
    ]
    assert not RetryPolicy(attempts=1).again(error, 1, now=0.0)


FINAL = [
    kind("x")
    for kind in vars(errors).values()
    if isinstance(kind, type)
    and issubclass(kind, errors.TwretweetError)
    and not issubclass(kind, TransportError | ServerError | TooManyRequests)
]


@pytest.mark.parametrize("error", FINAL, ids=lambda error: type(error).__name__)
def test_what_will_not_pass_is_not_tried_again(error):
    assert not RetryPolicy().again(error, 1, now=0.0)


def test_an_api_error_of_no_known_kind_is_not_tried_again():
    assert not RetryPolicy().again(APIError("x", status=418), 1, now=0.0)


@pytest.mark.parametrize(
    ("reset_at", "again"),
    [(None, False), (1029.0, True), (1030.0, True), (1031.0, False), (900.0, True)],
)
def test_a_429_is_tried_again_only_if_its_window_opens_soon(reset_at, again):
    error = TooManyRequests("x", reset_at=reset_at)
    assert RetryPolicy(max_delay=30.0).again(error, 1, now=1000.0) is again
    assert not RetryPolicy(attempts=2).again(error, 2, now=1000.0)

"""Prices are dated data, counted in whole micro-dollars."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.errors import QueryError
from twretweet.protocol.prices import (
    CHARGES,
    PRICES,
    PriceList,
    micros_down,
    micros_up,
    prices_on,
)


def prices(as_of: date, post_read: float = 0.005) -> PriceList:
    return PriceList(
        as_of=as_of,
        post_read=post_read,
        user_read=0.010,
        interaction_create=0.015,
        interaction_delete=0.010,
    )


def test_the_prices_are_those_of_the_documentation():
    assert [PRICES.micros(charge) for charge in CHARGES] == [5000, 10_000, 5000, 15_000, 10_000]
    assert PRICES.of("post_read", 100) == 0.5


@given(st.integers(0, 10**15))
def test_what_is_written_in_decimals_is_what_is_counted(micros):
    usd = Decimal(micros) / 1_000_000
    assert micros_up(usd, what="x") == micros_down(usd, what="x") == micros
    assert micros_up(str(usd), what="x") == micros


@given(st.decimals(0, 1000, places=9))
def test_what_is_finer_than_a_micro_dollar_is_rounded_to_the_safe_side(usd):
    assert micros_down(usd, what="cap") <= usd * 1_000_000 <= micros_up(usd, what="price")
    assert micros_up(usd, what="price") - micros_down(usd, what="cap") <= 1


@pytest.mark.parametrize("usd", [-0.01, float("nan"), float("inf"), "much", "", True, 1e12])
def test_what_is_no_sum_of_money_is_refused_with_its_name(usd):
    with pytest.raises(QueryError, match="usd is"):
        micros_down(usd, what="usd")


def test_a_negative_price_is_refused():
    with pytest.raises(QueryError, match=r"post_read is -0\.1"):
        prices(date(2026, 1, 1), -0.1)


def test_of_several_lists_the_latest_that_holds_on_a_day_is_taken():
    old, new = prices(date(2026, 1, 1), 0.001), prices(date(2026, 9, 1), 0.002)
    for lists in ([old, new], [new, old]):
        assert prices_on(date(2026, 8, 31), lists) is old
        assert prices_on(date(2026, 9, 1), lists) is new
        assert prices_on(date(2020, 1, 1), lists) is old, "before all of them, the earliest"


def test_no_prices_at_all_are_refused():
    with pytest.raises(QueryError, match="at least one"):
        prices_on(date(2026, 1, 1), [])

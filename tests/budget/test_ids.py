"""Ids as numbers and as bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.budget.ids import numbers_of, pack, unpack

IDS = st.integers(0, 10**19 - 1)


@given(st.lists(IDS))
def test_ids_are_told_apart_by_their_numbers(numbers):
    assert numbers_of([str(number) for number in numbers]) == numbers


@given(st.lists(IDS), st.sampled_from(["3_", "7_", "13_"]))
def test_the_kind_of_a_medium_before_its_number_is_left_out(numbers, kind):
    assert numbers_of([f"{kind}{number}" for number in numbers]) == numbers


@pytest.mark.parametrize("odd", ["", "x1", "1" * 20, "-5", " 5", "1_", "١٢", "5_x"])
def test_what_is_no_id_is_left_out(odd):
    assert numbers_of(["17", odd, "18"]) == [17, 18]


@given(st.sets(IDS, max_size=300))
def test_what_is_packed_comes_back(numbers):
    packed = pack(numbers)
    assert len(packed) == 8 * len(numbers)
    assert unpack(packed) == numbers


@pytest.mark.parametrize(("packed", "why"), [(b"1234567", "bytes"), (b"\xff" * 8, "19 digits")])
def test_bytes_that_are_no_ids_are_refused(packed, why):
    with pytest.raises(ValueError, match=why):
        unpack(packed)

"""A set of ids that takes little memory."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twretweet.budget.ids import IdSet

IDS = st.integers(0, 10**19 - 1)


@given(st.lists(IDS | st.integers(0, 30)))
def test_it_tells_what_is_new_as_a_set_does(numbers):
    ids, model = IdSet(), set[int]()
    for number in numbers:
        assert ids.add([number]) == (number not in model)
        model.add(number)
    assert len(ids) == len(model)
    assert set(ids) == model


@given(st.sets(IDS, max_size=300))
def test_what_is_packed_comes_back(numbers):
    ids = IdSet()
    assert ids.add(numbers) == len(numbers)
    packed = ids.pack()
    assert len(packed) == 8 * len(numbers)
    assert set(IdSet.unpack(packed)) == numbers


@pytest.mark.parametrize("packed", [b"1234567", b"\xff" * 8])
def test_bytes_that_are_no_ids_are_refused(packed):
    with pytest.raises((ValueError, OverflowError)):
        IdSet.unpack(packed)


def test_a_hundred_thousand_ids_take_no_more_than_24_bytes_each():
    ids, count = IdSet(), 100_000
    # As X's own: milliseconds in the upper bits, little in the lower ones.
    first = 1_500_000_000_000_000_000
    assert ids.add(first + number * 37 * (1 << 22) for number in range(count)) == count
    size = sum(sys.getsizeof(table) for table in ids._tables if table is not None)
    assert size / count < 25
    assert len(ids) == count

"""Ids as numbers, which take less than half the memory of their texts, and as bytes.

Who was charged for today is kept in sets of these: about 75 bytes each, and a resource costs a
tenth of a cent or more, so that the money ends long before the memory.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Collection, Sequence

_LENGTHS = frozenset(range(1, 20))  # digits of an id: ^[0-9]{1,19}$ in the OpenAPI files


def numbers_of(ids: Sequence[str]) -> list[int]:
    """The numbers in ids, by which resources of one kind are told apart.

    Media keys such as ``3_1460323737035677698`` have the kind of medium in front. What is no id is
    left out: it can be charged again and again.
    """
    joined = "".join(ids)
    # All at once, since this is done with each id of each page.
    if joined.isascii() and joined.isdigit() and _LENGTHS.issuperset(map(len, ids)):
        return list(map(int, ids))
    digits = [each.rpartition("_")[2] for each in ids]
    return [
        int(each) for each in digits if each.isascii() and each.isdigit() and len(each) in _LENGTHS
    ]


def pack(numbers: Collection[int]) -> bytes:
    """All of them, 8 bytes each, for :func:`unpack`."""
    return _little(array("Q", numbers)).tobytes()


def unpack(packed: bytes) -> set[int]:
    """The numbers that :func:`pack` wrote.

    Raises:
        ValueError: these bytes are none.
    """
    numbers = array("Q")
    numbers.frombytes(packed)
    unpacked = set(_little(numbers))
    if max(unpacked, default=0) >= 10**19:
        raise ValueError(f"{max(unpacked)} is no id: it has more than 19 digits")
    return unpacked


def _little(numbers: array[int]) -> array[int]:
    """The same on every machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers

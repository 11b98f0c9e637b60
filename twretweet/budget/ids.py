"""A set of ids that takes little memory."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable, Iterator
from typing import Self

_SHARDS = 64
_FIRST = 8  # places of a new shard
# Ids of X hold the milliseconds above 22 bits of where and in which order. Folded, the time
# lies over the others, so ids that were made in one day differ in their low bits.
_TIME_FROM = 22
_LOW_BITS = (1 << 30) - 1


class IdSet:
    """Whole numbers from 0 to 2**64 - 2, at 12 to 24 bytes each; a Python set takes about 90.

    A table with open addressing, where 0 marks a free place. It is cut into 64 tables that grow
    one by one, so that no growth holds up the event loop for long.
    """

    __slots__ = ("_counts", "_tables")

    def __init__(self) -> None:
        self._tables: list[array[int] | None] = [None] * _SHARDS
        self._counts = [0] * _SHARDS

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[int]:
        for table in self._tables:
            if table is not None:
                yield from (kept - 1 for kept in table if kept)

    def add(self, numbers: Iterable[int]) -> int:
        """Put ``numbers`` in; how many of them were not there before."""
        tables, counts, new = self._tables, self._counts, 0
        for number in numbers:
            kept = number + 1
            place = (kept ^ kept >> _TIME_FROM) & _LOW_BITS
            shard = place % _SHARDS
            place //= _SHARDS
            table = tables[shard]
            if table is None:
                table = tables[shard] = array("Q", bytes(8 * _FIRST))
            mask = len(table) - 1
            place &= mask
            while found := table[place]:
                if found == kept:
                    break
                place = place + 1 & mask
            else:
                table[place] = kept
                new += 1
                counts[shard] += 1
                if 3 * counts[shard] > 2 * len(table):
                    tables[shard] = _grown(table)
        return new

    def pack(self) -> bytes:
        """All of them, 8 bytes each, for :meth:`unpack`."""
        return _little(array("Q", self)).tobytes()

    @classmethod
    def unpack(cls, packed: bytes) -> Self:
        """The set that :meth:`pack` wrote.

        Raises:
            ValueError: these bytes are none.
            OverflowError: a number is too large.
        """
        numbers = array("Q")
        numbers.frombytes(packed)
        ids = cls()
        ids.add(_little(numbers))
        return ids


def _little(numbers: array[int]) -> array[int]:
    """The same on every machine."""
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _grown(table: array[int]) -> array[int]:
    twice = array("Q", bytes(16 * len(table)))
    mask = len(twice) - 1
    for kept in table:
        if kept:
            place = ((kept ^ kept >> _TIME_FROM) & _LOW_BITS) // _SHARDS & mask
            while twice[place]:
                place = place + 1 & mask
            twice[place] = kept
    return twice

"""A set of ids that takes little memory."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from typing import Self

_SHARDS_BITS = 6
_FIRST = 8  # places of a new shard
_ODD = 0x9E3779B97F4A7C15  # 2**64 divided by the golden ratio: spreads what differs by little
_ALL = (1 << 64) - 1


class IdSet:
    """Whole numbers from 0 to 2**64 - 2, at 12 to 24 bytes each; a Python set takes about 90.

    A table with open addressing, where 0 marks a free place. It is cut into 64 tables that grow
    one by one, so that no growth holds up the event loop for long.
    """

    __slots__ = ("_counts", "_tables")

    def __init__(self) -> None:
        self._tables: list[array[int] | None] = [None] * (1 << _SHARDS_BITS)
        self._counts = array("L", bytes(array("L").itemsize << _SHARDS_BITS))

    def __len__(self) -> int:
        return sum(self._counts)

    def __iter__(self) -> Iterator[int]:
        for table in self._tables:
            if table is not None:
                yield from (kept - 1 for kept in table if kept)

    def add(self, number: int) -> bool:
        """Put ``number`` in; whether it was not there before."""
        kept = number + 1
        mixed = kept * _ODD & _ALL
        shard = mixed >> 64 - _SHARDS_BITS
        table = self._tables[shard]
        if table is None:
            table = self._tables[shard] = array("Q", bytes(8 * _FIRST))
        mask = len(table) - 1
        place = mixed >> 16 & mask
        while found := table[place]:
            if found == kept:
                return False
            place = place + 1 & mask
        table[place] = kept
        count = self._counts[shard] + 1
        self._counts[shard] = count
        if 3 * count > 2 * len(table):
            self._tables[shard] = _grown(table)
        return True

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
        for number in _little(numbers):
            ids.add(number)
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
            place = (kept * _ODD & _ALL) >> 16 & mask
            while twice[place]:
                place = place + 1 & mask
            twice[place] = kept
    return twice

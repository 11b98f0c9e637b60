"""What the rows of an export were paid for, read back from its file.

X charges a resource once per UTC day. An export seldom meets one twice, so it doesn't keep in
memory what it has paid for: the rows are in its file. They are read back when pages are going to
come again, as in the search for a place that X has forgotten. Then an id takes eight bytes, and
what X charges for a million retweets and their authors 16 MB, until the search is over.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import chain, groupby
from typing import cast

from twretweet.cli.export.joins import JOINS, OF_REFERENCED
from twretweet.cli.export.rates import Rates
from twretweet.cli.export.rows import Row
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.prices import Charge, PriceList

_LARGEST = (1 << 64) - 1
_TOGETHER = 1 << 14
_JOINED = frozenset(join.key for join in chain(*JOINS.values(), OF_REFERENCED.values()))
_Known = Callable[[Charge, str], bool]


class Receipts:
    """Ids that were paid for, by what they are charged as.

    They are sorted some thousands at a time: to sort a list of them all would take five times the
    memory that they have here.

    Args:
        day: the UTC day on which they were, counted from 1970-01-01.
    """

    def __init__(self, day: int) -> None:
        self.day = day
        self._open: dict[Charge, array[int]] = {}
        self._sorted: dict[Charge, list[array[int]]] = {}

    def add(self, charge: Charge, resource: str) -> None:
        """Note that this was paid for; :meth:`sort` has to follow."""
        number = _number(resource)
        if number is not None:
            ids = self._open.setdefault(charge, array("Q"))
            ids.append(number)
            if len(ids) == _TOGETHER:
                self._sort(charge)

    def sort(self) -> None:
        """Let all of them be found."""
        for charge in self._open:
            self._sort(charge)

    def _sort(self, charge: Charge) -> None:
        ids = self._open[charge]
        self._sorted.setdefault(charge, []).append(array("Q", sorted(set(ids))))
        del ids[:]

    def has(self, charge: Charge, resource: str) -> bool:
        """Whether this was paid for."""
        number = _number(resource)
        return number is not None and any(
            _holds(ids, number) for ids in self._sorted.get(charge, ())
        )

    def cost(self, prices: PriceList) -> int:
        """What they cost, each of them once, in micro-dollars."""
        return sum(
            prices.micros(charge) * sum(1 for _ in groupby(merge(*ids)))
            for charge, ids in self._sorted.items()
        )


@dataclass(frozen=True, slots=True)
class Again:
    """What it means that the rows of a file come again.

    Args:
        paid: what of them was paid for today.
        cost: what X charges for all others, in micro-dollars.
    """

    paid: Receipts
    cost: int


def again(
    rows: Iterable[Row],
    endpoint: Endpoint[object],
    rates: Rates,
    *,
    earlier: int,
    day: int,
    today: int,
    known: _Known,
) -> Again:
    """What it means that ``rows`` come again.

    Args:
        rows: of the file, from its first one.
        endpoint: where they came from.
        rates: what X charges.
        earlier: how many of them came on days before ``day``.
        day: the UTC day of the last one, counted from 1970-01-01.
        today: the UTC day on which they are to come again.
        known: whether the budget remembers to have paid for a resource today.
    """
    paid, unpaid = Receipts(today), Receipts(today)
    for index, row in enumerate(rows):
        # Either the one or the other has an id: what was paid for on another day is of no use.
        is_paid = day == today and index >= earlier
        for charge, resource in charges(row, endpoint.charge, joined=rates.includes):
            if is_paid:
                paid.add(charge, resource)
            elif not known(charge, resource):
                unpaid.add(charge, resource)
    paid.sort()
    unpaid.sort()
    return Again(paid, unpaid.cost(rates.prices))


def charges(
    row: Row, charge: Charge | None, *, joined: bool = True
) -> Iterator[tuple[Charge, str]]:
    """What X charges for a row: for itself, and for what is joined to it.

    Args:
        row: as it was written.
        charge: what the item itself is charged as; ``None`` where that is not documented.
        joined: whether what is joined to it counts.
    """
    resource = row.get("media_key" if charge == "media_read" else "id")
    if charge is not None and isinstance(resource, str):
        yield charge, resource
    for key in _JOINED & row.keys() if joined else ():
        found = row[key]
        several = cast("Sequence[object]", found if isinstance(found, list) else [found])
        for each in several:
            if isinstance(each, dict):
                part = cast("Row", each)
                yield from charges(part, _charge_of(part))


def _charge_of(joined: Row) -> Charge | None:
    """What X charges a joined object as; no price is listed for places and polls."""
    if "media_key" in joined:
        return "media_read"
    return "user_read" if "username" in joined else "post_read" if "text" in joined else None


def _number(resource: str) -> int | None:
    """An id, or the part of a media key behind its type, as 64 bits."""
    digits = resource.rpartition("_")[2]
    number = int(digits) if digits.isdecimal() else _LARGEST + 1
    return number if number <= _LARGEST else None


def _holds(ids: array[int], number: int) -> bool:
    place = bisect_left(ids, number)
    return place < len(ids) and ids[place] == number

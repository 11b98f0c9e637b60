"""The money of one export: a budget that goes on where an earlier run stopped.

X charges a resource once per UTC day, which a budget remembers. An export meets each retweet and
retweeter once, and only the tweet itself on every page, so that memory need not be long; this one
has an end, since an export has none.
"""

from __future__ import annotations

from twretweet.budget import Budget, Reservation
from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Tariff
from twretweet.protocol.charges import Most, most_of
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.prices import PRICES, Usd

_REMEMBERED = 50_000
_DAY = 86_400.0


class Purse(Budget):
    """What an export may cost over all of its runs, and has cost.

    Args:
        usd: what it may cost, in US dollars; ``None``: any amount, and it is only counted.
        spent: what runs before this one cost, in micro-dollars.

    Raises:
        QueryError: ``usd`` is negative or no number.
    """

    def __init__(self, usd: Usd | None = None, *, spent: int = 0) -> None:
        super().__init__(usd)
        self._ledger.spent = spent

    @property
    def micros(self) -> int:
        """What was spent, in micro-dollars."""
        return self._ledger.spent

    async def reserve(self, most: Most, day: int) -> Reservation:
        """Set aside the most that a request can cost."""
        before = self._ledger
        if before.remembered > _REMEMBERED and not before.reserved:
            self._ledger = Ledger(before.cap)
            self._ledger.spent = before.spent
        return await super().reserve(most, day)


def dearest(endpoint: Endpoint[object], params: dict[str, str], items: int, *, now: float) -> int:
    """What a page of ``items`` can cost at the most, in micro-dollars.

    Args:
        endpoint: its row.
        params: its query.
        items: how many it holds.
        now: epoch seconds.
    """
    tariff = Tariff(PRICES, count_includes=True)
    return items * tariff.each(most_of(endpoint, params), day_of(now))


def day_of(now: float) -> int:
    """The UTC day of a moment in epoch seconds, counted from 1970-01-01."""
    return int(now // _DAY)

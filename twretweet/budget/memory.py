"""A budget in the memory of one process."""

from __future__ import annotations

import math
from collections.abc import Sequence

from twretweet.budget.account import Reservation
from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Quote, Tariff, dollars, exceeded
from twretweet.errors import BudgetExceeded
from twretweet.protocol.charges import Most, Returned
from twretweet.protocol.prices import PRICES, PriceList, Usd, micros_down


class Budget:
    """A cap on what may be spent, kept by counting: X's replies don't say what they cost.

    ``SessionManager(budget=…)`` holds it against every request, and ``session.retweets(…,
    budget=…)`` against the pages of one walk; where both are given, both hold. One budget may
    serve several managers and walks. It caps all that is spent from the moment it is made, over
    as many runs as :meth:`snapshot` and :meth:`restore` connect.

    Before a request is sent, the most that it can cost is set aside; where that is more than is
    left, it asks for fewer items, and where not even one can be afforded, ``BudgetExceeded`` is
    raised and nothing is sent. What such a smaller page has left over does not trickle away in
    others of a few items, each of which would take a slot: the next has to hold a tenth of the
    largest at least. What came back is what is counted then, each resource once per UTC
    day, as X does. A request whose reply was lost, a write that X refused except by 429, and a
    reply that can't be read count in full, since X may have charged for them.

    Args:
        usd: what may be spent, in US dollars; ``None``: any amount, and it is only counted.
        prices: what X charges: one list, or several, of which each holds from its ``as_of`` on.
        count_includes: whether objects that expansions add to a reply are counted. X does not
            document whether they are charged. So they are, unless you know better from your
            bills: a budget that counts too much stops early, one that counts too little spends
            what it should not.

    Raises:
        QueryError: ``usd`` or a price is negative or no number.

    Source: https://docs.x.com/x-api/getting-started/pricing
    """

    def __init__(
        self,
        usd: Usd | None = None,
        *,
        prices: PriceList | Sequence[PriceList] = PRICES,
        count_includes: bool = True,
    ) -> None:
        self._tariff = Tariff(prices, count_includes=count_includes)
        self._ledger = Ledger(None if usd is None else micros_down(usd, what="usd"))

    def __repr__(self) -> str:
        cap = "no cap" if self.cap is None else f"{self.cap:.2f} US dollars"
        return f"<Budget of {cap}: {self.spent:.2f} spent, {self.reserved:.2f} reserved>"

    @property
    def cap(self) -> float | None:
        """What may be spent, in US dollars; ``None``: any amount. Set it to go on after it."""
        return None if self._ledger.cap is None else dollars(self._ledger.cap)

    @cap.setter
    def cap(self, usd: Usd | None) -> None:
        self._ledger.cap = None if usd is None else micros_down(usd, what="cap")

    @property
    def spent(self) -> float:
        """What was spent, in US dollars."""
        return dollars(self._ledger.spent)

    @property
    def reserved(self) -> float:
        """What requests on their way may cost, in US dollars."""
        return dollars(self._ledger.reserved)

    @property
    def left(self) -> float:
        """What may still be spent, in US dollars; infinite without a cap."""
        left = self._ledger.left
        return math.inf if left is None else dollars(left)

    async def check(self, most: Most, day: int) -> None:
        """See whether a request could be borne now; for the pipeline.

        Raises:
            BudgetExceeded: not even the fewest items that it may be made for can be afforded.
        """
        quote = self._tariff.quote(most, day)
        if not self._ledger.affordable(quote):
            raise self._exceeded(most, quote)

    async def reserve(self, most: Most, day: int) -> Reservation:
        """Set aside the most that a request can cost; for the pipeline.

        Args:
            most: what it asks for.
            day: the UTC day by X's clock, counted from 1970-01-01.

        Raises:
            BudgetExceeded: not even the fewest items that it may be made for can be afforded.
        """
        ledger, quote = self._ledger, self._tariff.quote(most, day)
        items = ledger.reserve(quote)
        if not items:
            raise self._exceeded(most, quote)
        return _Held(ledger, self._tariff, items, quote.of(items), day)

    def snapshot(self) -> str:
        """What was spent, and on what today, as JSON for :meth:`restore` in the next run.

        What requests on their way have reserved counts as spent in it.
        """
        return self._ledger.snapshot()

    def restore(self, snapshot: str | bytes) -> None:
        """Begin where an earlier budget was when it wrote ``snapshot``; the cap stays this one's.

        Raises:
            QueryError: this is no snapshot, or money was spent from this budget already.
        """
        self._ledger.restore(snapshot)

    def _exceeded(self, most: Most, quote: Quote) -> BudgetExceeded:
        ledger = self._ledger
        return exceeded(
            most, quote, cap=ledger.cap or 0, spent=ledger.spent, reserved=ledger.reserved
        )


class _Held:
    """Money set aside in a ledger."""

    __slots__ = ("_day", "_ledger", "_tariff", "amount", "items")

    def __init__(self, ledger: Ledger, tariff: Tariff, items: int, amount: int, day: int) -> None:
        self._ledger = ledger
        self._tariff = tariff
        self._day = day
        self.items = items
        self.amount = amount

    async def release(self) -> None:
        self._ledger.release(self.amount)

    async def keep(self) -> None:
        self._ledger.keep(self.amount)

    async def settle(self, returned: Returned, day: int | None) -> int:
        bill = self._tariff.bill(returned, self._day if day is None else day)
        return self._ledger.settle(self.amount, bill, day)

"""The money of one export: a budget that goes on where an earlier run stopped.

X charges a resource once per UTC day, which a budget remembers. An export meets each retweet and
retweeter once, and only the tweet itself on every page, so that memory need not be long; this one
has an end, since an export has none. Only where pages come again, as in the search for a place
that X has forgotten, more has to be known: what the file says was paid for today. Such a search
does not begin unless there is money for all of it and for one row more.
"""

from __future__ import annotations

from collections.abc import Callable

from twretweet.budget import Budget, Reservation
from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Bill, Quote, dollars
from twretweet.cli.export.rates import RATES, Rates
from twretweet.cli.export.receipts import Again, Receipts
from twretweet.cli.tally import money
from twretweet.errors import BudgetExceeded
from twretweet.protocol.charges import Most
from twretweet.protocol.prices import Charge, Usd, micros_down

_REMEMBERED = 50_000


class SearchTooDear(BudgetExceeded):
    """There is not enough money to look from the top for a place that X has forgotten."""


class _Book(Ledger):
    """A ledger that can also go by what a file says was paid for."""

    __slots__ = ("paid", "paid_on", "searched_on")

    def __init__(self, cap: int | None) -> None:
        super().__init__(cap)
        self.paid: Receipts | None = None
        self.paid_on: int | None = None
        self.searched_on: int | None = None

    def settle(self, amount: int, bill: Bill, day: int | None) -> int:
        """Replace what was reserved by what was spent; the latter."""
        self.paid_on = day
        if day != self.searched_on:
            self.searched_on = None
        if self.paid is not None and day == self.paid.day:
            seen = self._on(day)
            for line in bill.lines:
                paid = [each for each in line.ids if self.paid.has(line.charge, each)]
                seen.setdefault(line.charge, set()).update(paid)
        return super().settle(amount, bill, day)

    def knows(self, charge: Charge, resource: str, day: int) -> bool:
        """Whether it remembers to have paid for this on that day."""
        return day == self._day and resource in self._seen.get(charge, ())

    def forget(self) -> None:
        """Let go of what was paid for, but not of how much that was."""
        self._seen = {}


class Purse(Budget):
    """What an export may cost over all of its runs, and has cost.

    Args:
        usd: what it may cost, in US dollars; ``None``: any amount, and it is only counted.
        spent: what runs before this one cost, in micro-dollars.
        before: is called before a request is paid for; what it raises keeps it from being sent.
        rates: what X charges.

    Attributes:
        rates: what X charges.

    Raises:
        QueryError: ``usd`` is negative or no number.
    """

    def __init__(
        self,
        usd: Usd | None = None,
        *,
        spent: int = 0,
        before: Callable[[], None] | None = None,
        rates: Rates = RATES,
    ) -> None:
        super().__init__(prices=rates.prices, count_includes=rates.includes)
        cap = None if usd is None else micros_down(usd, what="--budget")
        self._ledger = self._book = _Book(cap)
        self._book.spent = spent
        self._search = 0
        self._before = before
        self.rates = rates

    @property
    def micros(self) -> int:
        """What was spent, in micro-dollars."""
        return self._book.spent

    @property
    def paid_on(self) -> int | None:
        """The UTC day on which X charged for the last reply; ``None`` if it may be one of two."""
        return self._book.paid_on

    def knows(self, charge: Charge, resource: str, day: int) -> bool:
        """Whether it remembers to have paid for this on that day."""
        return self._book.knows(charge, resource, day)

    def most(self, page: Quote) -> int:
        """What the next page can cost by what is left, in micro-dollars."""
        left = self._book.left
        return page.of(page.items if left is None else page.affordable(left))

    def recall(self, paid: Receipts) -> None:
        """Go by these too, until :meth:`found`."""
        self._book.paid = paid

    def search(self, again: Again, today: int) -> None:
        """Be ready for the search of a place from the top.

        Args:
            again: what it passes by.
            today: the UTC day, counted from 1970-01-01.
        """
        self.recall(again.paid)
        self._search = again.cost
        self._book.searched_on = today

    def found(self) -> bool:
        """No page comes again; whether all that was written has come again on the same day."""
        searched = self._book.searched_on is not None
        self._book.paid = self._book.searched_on = None
        return searched

    async def check(self, most: Most, day: int) -> None:
        """See whether a request could be borne now, and the search that it begins."""
        self._refuse(most, day)
        await super().check(most, day)

    async def reserve(self, most: Most, day: int) -> Reservation:
        """Set aside the most that a request can cost."""
        if self._before is not None:
            self._before()
        book = self._book
        if book.remembered > _REMEMBERED and not book.reserved:
            book.forget()
        self._refuse(most, day)
        held = await super().reserve(most, day)
        self._search = 0  # it has begun
        return held

    def _refuse(self, most: Most, day: int) -> None:
        """Refuse a search that would use up the money before it comes to anything new."""
        book, left, quote = self._book, self._book.left, self._tariff.quote(most, day)
        needed = self._search + quote.of(quote.least)
        if left is None or not self._search or needed <= left:
            return
        cap = dollars(book.cap or 0)
        raise SearchTooDear(
            f"to find the place that X has forgotten, what was written has to be read again, and "
            f"X charges {money(dollars(self._search))} for that today: the budget of "
            f"{money(cap)} has {money(dollars(left))} left, and one of "
            f"{money(dollars(book.spent + needed))} is needed to get beyond it",
            spent=dollars(book.spent),
            needed=dollars(needed),
            cap=cap,
            reserved=dollars(book.reserved),
        )

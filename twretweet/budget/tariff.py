"""From what a request asks for and what came back to micro-dollars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from msgspec import Struct

from twretweet.errors import BudgetExceeded
from twretweet.protocol.charges import Most, Returned
from twretweet.protocol.prices import CHARGES, MICROS, Charge, PriceList, prices_on

_EPOCH = date(1970, 1, 1).toordinal()


class Line(Struct, frozen=True):
    """One line of a bill: resources of one kind.

    Attributes:
        charge: what they are charged as.
        price: of each that was not charged before on the same day, in micro-dollars.
        ids: which they are.
    """

    charge: Charge
    price: int
    ids: tuple[str, ...]


class Bill(Struct, frozen=True):
    """What a reply costs.

    Attributes:
        fixed: what is charged in any case, in micro-dollars.
        lines: what is charged once a day for each resource.
    """

    fixed: int
    lines: tuple[Line, ...] = ()


class Quote(Struct, frozen=True):
    """What a request can cost at the most, in micro-dollars.

    Attributes:
        fixed: what is charged for all of its items together.
        each: what is charged for each of them.
        items: how many are asked for.
        least: for how few it may as well be made.
    """

    fixed: int
    each: int
    items: int
    least: int

    def of(self, items: int) -> int:
        """What it can cost for so many items; for none, it is not made."""
        return self.fixed + self.each * items if items else 0

    def affordable(self, left: int) -> int:
        """For how many items so much money will do: all, or fewer if that is allowed, or 0."""
        if self.of(self.items) <= left:
            return self.items
        items = (left - self.fixed) // self.each if self.each else 0
        return items if items >= self.least else 0


class Tariff:
    """The prices that a budget goes by.

    Args:
        prices: one list, or several, of which each holds from its day on.
        count_includes: whether objects that expansions add are counted.

    Raises:
        QueryError: there are no prices.
    """

    __slots__ = ("_asked", "_count_includes", "_day", "_lists", "_prices", "_quote")

    def __init__(self, prices: PriceList | Sequence[PriceList], *, count_includes: bool) -> None:
        lists = [prices] if isinstance(prices, PriceList) else list(prices)
        self._lists = lists
        self._count_includes = count_includes
        self._day = 0
        self._prices = self._at(0)
        self._asked: Most | None = None  # for what the last quote was; a walk asks for the same
        self._quote = Quote(0, 0, 0, 0)

    def quote(self, most: Most, day: int) -> Quote:
        """What a request can cost at the most.

        Args:
            most: what is asked for.
            day: the UTC day, counted from 1970-01-01.
        """
        prices, fixed = self._on(day), 0
        if most is self._asked:
            return self._quote
        each = 0 if most.charge is None else prices[most.charge]
        if self._count_includes:
            each += sum(prices[charge] * count for charge, count in most.added)
            fixed = sum(prices[charge] * count for charge, count in most.shared)
        least = most.items if most.fewest is None else min(most.fewest, most.items)
        self._asked, self._quote = most, Quote(fixed, each, most.items, least)
        return self._quote

    def bill(self, returned: Returned, day: int) -> Bill:
        """What a reply of that day costs."""
        prices, charge = self._on(day), returned.charge
        lines: list[Line] = []
        fixed = 0
        if charge in ("post_read", "user_read", "media_read"):
            lines.append(Line(charge, prices[charge], returned.data))
        elif charge is not None:
            fixed = prices[charge]
        if self._count_includes:
            lines += [Line(kind, prices[kind], ids) for kind, ids in returned.added]
        return Bill(fixed, tuple(lines))

    def _on(self, day: int) -> dict[Charge, int]:
        if day != self._day:
            self._day, self._prices, self._asked = day, self._at(day), None
        return self._prices

    def _at(self, day: int) -> dict[Charge, int]:
        prices = prices_on(date.fromordinal(_EPOCH + day), self._lists)
        return {charge: prices.micros(charge) for charge in CHARGES}


def dollars(micros: int) -> float:
    """Micro-dollars as US dollars, for people."""
    return micros / MICROS


def exceeded(most: Most, quote: Quote, *, cap: int, spent: int, reserved: int) -> BudgetExceeded:
    """The error of a request that the budget can't bear; all sums in micro-dollars."""
    needed = quote.of(quote.least)
    left = max(cap - spent - reserved, 0)
    some = "one more item" if quote.least == 1 else f"{quote.least} more items"
    what = "the request" if most.fewest is None else some
    held = f" and {_shown(reserved)} reserved by requests on their way" if reserved else ""
    return BudgetExceeded(
        f"the budget has {_shown(left)} left, and {what} can cost {_shown(needed)}: of "
        f"{_shown(cap)}, {_shown(spent)} are spent{held}. Raise the budget's cap and go on, or "
        "ask for less",
        spent=dollars(spent),
        needed=dollars(needed),
        cap=dollars(cap),
        reserved=dollars(reserved),
        items=quote.least,
    )


def _shown(micros: int) -> str:
    whole, rest = divmod(micros, MICROS)
    cents = f"{rest:06}".rstrip("0").ljust(2, "0")
    return f"${whole}.{cents}"

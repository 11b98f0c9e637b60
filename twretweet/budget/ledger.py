"""The arithmetic of a budget, pure, in whole micro-dollars.

1. A request may be sent when what is spent, what others have reserved, and the most that it can
   cost stay within the cap together. So however many are on their way, the cap holds.
2. X charges a resource once per UTC day. What was charged for today is remembered by its id, at
   about 120 bytes each (a million of them cost $1,000 or more); yesterday is forgotten.
3. When a reply may belong to either of two days, it is counted in full and not remembered: then
   it can only have cost less.
4. What X returned is what is spent, also if it is more than could be expected.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from twretweet.budget.tariff import Bill, Quote
from twretweet.errors import QueryError
from twretweet.protocol.prices import Charge

_VERSION = 2
_Whole = Annotated[int, Meta(ge=0)]


class _Saved(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    version: Annotated[int, Meta(ge=_VERSION, le=_VERSION)] = _VERSION
    spent: _Whole
    day: _Whole | None
    seen: dict[Charge, set[str]]


class Ledger:
    """What is spent, what is reserved, and what was charged for today.

    Attributes:
        cap: the most that may be spent, in micro-dollars; ``None``: any amount.
        spent: micro-dollars.
        reserved: micro-dollars.
    """

    __slots__ = ("_day", "_seen", "cap", "reserved", "spent")

    def __init__(self, cap: int | None) -> None:
        self.cap = cap
        self.spent = 0
        self.reserved = 0
        self._day: int | None = None
        self._seen: dict[Charge, set[str]] = {}

    @property
    def left(self) -> int | None:
        """What may still be reserved."""
        return None if self.cap is None else max(self.cap - self.spent - self.reserved, 0)

    @property
    def remembered(self) -> int:
        """How many resources were charged for today."""
        return sum(map(len, self._seen.values()))

    def affordable(self, quote: Quote) -> int:
        """For how many items there is money: all, or fewer if that is allowed, or 0."""
        left = self.left
        return quote.items if left is None else quote.affordable(left)

    def reserve(self, quote: Quote) -> int:
        """Set money aside for as many as are affordable; for how many."""
        items = self.affordable(quote)
        self.reserved += quote.of(items)
        return items

    def release(self, amount: int) -> None:
        """Give back what was reserved."""
        self.reserved -= amount

    def keep(self, amount: int) -> None:
        """Take what was reserved for spent."""
        self.reserved -= amount
        self.spent += amount

    def settle(self, amount: int, bill: Bill, day: int | None) -> int:
        """Replace what was reserved by what was spent; the latter."""
        seen = self._on(day)
        paid = bill.fixed
        for line in bill.lines:
            known = seen.setdefault(line.charge, set())
            before = len(known)
            known.update(line.ids)
            new = len(known) - before
            if "" in known:  # what has no id can be charged again and again
                known.discard("")
                new += line.ids.count("") - 1
            paid += line.price * new
        self.reserved -= amount
        self.spent += paid
        return paid

    def _on(self, day: int | None) -> dict[Charge, set[str]]:
        """What was charged for on that day; a blank sheet for a day that can't be told."""
        if day is None or (self._day is not None and day < self._day):
            return {}
        if day != self._day:
            self._day, self._seen = day, {}
        return self._seen

    def snapshot(self) -> str:
        """All of it as JSON; what is reserved may have been spent, and counts as if."""
        saved = _Saved(spent=self.spent + self.reserved, day=self._day, seen=self._seen)
        return msgspec.json.encode(saved).decode()

    def restore(self, snapshot: str | bytes) -> None:
        """Begin where :meth:`snapshot` was taken.

        Raises:
            QueryError: this is no snapshot, or money was spent here already.
        """
        if self.spent or self.reserved:
            raise QueryError(
                "this budget was used already: restore a snapshot into a new one, or what it says "
                "would be counted twice"
            )
        try:
            saved = msgspec.json.decode(snapshot, type=_Saved)
        except (msgspec.MsgspecError, ValueError) as error:
            raise QueryError(f"this is no snapshot of a budget: {error}") from error
        self.spent, self._day, self._seen = saved.spent, saved.day, saved.seen

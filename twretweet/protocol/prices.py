"""What X charges for a call, as dated data.

Source: https://docs.x.com/x-api/getting-started/pricing, pay per use, as of 2026-08. Replies
carry no cost, so whoever wants to know it has to count.

Money is counted in whole micro-dollars, a millionth of a US dollar: floats add up wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, InvalidOperation
from typing import Literal, TypeAlias

from msgspec import Struct

from twretweet.errors import QueryError

Charge: TypeAlias = Literal[
    "post_read", "user_read", "media_read", "interaction_create", "interaction_delete"
]
Usd: TypeAlias = float | str | Decimal

MICROS = 1_000_000  # micro-dollars of a dollar
# Beyond this, sums might not fit the 53 bits that Redis's scripts count with.
_MOST_MICROS = 10**15
CHARGES: tuple[Charge, ...] = (
    "post_read",
    "user_read",
    "media_read",
    "interaction_create",
    "interaction_delete",
)


class PriceList(Struct, frozen=True, kw_only=True):
    """US dollars per unit: a resource returned for reads, a request for writes.

    Attributes:
        as_of: the day from which on these prices hold.
        post_read: for each post in a reply.
        user_read: for each user in a reply.
        interaction_create: for each retweet made.
        interaction_delete: for each retweet undone.
        media_read: for each photo or video in a reply.

    Raises:
        QueryError: a price is negative, or no number.
    """

    as_of: date
    post_read: float
    user_read: float
    interaction_create: float
    interaction_delete: float
    media_read: float = 0.005

    def __post_init__(self) -> None:
        for charge in CHARGES:
            micros_up(self.of(charge), what=charge)

    def of(self, charge: Charge, count: int = 1) -> float:
        """The price of ``count`` units, in US dollars."""
        unit = {
            "post_read": self.post_read,
            "user_read": self.user_read,
            "media_read": self.media_read,
            "interaction_create": self.interaction_create,
            "interaction_delete": self.interaction_delete,
        }[charge]
        return unit * count

    def micros(self, charge: Charge) -> int:
        """The price of one unit in micro-dollars; what is finer is rounded up."""
        return micros_up(self.of(charge), what=charge)


def prices_on(day: date, lists: Iterable[PriceList]) -> PriceList:
    """The latest of ``lists`` that holds on ``day``; before all of them, the earliest.

    Raises:
        QueryError: there are no lists.
    """
    dated = sorted(lists, key=lambda prices: prices.as_of)
    if not dated:
        raise QueryError("no prices: pass at least one PriceList, or leave prices= out")
    return next((prices for prices in reversed(dated) if prices.as_of <= day), dated[0])


def micros_up(usd: Usd, *, what: str) -> int:
    """US dollars as micro-dollars, rounded up, as prices are on the safe side.

    Raises:
        QueryError: it is negative, too large, or no number.
    """
    return _micros(usd, what, ROUND_CEILING)


def micros_down(usd: Usd, *, what: str) -> int:
    """US dollars as micro-dollars, rounded down, as caps are on the safe side.

    Raises:
        QueryError: it is negative, too large, or no number.
    """
    return _micros(usd, what, ROUND_FLOOR)


def _micros(usd: Usd, what: str, rounding: str) -> int:
    try:
        # By way of its text: 0.005 is meant, not the binary fraction closest to it.
        amount = Decimal(str(usd))
    except InvalidOperation:
        raise QueryError(f"{what} is {usd!r}: it must be a number of US dollars") from None
    if not amount.is_finite() or isinstance(usd, bool):
        raise QueryError(f"{what} is {usd!r}: it must be a number of US dollars")
    if not 0 <= amount * MICROS <= _MOST_MICROS:
        raise QueryError(f"{what} is {usd} US dollars: it must be between 0 and a billion")
    return int((amount * MICROS).to_integral_value(rounding))


PRICES = PriceList(
    as_of=date(2026, 8, 1),
    post_read=0.005,
    user_read=0.010,
    interaction_create=0.015,
    interaction_delete=0.010,
    media_read=0.005,
)

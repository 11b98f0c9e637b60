"""What an export goes by when it counts money: the prices, and whether what is joined counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from twretweet.budget.tariff import Quote, Tariff
from twretweet.errors import QueryError
from twretweet.protocol.charges import most_of
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.prices import PRICES, Charge, PriceList, micros_up

_DAY = 86_400.0
_READS: Final[tuple[Charge, ...]] = ("post_read", "user_read", "media_read")


@dataclass(frozen=True, slots=True)
class Rates:
    """What X charges.

    Args:
        prices: of each resource.
        includes: whether objects that expansions add are counted.
        given: whether the prices are not those of X's list.
    """

    prices: PriceList = PRICES
    includes: bool = True
    given: bool = False

    def page(
        self, endpoint: Endpoint[object], params: Mapping[str, str], items: int, *, now: float
    ) -> Quote:
        """What a page can cost at the most.

        Args:
            endpoint: its row.
            params: its query.
            items: how many it holds.
            now: epoch seconds.
        """
        tariff = Tariff(self.prices, count_includes=self.includes)
        return tariff.quote(most_of(endpoint, params, items=items, fewest=1), day_of(now))


RATES: Final = Rates()


def rates(given: Iterable[str], *, includes: bool) -> Rates:
    """The rates of the command line.

    Args:
        given: prices such as ``post_read=0.004``; the others are those of X's list.
        includes: whether objects that expansions add are counted.

    Raises:
        QueryError: there is no such price, or it is no number of US dollars.
    """
    there: dict[str, float] = {}
    for each in given:
        name, equals, usd = each.partition("=")
        if not equals or name not in _READS:
            raise QueryError(
                f"--prices is {each!r}: it must be like post_read=0.004, of {', '.join(_READS)}"
            )
        micros_up(usd, what=f"--prices {name}")
        there[name] = float(usd)
    return Rates(msgspec.structs.replace(PRICES, **there), includes, bool(there))


def day_of(now: float) -> int:
    """The UTC day of a moment in epoch seconds, counted from 1970-01-01."""
    return int(now // _DAY)

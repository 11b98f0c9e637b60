"""What the demo would have cost on X."""

from collections.abc import Iterable
from dataclasses import dataclass

from twretweet.protocol.prices import Charge, PriceList


@dataclass(frozen=True, slots=True)
class CostLine:
    """One kind of charge.

    Args:
        what: what is charged.
        count: how many.
        unit: the price of one, in US dollars.
        usd: the price of all.
    """

    what: str
    count: int
    unit: float
    usd: float


def cost(
    prices: PriceList, *, posts: int, users: int, retweets: int, undos: int
) -> list[CostLine]:
    """What X charges for these at the most: nobody says whether included authors are charged.

    Args:
        prices: what one of each costs.
        posts: the tweets and retweets that were read.
        users: the authors that came with them.
        retweets: the requests that asked for a retweet.
        undos: the requests that asked to undo one.
    """
    charges: list[tuple[str, Charge, int]] = [
        ("posts read", "post_read", posts),
        ("authors read with them, at most", "user_read", users),
        ("retweets asked for", "interaction_create", retweets),
        ("retweets undone", "interaction_delete", undos),
    ]
    return [
        CostLine(what, count, prices.of(charge), prices.of(charge, count))
        for what, charge, count in charges
    ]


def total(lines: Iterable[CostLine]) -> float:
    """The sum of ``lines``, in US dollars."""
    return sum(line.usd for line in lines)

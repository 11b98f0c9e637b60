"""``--dry-run``: how many pages it will take, how long by the windows, and what it will cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from twretweet.budget.tariff import dollars
from twretweet.cli.estimate import duration
from twretweet.cli.tally import Window, money, seconds
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.prices import MICROS, PRICES, Charge

_PAGE_SECONDS = 0.5  # what a full page takes to arrive, with some room
_NOUNS: Final[Mapping[Charge, str]] = MappingProxyType(
    {"post_read": "posts", "user_read": "users", "media_read": "media"}
)
# What is to be expected of an expansion: an object for each item, or one for all of them, since
# all retweet the same. Of the others nobody can tell.
_FOR_EACH: Final[Mapping[str, Charge]] = MappingProxyType(
    {
        "author_id": "user_read",
        "pinned_tweet_id": "post_read",
        "most_recent_tweet_id": "post_read",
    }
)
_FOR_ALL: Final[Mapping[str, Charge]] = MappingProxyType(
    {"referenced_tweets.id": "post_read", "referenced_tweets.id.author_id": "user_read"}
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be asked.

    Args:
        noun: what is walked, in the plural.
        endpoint: its row.
        params: the query.
        tweet: the id of the tweet.
        total: how many there are; ``None`` where X does not say.
        written: how many of them an earlier run has written.
        page_size: how many to ask for at once.
        spent: what runs before this one cost, in micro-dollars.
        most: what one item can cost at the most, in micro-dollars.
        cap: what all of it may cost, in US dollars; ``None``: any amount.
        look: what it cost to find this out, in micro-dollars.
    """

    noun: str
    endpoint: Endpoint[object]
    params: Mapping[str, str]
    tweet: str
    total: int
    written: int
    page_size: int
    spent: int
    most: int
    cap: float | None
    look: int

    @property
    def items(self) -> int:
        """How many are still to come."""
        return max(self.total - self.written, 0)

    @property
    def pages(self) -> int:
        """How many pages that takes."""
        return -(-self.items // self.page_size)

    def expected(self) -> dict[Charge, int]:
        """How many resources of each kind are to be expected."""
        counts: dict[Charge, int] = {}
        charge = self.endpoint.charge
        if charge is not None:
            counts[charge] = self.items
        for name in self.params.get("expansions", "").split(","):
            for table, number in ((_FOR_EACH, self.items), (_FOR_ALL, min(self.items, 1))):
                if name in table:
                    counts[table[name]] = counts.get(table[name], 0) + number
        return counts


def lines(plan: Plan, window: Window | None, window_seconds: float) -> list[str]:
    """The plan, in words.

    Args:
        plan: what is going to be asked.
        window: what its window allows now.
        window_seconds: how long one lasts.
    """
    expected = plan.expected()
    cost = sum(PRICES.of(charge, count) for charge, count in expected.items())
    bill = ", ".join(
        f"{count:,} {_NOUNS.get(charge, charge)} at {money(PRICES.of(charge))}"
        for charge, count in expected.items()
    )
    most = max(dollars(plan.most * plan.items), cost)
    time = duration(plan.pages, window, window_seconds, _PAGE_SECONDS)
    limit = (
        ""
        if window is None or window.limit is None
        else (f"; {window.limit} requests in {seconds(window_seconds)}")
    )
    rows = [
        ("tweet", plan.tweet),
        (plan.noun, f"{plan.total:,}" + (f", {plan.written:,} written" if plan.written else "")),
        ("pages", f"{plan.pages:,} of {plan.page_size}"),
        ("time", f"about {seconds(time)}{limit}"),
        ("cost", f"about {money(cost)}: {bill}" if bill else "not documented by X"),
    ]
    if most > cost:
        rows.append(("at most", f"{money(most)}, if each has all that its expansions may add"))
    if plan.spent:
        rows.append(("spent", f"{money(dollars(plan.spent))} before"))
    if plan.cap is not None:
        rows.append(("budget", _enough(plan, cost)))
    rows.append(("prices", f"of {PRICES.as_of:%B %Y}; this look cost {money(dollars(plan.look))}"))
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {words}" for name, words in rows]


def _enough(plan: Plan, cost: float) -> str:
    cap = plan.cap or 0.0
    left = max(round(cap * MICROS) - plan.spent, 0)
    needed = round(cost * MICROS)
    if needed <= left:
        return f"{money(cap)}, which is enough"
    part = plan.items * left // needed
    return f"{money(cap)}, which is enough for about {part:,} more {plan.noun}"

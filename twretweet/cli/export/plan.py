"""``--dry-run``: how many pages it will take, how long by the windows, and what it will cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from twretweet.budget.tariff import Quote, dollars
from twretweet.cli.estimate import duration
from twretweet.cli.export.rates import Rates
from twretweet.cli.tally import Window, counted, money, seconds
from twretweet.pipeline.sizes import Sizes
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.prices import MICROS, Charge

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
        total: how many there are.
        written: how many of them an earlier run has written.
        page: what a full page can cost at the most.
        rates: what X charges.
        spent: what runs before this one cost, in micro-dollars.
        cap: what all of it may cost, in US dollars; ``None``: any amount.
        look: what it cost to find this out, in micro-dollars.
    """

    noun: str
    endpoint: Endpoint[object]
    params: Mapping[str, str]
    tweet: str
    total: int
    written: int
    page: Quote
    rates: Rates
    spent: int
    cap: float | None
    look: int

    @property
    def items(self) -> int:
        """How many are still to come."""
        return max(self.total - self.written, 0)

    @property
    def pages(self) -> int:
        """How many pages that takes."""
        return -(-self.items // self.page.items)

    def expected(self, items: int) -> dict[Charge, int]:
        """How many resources of each kind are to be expected with so many items."""
        counts: dict[Charge, int] = {}
        charge = self.endpoint.charge
        if charge is not None:
            counts[charge] = items
        expansions = self.params.get("expansions", "") if self.rates.includes else ""
        for name in expansions.split(","):
            for table, number in ((_FOR_EACH, items), (_FOR_ALL, min(items, 1))):
                if name in table:
                    counts[table[name]] = counts.get(table[name], 0) + number
        return counts

    def cost(self, items: int) -> int:
        """What so many items are expected to cost, in micro-dollars."""
        prices = self.rates.prices
        return sum(prices.micros(charge) * n for charge, n in self.expected(items).items())

    def affordable(self, left: int) -> tuple[int, int]:
        """How many items, on how many pages, so much money will do for.

        Each page has to be affordable if it costs the most that it can, and then costs what is
        expected.
        """
        items, pages, sizes, page = 0, 0, Sizes(), self.page
        while items < self.items:
            asked = min(page.items, self.items - items)
            least = min(sizes.fewest, asked)
            quote = Quote(page.fixed, page.each, asked, least)
            before = self.cost(items)
            granted = quote.affordable(left - before)
            if not granted:
                break
            items += granted
            spare = self.cost(items) - before < quote.of(granted)
            sizes.note(granted, asked, spare=spare)
            pages += 1
        return items, pages


def lines(plan: Plan, window: Window | None, window_seconds: float) -> list[str]:
    """The plan, in words.

    Args:
        plan: what is going to be asked.
        window: what its window allows now.
        window_seconds: how long one lasts.
    """
    prices, cost = plan.rates.prices, plan.cost(plan.items)
    bill = ", ".join(
        f"{counted(count, _NOUNS.get(charge, charge))} at {money(prices.of(charge))}"
        for charge, count in plan.expected(plan.items).items()
    )
    most = plan.page.of(plan.items)
    time = duration(plan.pages, window, window_seconds, _PAGE_SECONDS)
    limit = (
        ""
        if window is None or window.limit is None
        else (f"; {window.limit} requests in {seconds(window_seconds)}")
    )
    rows = [
        ("tweet", plan.tweet),
        (plan.noun, f"{plan.total:,}" + (f", {plan.written:,} written" if plan.written else "")),
        ("pages", f"{plan.pages:,} of {plan.page.items}"),
        ("time", f"about {seconds(time)}{limit}"),
        ("cost", f"about {money(dollars(cost))}: {bill}" if bill else "not documented by X"),
    ]
    if most > cost:
        at_most = money(dollars(most))
        rows.append(("at most", f"{at_most}, if each has all that its expansions may add"))
    if plan.spent:
        rows.append(("spent", f"{money(dollars(plan.spent))} before"))
    if plan.cap is not None:
        rows.append(("budget", _enough(plan, plan.cap)))
    given = "as given, others " if plan.rates.given else ""
    look = money(dollars(plan.look))
    rows.append(("prices", f"{given}of {prices.as_of:%B %Y}; this look cost {look}"))
    width = max(len(name) for name, _ in rows)
    return [f"{name:<{width}}  {words}" for name, words in rows]


def _enough(plan: Plan, cap: float) -> str:
    items, pages = plan.affordable(max(round(cap * MICROS) - plan.spent, 0))
    if items == plan.items:
        more = f", on {counted(pages, 'pages')}" if pages > plan.pages else ""
        return f"{money(cap)}, which is enough{more}"
    some = counted(items, f"more {plan.noun}")
    part = f"about {some}, on {counted(pages, 'pages')}" if items else "none of them"
    return f"{money(cap)}, which is enough for {part}"

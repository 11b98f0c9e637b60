"""What a dry run says, from a plan and a window."""

import msgspec
import pytest

import twretweet as tw
from twretweet.cli.export.place import Place
from twretweet.cli.export.plan import Plan, lines
from twretweet.cli.export.purse import Purse
from twretweet.cli.export.rates import RATES, rates
from twretweet.cli.export.run import owed
from twretweet.cli.tally import Window
from twretweet.protocol import endpoints
from twretweet.protocol.charges import Returned, most_of

pytestmark = pytest.mark.anyio

DAY = 86_400
NOW = 1_700_000_000.0
WINDOW = Window(limit=75, left=75, resets_in=None, waiting=False)


def plan(query=None, endpoint=endpoints.RETWEETS, size=100, **more: object) -> Plan:
    query = query or tw.TweetQuery()
    params = query.to_params()
    given = {
        "noun": "retweets",
        "endpoint": endpoint,
        "params": params,
        "tweet": "20",
        "total": 1_000_000,
        "written": 0,
        "page": more.get("rates", RATES).page(endpoint, params, size, now=NOW),
        "rates": RATES,
        "spent": 0,
        "cap": None,
        "look": 5000,
        **more,
    }
    return Plan(**given)


def said(a_plan: Plan) -> dict[str, str]:
    rows = lines(a_plan, WINDOW, 900.0)
    return {line.split("  ")[0]: line.partition("  ")[2].strip() for line in rows}


def test_a_million_retweets_take_a_day_and_a_half_and_cost_half_a_cent_each():
    rows = said(plan())
    assert rows["pages"] == "10,000 of 100"
    assert rows["time"] == "about 33 h 16 min; 75 requests in 15 min"
    assert rows["cost"] == "about $5,000.00: 1,000,000 posts at $0.005"
    assert "at most" not in rows


def test_authors_cost_each_and_what_was_retweeted_costs_once():
    rows = said(plan(tw.TweetQuery().author().referenced(author=()), total=1000))
    assert rows["cost"] == "about $15.015: 1,001 posts at $0.005, 1,001 users at $0.01"
    # Two references and their authors, the same for all of them.
    assert rows["at most"].startswith("$15.03, ")


def test_users_are_charged_as_users():
    rows = said(plan(tw.UserQuery(), endpoints.RETWEETERS, noun="retweeters", total=10))
    assert rows["cost"] == "about $0.10: 10 users at $0.01"


def test_what_was_written_is_not_counted_again():
    rows = said(plan(total=1000, written=950, spent=4_750_000, cap=5.0))
    assert rows["retweets"] == "1,000, 950 written"
    assert rows["pages"] == "1 of 100"
    assert rows["spent"] == "$4.75 before"
    assert rows["budget"] == "$5.00, which is enough"
    rows = said(plan(total=1000, written=950, spent=4_750_000, cap=4.8))
    assert rows["budget"] == "$4.80, which is enough for about 10 more retweets, on 1 page"


def test_a_budget_has_to_do_for_the_most_that_each_page_can_cost():
    """Fifty users may be mentioned in the text that all retweets have in common."""
    mentions = tw.TweetQuery().author().mentions()
    rows = said(plan(mentions, total=9000, cap=5.0))
    assert rows["pages"] == "90 of 100"
    assert rows["budget"] == "$5.00, which is enough for about 300 more retweets, on 3 pages"
    assert said(plan(mentions, total=200, cap=3.0))["budget"].startswith(
        "$3.00, which is enough for ab"
    )
    assert said(plan(mentions, total=200, cap=3.5))["budget"] == "$3.50, which is enough"
    assert said(plan(mentions, total=200, cap=0.5))["budget"] == (
        "$0.50, which is enough for none of them"
    )


def test_pages_that_get_smaller_are_counted():
    """A user may be affiliated with five others, and costs a cent; so six may be due."""
    query = tw.UserQuery().affiliation()
    users = {"endpoint": endpoints.RETWEETERS, "noun": "retweeters"}
    rows = said(plan(query, **users, total=170, cap=5.0))
    assert rows["budget"] == "$5.00, which is enough, on 3 pages"
    rows = said(plan(query, **users, total=2000, cap=6.0))
    assert rows["budget"] == ("$6.00, which is enough for about 541 more retweeters, on 13 pages")


def test_other_prices_and_free_includes_are_gone_by():
    rows = said(
        plan(tw.TweetQuery().author(), total=100, rates=rates(["user_read=0.1"], includes=True))
    )
    assert rows["cost"] == "about $10.50: 100 posts at $0.005, 100 users at $0.10"
    assert rows["prices"].startswith("as given, others of August 2026")
    rows = said(
        plan(tw.TweetQuery().author().mentions(), total=100, rates=rates([], includes=False))
    )
    assert rows["cost"] == "about $0.50: 100 posts at $0.005"
    assert "at most" not in rows
    for wrong in ("post_read", "post=1", "post_read=", "interaction_create=1", "user_read=-1"):
        with pytest.raises(tw.QueryError, match="--prices"):
            rates([wrong], includes=True)


def test_a_request_on_its_way_is_owed_unless_the_day_is_the_same():
    place = Place(format="csv", spent=100, pending=7, day=int(NOW // DAY))
    assert owed(place, NOW) == 100
    assert owed(place, NOW + DAY) == 107
    assert owed(msgspec.structs.replace(place, pending=0), NOW + DAY) == 100


async def test_a_purse_forgets_whom_it_paid_for_before_it_grows_without_end():
    purse = Purse("100000")
    row, params = endpoints.RETWEETS, tw.TweetQuery().to_params()
    remembered = []
    for number in range(1200):
        held = await purse.reserve(most_of(row, params, items=100), 1)
        ids = tuple(str(number * 99 + each) for each in range(99))
        await held.settle(Returned(charge="post_read", data=("7000000", *ids)), 1)
        remembered.append(purse._ledger.remembered)
    assert max(remembered) <= 50_100
    # The one that comes with every page is paid again each time that it was forgotten.
    assert 1200 * 99 * 5000 < purse.micros <= (1200 * 99 + 3) * 5000

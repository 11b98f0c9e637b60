"""What a dry run says, from a plan and a window."""

import msgspec
import pytest

import twretweet as tw
from twretweet.cli.export.place import Place
from twretweet.cli.export.plan import Plan, lines
from twretweet.cli.export.purse import Purse, dearest
from twretweet.cli.export.run import owed
from twretweet.cli.tally import Window
from twretweet.protocol import endpoints
from twretweet.protocol.charges import Returned, most_of

pytestmark = pytest.mark.anyio

DAY = 86_400
NOW = 1_700_000_000.0
WINDOW = Window(limit=75, left=75, resets_in=None, waiting=False)


def plan(query=None, endpoint=endpoints.RETWEETS, **more: object) -> Plan:
    query = query or tw.TweetQuery()
    params = query.to_params()
    given = {
        "noun": "retweets",
        "endpoint": endpoint,
        "params": params,
        "tweet": "20",
        "total": 1_000_000,
        "written": 0,
        "page_size": 100,
        "spent": 0,
        "most": dearest(endpoint, params, 1, now=NOW),
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
    # Two references, and their authors, for each of them.
    assert rows["at most"].startswith("$45.00, ")


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
    assert rows["budget"] == "$4.80, which is enough for about 10 more retweets"


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

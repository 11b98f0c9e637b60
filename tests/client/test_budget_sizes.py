"""How large the pages are that a budget bears, where they may cost more than they do."""

from urllib.parse import parse_qsl

import pytest

import twretweet as tw
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def sizes(sandbox: Sandbox) -> list[str]:
    return [dict(parse_qsl(seen.query))["max_results"] for seen in sandbox.requests]


async def test_what_all_retweets_mention_is_reserved_for_once_a_page(session, sandbox):
    """The text that all have in common may mention fifty users, and mentions one."""
    budget = tw.Budget(usd=5)
    query = tw.TweetQuery().author("username").mentions("username")
    walk = session.retweets(sandbox.tweet_id, query, budget=budget)
    with pytest.raises(tw.BudgetExceeded) as caught:
        await walk.collect()
    assert sizes(sandbox) == ["100", "100", "99"]
    assert budget.spent == pytest.approx(299 * 0.015 + 0.01)
    assert caught.value.needed == 10 * 0.015 + 0.5 > budget.left


async def test_what_a_small_page_leaves_over_does_not_trickle_away_in_smaller_ones(
    session, sandbox
):
    """A user may be affiliated with five others, and costs a cent."""
    budget = tw.Budget(usd=3)
    walk = session.retweeters(sandbox.tweet_id, tw.UserQuery().affiliation(), budget=budget)
    with pytest.raises(tw.BudgetExceeded, match="5 more items can cost") as caught:
        await walk.collect()
    asked = [int(size) for size in sizes(sandbox)]
    assert asked[0] == 50
    assert asked == sorted(asked, reverse=True)
    assert 5 <= asked[-1] < 10
    assert caught.value.needed == 5 * 0.06 > budget.left
    budget.cap = 20
    assert len(await walk.collect()) == 1000

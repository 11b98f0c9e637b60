"""Money is counted for what a page includes, whether or not anybody looks at it."""

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply

pytestmark = pytest.mark.anyio

AUTHORS = tw.TweetQuery().author("username")


@pytest.mark.parametrize("looked_at", [True, False], ids=["looked at", "never looked at"])
async def test_authors_cost_the_same_looked_at_or_not(sandbox, clock, looked_at):
    budget = tw.Budget()
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, budget=budget) as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, AUTHORS, limit=250)
        async for retweet in walk:
            assert not looked_at or retweet.author is not None
    assert budget.spent == pytest.approx(250 * (0.005 + 0.010))


async def test_includes_whose_ids_can_not_be_counted_count_in_full(clock):
    budget = tw.Budget()
    async with ScriptedServer() as server:
        server.replies.append(reply(200, {**page("1"), "includes": {"users": 5}}))
        async with tw.SessionManager(
            base_url=server.url, clock=clock, budget=budget, retry=tw.RetryPolicy(attempts=1)
        ) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1, AUTHORS, max_results=10)
            with pytest.raises(tw.DecodeError, match="a page of tweets") as caught:
                await walk.collect()
    assert caught.value.endpoint == "GET /2/tweets/{tweet_id}/retweets"
    assert (budget.spent, budget.reserved) == (pytest.approx(0.15), 0)

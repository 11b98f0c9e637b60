"""What kept a page from being fetched ahead, and holds no more when the page is asked for."""

import anyio
import pytest

import twretweet as tw
from tests.client.test_prefetch import quiet
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_budget_raised_before_its_page_is_asked_for_is_no_longer_used_up(session, sandbox):
    budget = tw.Budget(usd=1.5)
    walk = session.retweets(sandbox.tweet_id, budget=budget, prefetch=5)
    pages = walk.pages()
    for _ in range(2):
        await anext(pages)
        await quiet()
    budget.cap = 1.75
    assert len((await anext(pages)).data) == 100
    assert len((await anext(pages)).data) == 50
    await quiet()
    with pytest.raises(tw.BudgetExceeded):
        await anext(pages)


async def test_a_window_that_was_full_when_it_fetched_ahead_may_have_room_when_asked(clock):
    async with (
        Sandbox(retweets=8000, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock, max_wait=0) as manager,
    ):
        pages = manager.session(x.oauth1).retweets(x.tweet_id, prefetch=20).pages()
        items = 0
        async for each in pages:
            items += len(each.data)
            await anyio.sleep(13)
    assert items == 8000

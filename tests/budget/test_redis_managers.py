"""Managers that share a budget through Redis, over real HTTP."""

import anyio
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

import twretweet as tw
from tests.support.cancelling import ends_within
from tests.support.redis_server import free_port
from twretweet.budget.redis import RedisBudget
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
async def x():
    async with Sandbox(retweets=1000) as sandbox:
        yield sandbox
        assert not sandbox.failures


async def test_managers_of_one_budget_spend_it_together_and_pay_once_for_what_both_read(redis, x):
    got: list[str] = []

    async def walk(budget: RedisBudget, prefetch: int) -> None:
        async with tw.SessionManager(base_url=x.url, budget=budget) as manager:
            session = manager.session(x.new_account().oauth1)
            with pytest.raises(tw.BudgetExceeded):
                async for retweet in session.retweets(x.tweet_id, prefetch=prefetch):
                    got.append(retweet.id)

    budgets = [RedisBudget(redis, 1.5, name="x") for _ in range(3)]
    async with anyio.create_task_group() as tasks:
        for prefetch, budget in enumerate(budgets):
            tasks.start_soon(walk, budget, prefetch)
    await budgets[0].refresh()
    assert (budgets[0].spent, budgets[0].reserved) == (len(set(got)) * 0.005, 0)
    assert len(set(got)) < len(got), "they read the same"


async def test_wherever_a_call_is_cancelled_no_money_stays_reserved(redis, x):
    cancelled = 0
    for most in range(0, 1000, 2):
        budget = RedisBudget(redis, 9, name=f"c{most}")
        async with budget, tw.SessionManager(base_url=x.url, budget=budget) as manager:
            session = manager.session(x.new_account().oauth1)
            ended = await ends_within(most, session.retweets(x.tweet_id, limit=100).collect())
        await budget.refresh()
        assert budget.reserved == 0
        assert budget.spent in (0, 0.5)
        if ended:
            assert budget.spent == 0.5
            break
        cancelled += 1
    assert 5 < cancelled < 400


async def test_while_redis_is_away_nothing_is_sent(x):
    async with Redis(port=free_port(), retry=None) as client:
        budget = RedisBudget(client, 1, name="x")
        async with tw.SessionManager(base_url=x.url, budget=budget) as manager:
            with pytest.raises(tw.BudgetUnavailable, match="nothing was sent") as caught:
                await manager.session(x.oauth1).retweet(x.tweet_id)
    assert isinstance(caught.value.__cause__, RedisConnectionError)
    assert caught.value.attempts == 0
    assert not x.requests

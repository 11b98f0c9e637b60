"""Money and slots of a window: none is set aside for a request that waits for the other."""

import asyncio
from datetime import UTC, date, datetime

import anyio
import msgspec
import pytest

import twretweet as tw
from tests.support.cancelling import ends_within
from tests.support.virtual_time import LoopClock
from twretweet.protocol.charges import Most
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def use_up(session: tw.Session, tweet_id: str) -> None:
    """Use up the window."""
    for _ in range(75):
        await session.retweets(tweet_id, max_results=1, limit=1).collect()


def in_flight(manager: tw.SessionManager) -> int:
    return sum(state.in_flight for state in manager.rate_limits())


async def test_accounts_that_wait_for_their_windows_keep_no_money_from_the_others(
    sandbox, manager
):
    budget = tw.Budget(usd=0.5)
    waiting, free = (manager.session(sandbox.new_account().oauth1) for _ in range(2))
    await use_up(waiting, sandbox.tweet_id)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anext, waiting.retweets(sandbox.tweet_id, budget=budget))
        await anyio.sleep(1)
        assert (budget.spent, budget.reserved) == (0, 0)
        await anext(free.retweets(sandbox.tweet_id, budget=budget))
        assert budget.spent == 0.5
        tasks.cancel_scope.cancel()
    assert in_flight(manager) == 0


async def test_who_finds_no_money_after_the_wait_gives_the_slot_back(sandbox, manager):
    budget = tw.Budget(usd=0.5)
    session = manager.session(sandbox.oauth1)
    await use_up(session, sandbox.tweet_id)
    task = asyncio.ensure_future(anext(session.retweets(sandbox.tweet_id, budget=budget)))
    await anyio.sleep(1)
    other = manager.session(sandbox.new_account().oauth1)
    await anext(other.retweets(sandbox.tweet_id, budget=budget))
    sent = len(sandbox.requests)
    with pytest.raises(tw.BudgetExceeded):
        await task
    assert len(sandbox.requests) == sent
    assert in_flight(manager) == 0
    await use_up(session, sandbox.tweet_id)  # all 75 slots of the new window are still there
    assert len(sandbox.requests) == sent + 75


async def test_who_can_not_pay_need_not_wait_to_hear_so(sandbox, manager, clock):
    session = manager.session(sandbox.oauth1)
    await use_up(session, sandbox.tweet_id)
    before = clock.monotonic()
    with pytest.raises(tw.BudgetExceeded):
        await anext(session.retweets(sandbox.tweet_id, budget=tw.Budget(usd=0.004)))
    assert clock.monotonic() == before


class Slow(tw.Budget):
    """One that takes as long as a budget elsewhere does."""

    async def check(self, most: Most, day: int):
        await asyncio.sleep(0)
        await super().check(most, day)

    async def reserve(self, most: Most, day: int):
        await asyncio.sleep(0)
        held = await super().reserve(most, day)
        try:
            await asyncio.sleep(0)
        except BaseException:
            await held.release()
            raise
        return held


async def test_wherever_a_call_with_a_slow_budget_is_cancelled_its_slot_is_accounted_for(
    sandbox, manager
):
    cancelled = 0
    for most in range(400):
        budget = Slow(usd=10)
        session = manager.session(sandbox.new_account().oauth1)
        walk = session.retweets(sandbox.tweet_id, limit=10, budget=budget)
        ended = await ends_within(most, walk.collect())
        assert budget.reserved == 0
        assert in_flight(manager) == 0
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 399


async def test_a_page_that_waits_over_midnight_is_paid_by_the_prices_of_the_new_day():
    midnight = datetime(2026, 9, 1, tzinfo=UTC).timestamp()
    clock = LoopClock(midnight - 600)
    dearer = msgspec.structs.replace(tw.PRICES, as_of=date(2026, 9, 1), post_read=0.05)
    budget = tw.Budget(usd=1, prices=[tw.PRICES, dearer])
    async with (
        Sandbox(retweets=1000, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        await use_up(session, x.tweet_id)
        page = await anext(session.retweets(x.tweet_id, budget=budget).pages())
    assert clock.time() > midnight
    assert len(page.data) == 20
    assert budget.spent == pytest.approx(1.0)


async def test_who_has_a_slot_at_once_asks_the_budget_once(sandbox, clock):
    class Counting(tw.Budget):
        asked = 0

        async def reserve(self, most, day):
            self.asked += 1
            return await super().reserve(most, day)

    budget = Counting(usd=1)
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, budget=budget) as manager:
        session = manager.session(sandbox.oauth1)
        await session.retweet(sandbox.tweet_id)  # of the window nothing is known yet
        before = budget.asked
        await session.retweet(sandbox.tweet_id)
    assert budget.asked == before + 1


async def test_who_has_a_slot_at_once_and_no_money_gives_it_back(sandbox, clock):
    budget = tw.Budget(usd=0.02)
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, budget=budget) as manager:
        session = manager.session(sandbox.oauth1)
        await session.retweet(sandbox.tweet_id)
        with pytest.raises(tw.BudgetExceeded) as caught:
            await session.retweet(sandbox.tweet_id)
        [state] = [s for s in session.rate_limits() if s.endpoint == "retweet"]
    assert caught.value.attempts == 0
    assert (state.limit - state.remaining, state.in_flight) == (1, 0)
    assert len(sandbox.requests) == 1


async def test_a_limiter_made_from_the_one_in_memory_is_asked_for_every_slot(sandbox, clock):
    class Counting(tw.MemoryLimiter):
        asked = 0

        async def acquire(self, bucket, *, max_wait):
            self.asked += 1
            return await super().acquire(bucket, max_wait=max_wait)

    limiter = Counting(clock=clock)
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, limiter=limiter) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(3):
            await session.me()
    assert limiter.asked == 3

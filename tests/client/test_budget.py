"""Money over real HTTP: what a walk costs, and where it stops."""

import asyncio
from datetime import UTC, datetime
from urllib.parse import parse_qsl

import anyio
import pytest

import twretweet as tw
from tests.support.cancelling import ends_within
from tests.support.scripted import ScriptedServer, cut_short, page, reply
from tests.support.virtual_time import LoopClock
from twretweet.events import BudgetReserved, BudgetSettled, Event
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio

ONCE = tw.RetryPolicy(attempts=1)


@pytest.fixture
def open_manager(sandbox, clock):
    def make(budget: tw.AnyBudget | None = None, **options: object) -> tw.SessionManager:
        return tw.SessionManager(base_url=sandbox.url, clock=clock, budget=budget, **options)

    return make


def sizes(sandbox: Sandbox) -> list[str]:
    return [dict(parse_qsl(seen.query))["max_results"] for seen in sandbox.requests]


async def test_a_walk_costs_what_it_returned(sandbox, open_manager):
    budget = tw.Budget(usd=20)
    async with open_manager(budget) as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, limit=250)
        assert len(await walk.collect()) == 250
        assert (budget.spent, budget.reserved, budget.left) == (1.25, 0, 18.75)


async def test_walking_the_same_again_on_the_same_day_costs_nothing(sandbox, open_manager):
    budget = tw.Budget(usd=20)
    async with open_manager(budget) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(2):
            await session.retweets(sandbox.tweet_id, limit=200).collect()
            assert budget.spent == 1
        await session.retweeters(sandbox.tweet_id, limit=50).collect()
        assert budget.spent == 1.5


async def test_the_day_is_xs_own_and_ends_at_midnight_utc(sandbox):
    noon = datetime(2026, 8, 20, 12, tzinfo=UTC).timestamp()
    clock = LoopClock(noon)
    slow = LoopClock(noon, skew=-7 * 3600)
    budget = tw.Budget()
    async with (
        Sandbox(clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=slow, budget=budget) as manager,
    ):
        session = manager.session(x.oauth1)
        for hour, spent in ((12, 0.25), (23, 0.25), (24, 0.5), (47, 0.5), (48, 0.75)):
            await clock.sleep(noon + (hour - 12) * 3600 + 60 - clock.time())
            await session.retweets(x.tweet_id, limit=50).collect()
            assert budget.spent == spent, f"at {hour}:01"


async def test_a_page_that_was_on_its_way_at_midnight_is_counted_in_full():
    clock = LoopClock(datetime(2026, 8, 20, 23, 50, tzinfo=UTC).timestamp())
    budget = tw.Budget()
    async with (
        Sandbox(clock=clock, quirks=Quirks(latency=10)) as x,
        tw.SessionManager(base_url=x.url, clock=clock, budget=budget) as manager,
    ):
        session = manager.session(x.oauth1)
        for pause, spent in ((0, 0.25), (584, 0.5), (60, 0.75), (60, 0.75)):
            await clock.sleep(pause)
            await session.retweets(x.tweet_id, limit=50).collect()
            assert budget.spent == spent


async def test_the_last_page_is_as_small_as_the_money_and_then_it_stops(sandbox, open_manager):
    budget = tw.Budget(usd=0.63)
    async with open_manager() as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, budget=budget)
        ids: list[str] = []
        with pytest.raises(tw.BudgetExceeded) as caught:
            async for retweet in walk:
                ids.append(retweet.id)
        assert (len(ids), sizes(sandbox)) == (126, ["100", "26"])
        error = caught.value
        assert (error.spent, error.needed, error.cap) == (0.63, 0.005, 0.63)
        assert error.attempts == 0
        with pytest.raises(tw.BudgetExceeded):
            await anext(walk)
        assert len(sandbox.requests) == 2, "nothing was sent"
        budget.cap = 1.0
        with pytest.raises(tw.BudgetExceeded):
            async for retweet in walk:
                ids.append(retweet.id)
        budget.cap = None
        ids += [retweet.id for retweet in await walk.collect()]
    assert len(ids) == len(set(ids)) == 1000
    assert ids == sorted(ids, key=int, reverse=True)


async def test_included_authors_are_reserved_for_and_counted(sandbox, open_manager):
    query = tw.TweetQuery().author("username")
    careful, careless = tw.Budget(usd=0.9), tw.Budget(usd=0.9, count_includes=False)
    for budget, count in ((careful, 60), (careless, 180)):
        async with open_manager() as manager:
            walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, query, budget=budget)
            with pytest.raises(tw.BudgetExceeded):
                await walk.collect()
            assert walk.checkpoint().count == 0, "collecting that fails hands out nothing"
            got = [await anext(walk) for _ in range(count)]
            assert all(retweet.author for retweet in got)
            assert budget.spent == 0.9


async def test_the_budgets_of_the_manager_and_of_the_walk_both_hold(sandbox, open_manager):
    whole, part = tw.Budget(usd=1), tw.Budget(usd=0.75)
    async with open_manager(whole) as manager:
        session = manager.session(sandbox.oauth1)
        with pytest.raises(tw.BudgetExceeded, match=r"\$0\.75"):
            await session.retweets(sandbox.tweet_id, budget=part).collect()
        assert (whole.spent, part.spent) == (0.75, 0.75)
        other = tw.Budget(usd=9)
        with pytest.raises(tw.BudgetExceeded, match=r"\$1\.00"):
            await session.retweeters(sandbox.tweet_id, budget=other).collect()
        assert whole.reserved == part.reserved == other.reserved == 0
        assert whole.spent == 1


async def test_one_budget_given_twice_pays_once(sandbox, open_manager):
    budget = tw.Budget(usd=0.5)
    async with open_manager(budget) as manager:
        session = manager.session(sandbox.oauth1)
        await session.retweets(sandbox.tweet_id, limit=100, budget=budget).collect()
        assert (budget.spent, sizes(sandbox)) == (0.5, ["100"])


async def test_lookups_and_writes_are_paid_too(sandbox, open_manager):
    budget = tw.Budget()
    async with open_manager(budget) as manager:
        session = manager.session(sandbox.oauth1)
        await session.me()
        assert budget.spent == 0.01
        await session.tweet(sandbox.tweet_id, tw.TweetQuery().author())
        assert budget.spent == 0.025
        await session.retweet(sandbox.tweet_id)
        assert budget.spent == 0.04
        await session.undo_retweet(sandbox.tweet_id)
        assert budget.spent == 0.05
        await session.v1.retweet(sandbox.tweet_id)
        assert budget.spent == 0.065
        with pytest.raises(tw.NotFound):
            await session.tweet(1)
        assert budget.spent == 0.065, "nothing was returned"


async def test_a_write_that_the_budget_can_not_bear_is_not_sent(sandbox, open_manager):
    async with open_manager(tw.Budget(usd=0.014)) as manager:
        with pytest.raises(tw.BudgetExceeded, match=r"can cost \$0\.015"):
            await manager.session(sandbox.oauth1).retweet(sandbox.tweet_id)
    assert not sandbox.requests


async def test_however_many_walk_at_once_no_more_than_the_cap_is_spent(sandbox, open_manager):
    budget = tw.Budget(usd=2)
    accounts = [sandbox.new_account() for _ in range(8)]
    tweets = [sandbox.add_tweet(retweets=300) for _ in accounts]
    got: list[str] = []
    async with open_manager(budget) as manager, anyio.create_task_group() as tasks:

        async def walk(session: tw.Session, tweet: str) -> None:
            with pytest.raises(tw.BudgetExceeded):
                async for retweet in session.retweets(tweet):
                    got.append(retweet.id)

        for account, tweet in zip(accounts, tweets, strict=True):
            tasks.start_soon(walk, manager.session(account.oauth1), tweet)
    assert len(set(got)) * 0.005 == budget.spent <= 2
    assert budget.reserved == 0


CASES = [
    pytest.param([None, reply(200, page("1"))], 0.5 + 0.005, None, id="reply lost, tried again"),
    pytest.param([None], 0.5, tw.TransportError, id="reply lost"),
    pytest.param([reply(200, b"<html>")], 0.5, tw.DecodeError, id="not readable"),
    pytest.param([cut_short(b'{"data":[')], 0.5, tw.DecodeError, id="cut short"),
    pytest.param([reply(503), reply(200, page("1", "2"))], 0.01, None, id="503, tried again"),
    pytest.param([reply(429)], 0.0, tw.TooManyRequests, id="429"),
    pytest.param([reply(302, b"", {"location": "/"})], 0.0, tw.DecodeError, id="redirect"),
    pytest.param([reply(404, {"title": "Not Found"})], 0.0, tw.NotFound, id="404"),
]


@pytest.mark.parametrize(("replies", "spent", "error"), CASES)
async def test_each_attempt_is_paid_by_what_became_of_it(clock, replies, spent, error):
    budget = tw.Budget(usd=100)
    policy = tw.RetryPolicy(attempts=len(replies))
    async with ScriptedServer() as server:
        server.replies.extend(replies)
        async with tw.SessionManager(
            base_url=server.url, clock=clock, budget=budget, retry=policy
        ) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1)
            if error is None:
                await walk.collect()
            else:
                with pytest.raises(error):
                    await walk.collect()
    assert (budget.spent, budget.reserved) == (spent, 0)


WRITES = [
    pytest.param(reply(400, {"title": "Invalid Request"}), 0.015, id="refused"),
    pytest.param(reply(503), 0.015, id="503"),
    pytest.param(reply(429), 0.0, id="429"),
    pytest.param(None, 0.015, id="reply lost"),
]


@pytest.mark.parametrize(("answer", "spent"), WRITES)
async def test_a_refused_write_may_be_charged_unless_it_was_turned_away(clock, answer, spent):
    budget = tw.Budget(usd=1)
    async with ScriptedServer() as server:
        server.replies.append(answer)
        async with tw.SessionManager(
            base_url=server.url, clock=clock, budget=budget, retry=ONCE
        ) as manager:
            with pytest.raises(tw.TwretweetError):
                await manager.session(tw.OAuth1("a", "b", "7-c", "d")).retweet(1)
    assert (budget.spent, budget.reserved) == (spent, 0)


async def test_a_request_that_never_left_costs_nothing(clock):
    budget = tw.Budget(usd=1)
    async with tw.SessionManager(
        base_url="http://127.0.0.1:9", clock=clock, budget=budget, retry=ONCE
    ) as manager:
        with pytest.raises(tw.TransportError):
            await manager.session(tw.AppOnly("t")).retweets(1).collect()
    assert (budget.spent, budget.reserved) == (0, 0)


async def test_a_request_that_still_waits_for_its_slot_costs_nothing(sandbox, open_manager):
    budget = tw.Budget(usd=10)
    async with open_manager(budget, max_wait=1) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(75):
            await session.me()
        spent = budget.spent
        with pytest.raises(tw.RateLimitExceeded):
            await session.me()
        assert (budget.spent, budget.reserved) == (spent, 0)


async def test_wherever_a_call_is_cancelled_no_money_stays_reserved(sandbox, open_manager):
    cancelled = 0
    for most in range(400):
        whole, part = tw.Budget(usd=10), tw.Budget(usd=10)
        async with open_manager(whole) as manager:
            account = sandbox.new_account()
            before = len(sandbox.requests)
            session = manager.session(account.oauth1)
            walk = session.retweets(sandbox.tweet_id, limit=100, budget=part)
            ended = await ends_within(most, walk.collect())
            assert (whole.reserved, part.reserved) == (0, 0)
            assert whole.spent == part.spent
            for _ in range(20):
                await asyncio.sleep(0)
            if len(sandbox.requests) > before:
                assert whole.spent == 0.5, "what X has answered is paid"
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 399


async def test_a_limit_is_cheaper_than_the_budget_allows(sandbox, open_manager):
    budget = tw.Budget(usd=0.05)
    async with open_manager(budget) as manager:
        session = manager.session(sandbox.oauth1)
        assert len(await session.retweets(sandbox.tweet_id, limit=10).collect()) == 10
    assert (sizes(sandbox), budget.left) == (["10"], 0)


async def test_a_resumed_walk_pays_for_the_page_it_was_in_only_once_a_day(sandbox, open_manager):
    budget = tw.Budget(usd=9)
    async with open_manager(budget) as manager:
        session = manager.session(sandbox.oauth1)
        walk = session.retweets(sandbox.tweet_id)
        for _ in range(150):
            await anext(walk)
        assert budget.spent == 1
        resumed = session.retweets(sandbox.tweet_id, resume=walk.checkpoint())
        assert len(await resumed.collect()) == 850
        assert budget.spent == 5


async def test_short_and_empty_pages_cost_what_they_hold(clock):
    budget = tw.Budget(usd=5)
    quirks = Quirks(short_pages=0.5, empty_pages=frozenset({2, 3}))
    async with (
        Sandbox(retweets=700, quirks=quirks, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock, budget=budget) as manager,
    ):
        assert len(await manager.session(x.oauth1).retweets(x.tweet_id).collect()) == 700
    assert budget.spent == 3.5


async def test_what_is_reserved_and_what_it_came_to_is_told(sandbox, open_manager):
    events: list[Event] = []
    async with open_manager(tw.Budget(usd=1), on_event=events.append) as manager:
        await manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, limit=40).collect()
    [reserved] = [event for event in events if isinstance(event, BudgetReserved)]
    [settled] = [event for event in events if isinstance(event, BudgetSettled)]
    assert (reserved.usd, reserved.items, reserved.spent, reserved.reserved) == (0.2, 40, 0, 0.2)
    assert (settled.usd, settled.spent, settled.reserved, settled.cap) == (0.2, 0.2, 0, 1)
    assert (reserved.whose, settled.whose) == ("manager", "manager")


async def test_of_two_budgets_each_is_told_of_by_its_name(sandbox, open_manager):
    events: list[Event] = []
    whole, part = tw.Budget(), tw.Budget(usd=1)
    async with open_manager(whole, on_event=events.append) as manager:
        session = manager.session(sandbox.oauth1)
        await session.retweets(sandbox.tweet_id, limit=40).collect()
        await session.retweets(sandbox.tweet_id, limit=40, budget=part).collect()
        await session.retweets(sandbox.tweet_id, limit=60, budget=whole).collect()
    for kind in (BudgetReserved, BudgetSettled):
        told = [event.whose for event in events if isinstance(event, kind)]
        assert told == ["manager", "walk", "manager", "manager"]
    settled = [event for event in events if isinstance(event, BudgetSettled)]
    assert [event.usd for event in settled] == [0.2, 0.2, 0, 0.1]
    counted = sum(event.usd for event in settled if event.whose == "manager")
    assert counted == pytest.approx(whole.spent) == pytest.approx(0.3)

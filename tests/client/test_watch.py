"""Watching a tweet over real HTTP on virtual time: each new retweet once, and no 429."""

from collections.abc import AsyncIterator

import anyio
import pytest

import twretweet as tw
from tests.client.crowd import Crowd, take
from tests.support.cancelling import ends_within
from twretweet.sandbox import Sandbox
from twretweet.sandbox.snowflake import first_id

pytestmark = pytest.mark.anyio


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(0.2)


@pytest.fixture
async def x(crowd) -> AsyncIterator[Sandbox]:
    async with Sandbox(retweets=150, clock=crowd) as sandbox:
        yield sandbox
        assert not sandbox.failures
        assert sandbox.rejected == 0


@pytest.fixture
async def session(x, clock) -> AsyncIterator[tw.Session]:
    async with tw.SessionManager(base_url=x.url, clock=clock) as manager:
        yield manager.session(x.oauth1)


async def test_an_hour_of_five_retweets_a_second_misses_none_and_repeats_none(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 18_000)
    # The first look finds the first few there already.
    got = [(await anext(watch)).id]
    before = crowd.made.index(got[0])
    got += await take(watch, 18_000 - before - 1)
    assert got == crowd.made[before:]
    assert before <= 1
    assert len(x.requests) <= 4 * 75 + 1
    first = x.requests[0].time
    for quarter in range(4):
        inside = [
            seen for seen in x.requests if quarter <= (seen.time - first) / 900 < quarter + 1
        ]
        assert len(inside) >= 74, "as often as the window allows"


async def test_restarted_from_its_checkpoint_at_any_time_it_misses_and_repeats_nothing(
    x, session, crowd
):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 3000)
    got: list[str] = []
    for number in range(40):
        got += await take(watch, 7 * number % 50)
        point = tw.Checkpoint.from_json(watch.checkpoint().to_json())
        assert point.count == len(got)
        assert len(point.handed_out) <= 1001
        watch = session.watch_retweets(x.tweet_id, resume=point)
        if number == 20:
            await anyio.sleep(300)  # it was away for 1500 retweets, which are 15 pages
    got += await take(watch, 3000 - crowd.made.index(got[0]) - len(got))
    assert got == crowd.made[crowd.made.index(got[0]) :]


async def test_nothing_is_handed_out_of_what_was_there_before(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(100):
        await anext(watch)
        pytest.fail("there was nothing new")
    crowd.begin(x, 1)
    await anyio.sleep(1)
    assert (await anext(watch)).id == crowd.made[0]


async def test_a_tweet_that_nobody_had_retweeted_is_watched_from_its_first_retweet(clock, crowd):
    async with (
        Sandbox(retweets=0, clock=crowd) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        watch = session.watch_retweets(x.tweet_id)
        with anyio.move_on_after(30):
            await anext(watch)
        point = watch.checkpoint()
        crowd.begin(x, 100)
        assert await take(watch, 50) == crowd.made[:50]
        again = session.watch_retweets(x.tweet_id, resume=point)
        assert await take(again, 100) == crowd.made


async def test_undone_retweets_the_last_known_one_among_them_do_no_harm(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(5):
        await anext(watch)
    crowd.begin(x, 300)
    got = await take(watch, 50)
    for number in range(10, 50):
        crowd.undo(number)
    got += await take(watch, 250)
    for number in range(200, 300):
        crowd.undo(number)
    crowd.begin(x, 50)
    got += await take(watch, 50)
    assert got == crowd.made


async def test_an_undone_retweet_that_is_made_again_is_a_new_one(x, session, crowd):
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(5):
        await anext(watch)
    crowd.begin(x, 5)
    await anyio.sleep(20)
    first = await take(watch, 5)
    crowd.undo(4)
    world = x._core.world
    again = world.retweet(7_000_004, world.tweet(int(x.tweet_id)), first_id(crowd.time()))
    assert (await anext(watch)).id == str(again.id) not in first


async def test_looks_are_spread_over_what_the_window_has_left(x, session, clock):
    for _ in range(45):
        await session.retweets(x.tweet_id, limit=1).collect()
    x.requests.clear()
    watch = session.watch_retweets(x.tweet_id)
    with anyio.move_on_after(899):
        await anext(watch)
    assert len(x.requests) == 30, "all that was left"
    gaps = [b.time - a.time for a, b in zip(x.requests, list(x.requests)[1:], strict=False)]
    assert all(gap == pytest.approx(30, abs=0.1) for gap in gaps)


async def test_looks_are_no_closer_than_asked_for(x, session):
    watch = session.watch_retweets(x.tweet_id, every=60)
    with anyio.move_on_after(600):
        await anext(watch)
    assert len(x.requests) == 10


async def test_beside_other_walks_of_the_account_it_waits_its_turn(x, session, crowd, clock):
    watch = session.watch_retweets(x.tweet_id)
    crowd.begin(x, 9000)
    got: list[str] = []

    async def walk() -> None:
        for _ in range(60):
            await session.retweets(x.tweet_id, limit=1).collect()
            await anyio.sleep(20)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(walk)
        got.append((await anext(watch)).id)
        before = crowd.made.index(got[0])
        got += await take(watch, 9000 - before - 1)
    assert got == crowd.made[before:]


async def test_the_budget_stops_it_and_a_higher_one_lets_it_go_on(x, session, crowd):
    budget = tw.Budget(usd=1)
    watch = session.watch_retweets(x.tweet_id, budget=budget)
    crowd.begin(x, 600)
    got: list[str] = []
    for _ in range(2):
        with pytest.raises(tw.BudgetExceeded):
            while True:
                got.append((await anext(watch)).id)
        assert (budget.left, budget.reserved) == (0, 0)
        budget.cap += 1
    budget.cap = None
    before = crowd.made.index(got[0])
    got += await take(watch, 600 - before - len(got))
    assert got == crowd.made[before:]


async def test_wherever_it_is_cancelled_nothing_stays_behind_and_nothing_is_lost(x, clock, crowd):
    crowd.begin(x, 150)
    await anyio.sleep(31)
    crowd.time()
    point = tw.Checkpoint(
        endpoint="watch retweets", target=x.tweet_id, params={}, handed_out=(crowd.made[19],)
    )
    cancelled = 0
    for most in range(1000):
        async with tw.SessionManager(base_url=x.url, clock=clock) as manager:
            session = manager.session(x.new_account().oauth1)
            watch = session.watch_retweets(x.tweet_id, max_results=50, resume=point)
            got: list[str] = []

            async def read(watch=watch, got=got) -> None:
                while len(got) < 130:
                    got.append((await anext(watch)).id)

            ended = await ends_within(most, read())
            assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())
            await read()
            assert got == crowd.made[20:]
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 999


async def test_two_tasks_on_one_watch_get_a_clear_error(x, session):
    watch = session.watch_retweets(x.tweet_id)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(anext, watch)
        await anyio.sleep(1)
        with pytest.raises(tw.ConcurrentWalk):
            await anext(watch)
        tasks.cancel_scope.cancel()


async def test_a_checkpoint_of_a_walk_is_none_of_a_watch(x, session):
    walk = session.retweets(x.tweet_id)
    with pytest.raises(tw.CheckpointMismatch, match="another endpoint"):
        session.watch_retweets(x.tweet_id, resume=walk.checkpoint())
    watch = session.watch_retweets(x.tweet_id)
    with pytest.raises(tw.CheckpointMismatch, match="another endpoint"):
        session.retweets(x.tweet_id, resume=watch.checkpoint())


@pytest.mark.parametrize("every", [-1, float("inf"), float("nan")])
async def test_the_time_between_looks_is_a_number_of_seconds(session, every):
    with pytest.raises(tw.QueryError, match="every is"):
        session.watch_retweets(1, every=every)

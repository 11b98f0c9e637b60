"""Many tweets walked at once over real HTTP: fair, bounded, and none ends the others."""

import asyncio
import gc
from collections import Counter

import anyio
import pytest

import twretweet as tw
from tests.client.test_prefetch import prefetching, quiet
from tests.support.cancelling import ends_within
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import Event, PageFetched
from twretweet.sandbox import Quirks, Sandbox
from twretweet.walk.sheets import Sheet

pytestmark = pytest.mark.anyio


@pytest.fixture
async def tweets(sandbox) -> list[str]:
    return [sandbox.add_tweet(retweets=count) for count in (0, 1, 130, 250, 400)]


async def ids_of(walks: tw.ManyWalks[tw.Tweet]) -> dict[str, list[str]]:
    got: dict[str, list[str]] = {}
    async for found in walks:
        got.setdefault(found.tweet_id, []).append(found.item.id)
    return got


@pytest.mark.parametrize("at_once", [1, 2, 4, 50])
async def test_all_retweets_of_all_tweets_come_once_and_in_order(session, tweets, at_once):
    got = await ids_of(session.walk_many(tweets, at_once=at_once))
    assert {tweet: len(ids) for tweet, ids in got.items()} == dict(
        zip(tweets[1:], (1, 130, 250, 400), strict=True)
    )
    for ids in got.values():
        assert ids == sorted(set(ids), key=int, reverse=True)


async def test_each_tweet_gets_a_page_in_its_turn(sandbox, clock):
    events: list[Event] = []
    tweets = [sandbox.add_tweet(retweets=count) for count in (500, 300, 100)]
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, on_event=events.append
    ) as manager:
        await ids_of(manager.session(sandbox.oauth1).walk_many(tweets, at_once=1))
    order = [tweets.index(event.target) for event in events if isinstance(event, PageFetched)]
    assert order == [0, 1, 2, 0, 1, 0, 1, 0, 0]


async def test_no_more_pages_are_kept_than_asked_for_however_many_tweets_there_are(
    session, sandbox
):
    tweets = [sandbox.add_tweet(retweets=200) for _ in range(20)]
    walks = session.walk_many(tweets, at_once=3)
    assert not sandbox.requests
    for taken in range(1, 1000):
        await anext(walks)
        await quiet()
        assert len(sandbox.requests) == (taken + 99) // 100 + 3


@pytest.fixture
def nothing_older():
    """Let the collector pass over what a long run of tests has left, which takes it long."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_older")
async def test_a_page_that_was_handed_out_is_forgotten(session, sandbox):
    def kept(kind: type) -> int:
        gc.collect()
        return sum(isinstance(each, kind) for each in gc.get_objects())

    pages, begun = kept(Sheet), kept(tw.Walk)
    tweets = [sandbox.add_tweet(retweets=20) for _ in range(20)]
    walks = session.walk_many(tweets, max_results=10, at_once=2)
    for taken in range(400):
        await anext(walks)
        if taken % 50 == 0:
            await quiet()
            assert kept(Sheet) - pages <= 3
    points = walks.checkpoints()
    assert list(points) == tweets
    with pytest.raises(StopAsyncIteration):
        await anext(walks)
    assert kept(tw.Walk) == begun
    assert {(point.count, point.finished) for point in walks.checkpoints().values()} == {
        (20, True)
    }
    assert walks.checkpoints() == points


async def test_one_that_fails_does_not_end_the_others_and_is_named_in_the_end(session, tweets):
    walks = session.walk_many([tweets[2], 404, tweets[3], 405])
    count = 0
    with pytest.raises(tw.WalksFailed) as caught:
        async for _ in walks:
            count += 1
    assert count == 380
    errors = caught.value.errors
    assert set(errors) == {"404", "405"}
    assert all(isinstance(error, tw.NotFound) for error in errors.values())
    assert str(caught.value).startswith("2 of the walks failed: 404: Not Found Error: Could not")
    with pytest.raises(tw.WalksFailed):
        await anext(walks)


async def test_whoever_wants_to_hear_of_failures_at_once_does(session, tweets):
    told: dict[str, tw.TwretweetError] = {}
    walks = session.walk_many([404, tweets[2]], on_error=told.__setitem__)
    assert (await anext(walks)).tweet_id == tweets[2]
    assert isinstance(told["404"], tw.NotFound)
    assert set(walks.errors) == {"404"}
    assert len((await ids_of(walks))[tweets[2]]) == 129
    assert set(walks.errors) == {"404"}, "in the end, too"


async def test_iterated_again_those_that_failed_go_on_with_the_page_that_failed(clock):
    async with ScriptedServer() as server:
        server.replies.extend(
            [
                reply(200, page("9", "8", next_token="a")),
                reply(200, page("19", next_token="b")),
                reply(503),
                reply(200, page("18")),
                reply(200, page("7")),
            ]
        )
        once = tw.RetryPolicy(attempts=1)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=once) as manager:
            walks = manager.session(tw.AppOnly("t")).walk_many([1, 2], at_once=1)
            got: list[tuple[str, str]] = []
            with pytest.raises(tw.WalksFailed):
                async for found in walks:
                    got.append((found.tweet_id, found.item.id))
            assert set(walks.errors) == {"1"}
            got += [(found.tweet_id, found.item.id) async for found in walks]
            assert not walks.errors, "it did not fail again"
    assert got == [("1", "9"), ("1", "8"), ("2", "19"), ("2", "18"), ("1", "7")]


@pytest.mark.parametrize("short", [0, 0.9])
async def test_an_error_that_all_would_meet_ends_it_when_what_was_on_its_way_has_come(
    clock, short
):
    budget = tw.Budget(usd=2.5)
    async with (
        Sandbox(quirks=Quirks(short_pages=short), clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        tweets = [x.add_tweet(retweets=250) for _ in range(4)]
        walks = manager.session(x.oauth1).walk_many(tweets, budget=budget)
        got: Counter[str] = Counter()
        with pytest.raises(tw.BudgetExceeded):
            async for found in walks:
                got[found.tweet_id] += 1
        assert (budget.spent, budget.reserved) == (2.5, 0), "all of it was used"
        assert got.total() == 500
        budget.cap = None
        async for found in walks:
            got[found.tweet_id] += 1
        assert dict(got) == dict.fromkeys(tweets, 250)


@pytest.mark.parametrize("stop", [1, 99, 100, 101, 333, 700])
async def test_broken_off_and_resumed_each_loses_and_repeats_nothing(sandbox, clock, stop):
    quirks = Quirks(short_pages=0.4, empty_pages=frozenset({1}))
    async with (
        Sandbox(quirks=quirks, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        tweets = [x.add_tweet(retweets=count) for count in (200, 300, 250)]
        walks = session.walk_many(tweets)
        got = [
            (found.tweet_id, found.item.id) for _ in range(stop) if (found := await anext(walks))
        ]
        points = {
            tweet: tw.Checkpoint.from_json(point.to_json())
            for tweet, point in walks.checkpoints().items()
        }
        assert sum(point.count for point in points.values()) == stop
        rest = session.walk_many(tweets, resume=points)
        got += [(found.tweet_id, found.item.id) async for found in rest]
        assert all(point.finished for point in rest.checkpoints().values())
    assert len(got) == len(set(got)) == 750


async def test_a_limit_holds_for_each_tweet(session, tweets):
    got = await ids_of(session.walk_many(tweets, limit=120))
    assert [len(got.get(tweet, ())) for tweet in tweets] == [0, 1, 120, 120, 120]


async def test_a_tweet_named_twice_is_walked_once(session, tweets):
    address = f"https://x.com/a/status/{tweets[2]}"
    got = await ids_of(session.walk_many([tweets[2], int(tweets[2]), address]))
    assert len(got[tweets[2]]) == 130


async def test_no_tweets_at_all_are_walked_in_no_time(session, sandbox):
    assert await ids_of(session.walk_many([])) == {}
    assert not sandbox.requests


@pytest.mark.parametrize("tweet", ["172", b"172"])
async def test_one_tweet_alone_is_not_taken_for_a_list_of_its_digits(session, tweet):
    with pytest.raises(tw.QueryError, match=r"tweet_ids is b?'172'.*put one alone in a list"):
        session.walk_many(tweet)


async def test_left_by_break_and_forgotten_it_leaves_nothing(clock):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, page("9", next_token="a")), ...])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            async for _ in manager.session(tw.AppOnly("t")).walk_many(range(1, 30), at_once=8):
                assert prefetching()
                break
            gc.collect()
            for _ in range(20):
                await asyncio.sleep(0)
            assert prefetching() == []
            assert all(state.in_flight == 0 for state in manager.rate_limits())


async def test_wherever_it_is_cancelled_nothing_stays_behind(sandbox, clock):
    tweets = [sandbox.add_tweet(retweets=count) for count in (30, 70)]
    cancelled = 0
    for most in range(1000):
        async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
            session = manager.session(sandbox.new_account().oauth1)
            walks = session.walk_many(tweets, max_results=25, at_once=2)
            got: list[str] = []

            async def read(walks=walks, got=got) -> None:
                async for found in walks:
                    got.append(found.item.id)

            ended = await ends_within(most, read())
            if not ended:
                states = manager.rate_limits()
                assert all(state.in_flight == state.waiting == 0 for state in states)
            await read()
            assert len(got) == len(set(got)) == 100
        assert prefetching() == []
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 999


async def test_closing_the_manager_is_told_to_who_waits(clock):
    async with ScriptedServer() as server:
        server.replies.append(...)
        manager = tw.SessionManager(base_url=server.url, clock=clock)
        await manager.open()
        walks = manager.session(tw.AppOnly("t")).walk_many([1, 2, 3])
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.aclose)
            with pytest.raises(tw.ManagerClosed):
                await anext(walks)
        for _ in range(2):
            with pytest.raises(tw.ManagerClosed):
                await anext(walks)


async def test_what_came_before_the_manager_was_closed_can_still_be_read(sandbox, clock):
    budget = tw.Budget()
    tweets = [sandbox.add_tweet(retweets=150) for _ in range(6)]
    manager = tw.SessionManager(base_url=sandbox.url, clock=clock, budget=budget)
    await manager.open()
    walks = manager.session(sandbox.oauth1).walk_many(tweets, at_once=4)
    ids = [(await anext(walks)).item.id]
    await quiet()
    await manager.aclose()
    with pytest.raises(tw.ManagerClosed):
        async for found in walks:
            ids.append(found.item.id)
    assert len(ids) == len(set(ids)) == 500
    assert budget.spent == pytest.approx(500 * tw.PRICES.post_read)
    with pytest.raises(tw.ManagerClosed):
        await anext(walks)


async def test_problems_count_as_a_failure_if_wished_and_the_page_is_still_to_be_had(clock):
    async with ScriptedServer() as server:
        body = {**page("8"), "errors": [{"title": "t", "detail": "d"}]}
        server.replies.extend([reply(200, body), reply(200, page("9"))])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            walks = session.walk_many([1, 2], at_once=1, on_problem="raise")
            got = [(await anext(walks)).item.id]
            with pytest.raises(tw.WalksFailed) as caught:
                await anext(walks)
            error = caught.value.errors["1"]
            assert isinstance(error, tw.PartialResult)
            assert [item.id for item in error.page.data] == ["8"]
            got += [found.item.id async for found in walks]
    assert got == ["9", "8"]


async def test_two_tasks_on_the_same_walks_get_a_clear_error(session, tweets):
    walks = session.walk_many(tweets)
    errors: list[tw.ConcurrentWalk] = []

    async def step() -> None:
        try:
            await anext(walks)
        except tw.ConcurrentWalk as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(step)
        tasks.start_soon(step)
    assert len(errors) == 1


@pytest.mark.parametrize("at_once", [0, -1, 1.5, True])
async def test_how_many_at_once_is_a_whole_number(session, at_once):
    with pytest.raises(tw.QueryError, match="at_once is"):
        session.walk_many([1], at_once=at_once)
    with pytest.raises(tw.QueryError, match="between 1 and 100"):
        session.walk_many([1], max_results=0)

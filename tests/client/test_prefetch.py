"""Fetching ahead over real HTTP: the same items, errors and costs, and nothing left behind."""

import asyncio
import gc
from urllib.parse import parse_qsl

import anyio
import pytest

import twretweet as tw
from tests.support.cancelling import ends_within
from tests.support.scripted import ScriptedServer, page, reply
from tests.support.virtual_time import LoopClock
from twretweet.events import Event, RequestSent
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio

AWKWARD = Quirks(short_pages=0.5, empty_pages=frozenset({3, 4}), missing_authors=0.2)


def sizes(sandbox: Sandbox) -> list[str]:
    return [dict(parse_qsl(seen.query))["max_results"] for seen in sandbox.requests]


async def quiet() -> None:
    """Until whatever was to happen at once has happened."""
    await anyio.sleep(5)


@pytest.mark.parametrize("ahead", [1, 3, 50])
async def test_every_retweet_comes_once_and_in_order(clock, ahead):
    async with (
        Sandbox(retweets=1000, quirks=AWKWARD, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        query = tw.TweetQuery().author("username")
        walk = session.retweets(x.tweet_id, query, prefetch=ahead)
        ids = [retweet.id async for retweet in walk]
        assert walk.checkpoint().finished
        pages = [p async for p in session.retweets(x.tweet_id, query, prefetch=ahead).pages()]
        again = await session.retweets(x.tweet_id, query, prefetch=ahead).collect()
    assert len(set(ids)) == 1000
    assert ids == sorted(ids, key=int, reverse=True)
    assert ids == [item.id for some in pages for item in some.data]
    assert ids == [item.id for item in again]


@pytest.mark.parametrize("ahead", [1, 2, 4])
async def test_no_more_pages_are_fetched_than_were_asked_for(session, sandbox, ahead):
    walk = session.retweets(sandbox.tweet_id, max_results=10, prefetch=ahead)
    assert not sandbox.requests, "nothing before the first item is asked for"
    for taken in range(1, 35):
        await anext(walk)
        await quiet()
        begun = (taken + 9) // 10
        assert len(sandbox.requests) == begun + ahead


async def test_a_slow_caller_and_a_slow_network_work_at_the_same_time(clock):
    times: dict[int, float] = {}
    for ahead in (0, 1):
        async with (
            Sandbox(retweets=2000, quirks=Quirks(latency=1.0), clock=clock) as x,
            tw.SessionManager(base_url=x.url, clock=clock) as manager,
        ):
            began = clock.monotonic()
            async for _ in manager.session(x.oauth1).retweets(x.tweet_id, prefetch=ahead).pages():
                await anyio.sleep(1.0)
            times[ahead] = clock.monotonic() - began
    assert times[0] == pytest.approx(40, abs=1)
    assert times[0] / times[1] > 1.8


@pytest.mark.parametrize("ahead", [1, 2])
async def test_the_next_request_is_out_when_a_page_is_handed_out(sandbox, clock, ahead):
    """A caller that never pauses while it works would hold it up."""
    sent: list[RequestSent] = []

    def listen(event: Event) -> None:
        if isinstance(event, RequestSent):
            sent.append(event)

    async with tw.SessionManager(base_url=sandbox.url, clock=clock, on_event=listen) as manager:
        pages = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, prefetch=ahead).pages()
        for number in range(1, 6):
            await anext(pages)
            assert len(sent) > number


async def test_a_limit_asks_for_no_more_than_it_needs(session, sandbox):
    walk = session.retweets(sandbox.tweet_id, limit=130, prefetch=5)
    assert len(await walk.collect()) == 130
    await quiet()
    assert sizes(sandbox) == ["100", "30"]


@pytest.mark.parametrize("ahead", [0, 1, 7])
async def test_a_budget_stops_it_at_the_same_retweet(session, sandbox, ahead):
    budget = tw.Budget(usd=1.23)
    walk = session.retweets(sandbox.tweet_id, budget=budget, prefetch=ahead)
    ids: list[str] = []
    with pytest.raises(tw.BudgetExceeded):
        async for retweet in walk:
            ids.append(retweet.id)
    assert (len(ids), sizes(sandbox)) == (246, ["100", "100", "46"])
    assert (budget.spent, budget.reserved) == (1.23, 0)
    budget.cap = None
    ids += [retweet.id for retweet in await walk.collect()]
    assert len(ids) == len(set(ids)) == 1000


async def test_an_error_comes_at_its_place_and_its_page_is_not_asked_for_meanwhile(clock):
    bodies = [page("9", "8", next_token="a"), page("7", next_token="b"), page("6")]
    async with ScriptedServer() as server:
        server.replies.extend(
            [reply(200, bodies[0]), reply(200, bodies[1]), reply(503), reply(200, bodies[2])]
        )
        once = tw.RetryPolicy(attempts=1)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=once) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1, prefetch=10)
            ids = [(await anext(walk)).id]
            await quiet()
            assert len(server.requests) == 3
            for _ in range(2):
                ids.append((await anext(walk)).id)
            await quiet()
            assert len(server.requests) == 3
            with pytest.raises(tw.ServerError):
                await anext(walk)
            ids += [item.id async for item in walk]
    assert ids == ["9", "8", "7", "6"]
    assert len(server.requests) == 4


@pytest.mark.parametrize("stride", [1, 7, 99, 100, 101, 250])
async def test_a_checkpoint_names_the_last_retweet_handed_out_not_fetched(clock, stride):
    async with (
        Sandbox(retweets=500, quirks=AWKWARD, clock=clock) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        session = manager.session(x.oauth1)
        walk = session.retweets(x.tweet_id, prefetch=4)
        ids = [(await anext(walk)).id for _ in range(stride)]
        await quiet()
        point = walk.checkpoint()
        assert (point.last_id, point.count) == (ids[-1], stride)
        rest = session.retweets(x.tweet_id, prefetch=4, resume=point)
        ids += [item.id for item in await rest.collect()]
    assert len(ids) == len(set(ids)) == 500


async def test_a_walk_that_is_left_and_iterated_again_asks_for_nothing_twice(session, sandbox):
    walk = session.retweets(sandbox.tweet_id, prefetch=3)
    ids: list[str] = []
    for stop in (30, 100, 350):
        async for retweet in walk:
            ids.append(retweet.id)
            if len(ids) == stop:
                break
        await quiet()
    ids += [retweet.id async for retweet in walk]
    assert len(ids) == len(set(ids)) == 1000
    assert len(sandbox.requests) == 10


def prefetching() -> list[str]:
    return [t.get_name() for t in asyncio.all_tasks() if t.get_name().startswith("twretweet")]


async def test_a_walk_that_is_left_and_forgotten_leaves_nothing(session, sandbox, manager):
    async for _ in session.retweets(sandbox.tweet_id, max_results=1, prefetch=1000):
        assert prefetching() == [f"twretweet retweets {sandbox.tweet_id}"]
        break
    gc.collect()
    for _ in range(20):
        await asyncio.sleep(0)
    assert prefetching() == []
    sent = len(sandbox.requests)
    await quiet()
    assert len(sandbox.requests) <= sent + 1, "but for the one that was on its way"
    assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())


async def test_a_forgotten_walk_that_waits_for_its_window_gives_up_its_place(
    session, sandbox, manager
):
    walk = session.retweets(sandbox.tweet_id, max_results=1, prefetch=100)
    await anext(walk)
    await quiet()
    assert len(sandbox.requests) == 75
    assert [s.waiting for s in manager.rate_limits() if s.endpoint == "retweets"] == [1]
    del walk
    gc.collect()
    await quiet()
    assert [s.waiting for s in manager.rate_limits() if s.endpoint == "retweets"] == [0]


async def test_closed_it_ends_at_once_and_can_be_iterated_again(session, sandbox, manager):
    walk = session.retweets(sandbox.tweet_id, max_results=1, prefetch=100)
    first = await anext(walk)
    await walk.aclose()
    assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())
    second = await anext(walk)
    assert int(second.id) < int(first.id)


async def test_closing_the_manager_ends_it_and_what_came_can_still_be_read(sandbox, clock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, prefetch=2)
        ids = [(await anext(walk)).id]
        await quiet()
        async for retweet in walk:  # the task fetches again as soon as a page was begun
            ids.append(retweet.id)
            if len(ids) == 101:
                break
    assert prefetching() == []
    with pytest.raises(tw.ManagerClosed):
        async for retweet in walk:
            ids.append(retweet.id)
    assert len(ids) == 300
    with pytest.raises(tw.ManagerClosed):
        await anext(walk)


async def test_a_caller_who_waits_while_the_manager_is_closed_is_told(clock):
    async with ScriptedServer() as server:
        server.replies.append(...)
        manager = tw.SessionManager(base_url=server.url, clock=clock)
        await manager.open()
        walk = manager.session(tw.AppOnly("t")).retweets(1, prefetch=2)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(manager.aclose)
            with pytest.raises(tw.ManagerClosed):
                await anext(walk)


async def test_closing_the_manager_waits_for_the_end_of_what_it_owns(clock):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, page("9", next_token="a")), ...])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1, prefetch=2)
            await anext(walk)
            await quiet()
            assert len(prefetching()) == 1
        assert prefetching() == []
        with pytest.raises(tw.ManagerClosed):
            await anext(walk)


async def test_whatever_task_the_manager_owns_ends_with_it(manager):
    task = manager._pipeline.tasks.start(anyio.sleep_forever, "twretweet test")
    await manager.aclose()
    assert task.cancelled()


async def test_wherever_it_is_cancelled_nothing_stays_behind(sandbox, clock):
    cancelled = 0
    for most in range(1000):
        async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
            session = manager.session(sandbox.new_account().oauth1)
            walk = session.retweets(sandbox.tweet_id, max_results=50, limit=150, prefetch=2)
            got: list[str] = []

            async def read(walk=walk, got=got) -> None:
                async for retweet in walk:
                    got.append(retweet.id)

            ended = await ends_within(most, read())
            if not ended:
                states = manager.rate_limits()
                assert all(state.in_flight == state.waiting == 0 for state in states)
            # What came is not lost, and the walk is as usable as before.
            await read()
            assert len(got) == len(set(got)) == 150
        assert prefetching() == []
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 999


async def test_problems_are_raised_at_their_page(clock):
    problem = {"title": "t", "detail": "d"}
    async with ScriptedServer() as server:
        bodies = [page("9", next_token="a"), {**page("8"), "errors": [problem]}]
        server.replies.extend(reply(200, body) for body in bodies)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.AppOnly("t"))
            walk = session.retweets(1, prefetch=3, on_problem="raise")
            assert (await anext(walk)).id == "9"
            with pytest.raises(tw.PartialResult):
                await anext(walk)
            assert (await anext(walk)).id == "8"


@pytest.mark.parametrize("ahead", [-1, 1.5, True, None])
async def test_how_much_to_fetch_ahead_is_a_whole_number(session, ahead):
    with pytest.raises(tw.QueryError, match="prefetch is"):
        session.retweets(1, prefetch=ahead)


async def test_two_tasks_on_one_walk_get_a_clear_error(session, sandbox):
    walk = session.retweets(sandbox.tweet_id, prefetch=2)
    errors: list[tw.TwretweetError] = []

    async def step() -> None:
        try:
            await anext(walk)
        except tw.ConcurrentWalk as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(step)
        tasks.start_soon(step)
    assert len(errors) == 1


def test_a_forgotten_walk_of_a_loop_that_is_closed_is_collected_in_silence():
    async def begin(sandbox: Sandbox) -> tw.Walk[tw.Tweet]:
        manager = tw.SessionManager(base_url=sandbox.url)
        await manager.open()
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, prefetch=1)
        await anext(walk)
        await manager.aclose()
        return walk

    async def main() -> tw.Walk[tw.Tweet]:
        async with Sandbox(clock=LoopClock()) as sandbox:
            return await begin(sandbox)

    walk = asyncio.run(main())
    del walk
    gc.collect()

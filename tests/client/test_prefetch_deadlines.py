"""Fetching ahead for a caller with a deadline: the same errors, as early as without."""

import anyio
import pytest

import twretweet as tw
from tests.client.test_prefetch import quiet
from tests.support.scripted import ScriptedServer, page, reply

pytestmark = pytest.mark.anyio


async def use_up(session: tw.Session, tweet: str, slots: int) -> None:
    for _ in range(slots):
        await session.retweets(tweet, max_results=1, limit=1).collect()


@pytest.mark.parametrize("ahead", [0, 1, 2])
async def test_a_window_that_opens_too_late_is_told_at_once(session, sandbox, clock, ahead):
    await use_up(session, sandbox.tweet_id, 74)
    walk = session.retweets(sandbox.tweet_id, max_results=50, prefetch=ahead)
    ids = [(await anext(walk)).id]
    await quiet()  # a task that fetches ahead stands in the line by now
    for _ in range(2):
        began = clock.monotonic()
        with pytest.raises(tw.RateLimitExceeded) as caught, anyio.fail_after(60):
            async for retweet in walk:
                ids.append(retweet.id)
        assert clock.monotonic() == began
        assert 800 < caught.value.wait < 900
        assert len(ids) == 50
    with anyio.fail_after(900):
        ids += [retweet.id async for retweet in walk]
    assert len(ids) == len(set(ids)) == 1000
    assert sandbox.rejected == 0
    assert len(sandbox.requests) == 74 + 20


@pytest.mark.parametrize("ahead", [0, 1, 2])
async def test_so_is_one_that_was_full_before_the_first_page(session, sandbox, clock, ahead):
    await use_up(session, sandbox.tweet_id, 75)
    began = clock.monotonic()
    walk = session.retweets(sandbox.tweet_id, prefetch=ahead)
    with pytest.raises(tw.RateLimitExceeded), anyio.fail_after(60):
        await anext(walk)
    assert clock.monotonic() == began
    assert await anext(walk), "without a deadline it waits"


@pytest.mark.parametrize("ahead", [0, 2])
async def test_so_is_a_429_that_comes_while_the_caller_waits(clock, ahead):
    reset = {"x-rate-limit-limit": "75", "x-rate-limit-remaining": "0"}
    reset["x-rate-limit-reset"] = str(int(clock.time()) + 20)
    async with ScriptedServer() as server:
        server.replies.extend([reply(429, b"", reset), reply(200, page("9"))])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1, prefetch=ahead)
            began = clock.monotonic()
            with pytest.raises(tw.RateLimitExceeded), anyio.fail_after(10):
                await anext(walk)
            assert clock.monotonic() == began
            assert [item.id for item in await walk.collect()] == ["9"]


async def test_a_page_that_is_on_its_way_is_waited_for_and_not_asked_for_twice(clock):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, page("9", next_token="a")), ...])
        async with tw.SessionManager(base_url=server.url, clock=clock, timeout=30) as manager:
            walk = manager.session(tw.AppOnly("t")).retweets(1, prefetch=2)
            assert (await anext(walk)).id == "9"
            await quiet()
            assert len(server.requests) == 2
            with anyio.move_on_after(10) as scope:
                await anext(walk)
            assert scope.cancelled_caught
            assert len(server.requests) == 2
            assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())
            server.replies.clear()
            server.replies.append(reply(200, page("8")))
            assert [item.id for item in await walk.collect()] == ["8"]


async def test_a_deadline_that_is_over_is_forgotten(session, sandbox, clock):
    walk = session.retweets(sandbox.tweet_id, max_results=10, prefetch=2)
    ids = []
    for _ in range(100):
        with anyio.fail_after(5):
            ids += [(await anext(walk)).id for _ in range(5)]
        if len(ids) == 750:
            break
        await anyio.sleep(1)
    ids += [retweet.id for retweet in await walk.collect()]
    assert len(ids) == len(set(ids)) == 1000
    assert len(sandbox.requests) == 100

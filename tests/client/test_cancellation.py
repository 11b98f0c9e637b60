"""Cancelled at every single step of the event loop: nothing stays behind."""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
import pytest

import twretweet as tw
from tests.support.cancelling import ends_within
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio

Operation = Callable[[tw.Session, Sandbox], Awaitable[object]]


async def walk_two_pages(session: tw.Session, sandbox: Sandbox) -> None:
    retweets = await session.retweets(sandbox.tweet_id, limit=150).collect()
    assert len(retweets) == 150


async def retweet_and_undo(session: tw.Session, sandbox: Sandbox) -> None:
    assert (await session.retweet(sandbox.tweet_id)).retweeted
    assert not (await session.undo_retweet(sandbox.tweet_id)).retweeted


@pytest.mark.parametrize("operation", [walk_two_pages, retweet_and_undo])
@pytest.mark.parametrize("kind", ["oauth1", "oauth2"])
async def test_nothing_stays_behind_wherever_it_is_cancelled(sandbox, clock, operation, kind):
    cancelled = 0
    before = asyncio.all_tasks()
    for most in range(1000):
        async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
            account = sandbox.new_account()
            session = manager.session(getattr(account, kind))
            ended = await ends_within(most, operation(session, sandbox))
            assert all(s.in_flight == s.waiting == 0 for s in manager.rate_limits())
            # The account is as usable as before.
            await operation(session, sandbox)
        with anyio.fail_after(5):
            while sandbox.open_connections:
                await anyio.sleep(0.01)
        assert asyncio.all_tasks() == before
        if ended:
            break
        cancelled += 1
    assert 10 < cancelled < 999


async def test_a_cancelled_waiter_leaves_the_line_to_the_others(session, sandbox, clock):
    async def write() -> None:
        await session.retweet(sandbox.tweet_id)

    for _ in range(50):
        await write()
    async with anyio.create_task_group() as tasks:
        scopes = []
        for _ in range(4):
            scope = anyio.CancelScope()
            scopes.append(scope)

            async def scoped(scope: anyio.CancelScope = scope) -> None:
                with scope:
                    await write()

            tasks.start_soon(scoped)
        await anyio.sleep(1)
        [state] = [s for s in session.rate_limits() if s.window.startswith("retweet:")]
        assert state.waiting == 4
        scopes[0].cancel()
        scopes[2].cancel()
        await anyio.sleep(1)
        [state] = [s for s in session.rate_limits() if s.window.startswith("retweet:")]
        assert state.waiting == 2
    assert len(sandbox.requests) == 52
    assert 890 < clock.monotonic() < 910
    assert all(s.in_flight == s.waiting == 0 for s in session.rate_limits())


async def test_a_request_that_timed_out_keeps_its_slot_until_x_has_told(sandbox, clock):
    """X may have counted it."""
    own = LoopClock()
    async with tw.SessionManager(base_url=sandbox.url, clock=own) as manager:
        session = manager.session(sandbox.oauth1)
        await session.retweets(sandbox.tweet_id, limit=1).collect()
        with anyio.move_on_after(0):
            await session.retweets(sandbox.tweet_id, limit=1).collect()
        [state] = [s for s in session.rate_limits() if s.window.startswith("retweets:")]
        assert state.remaining in (73, 74)
        await session.retweets(sandbox.tweet_id, limit=1).collect()
        [state] = [s for s in session.rate_limits() if s.window.startswith("retweets:")]
        assert state.remaining == 75 - len(sandbox.requests)


async def test_who_is_cancelled_already_sends_nothing(sandbox, session):
    await session.me()  # there is a connection that could be written to at once
    with anyio.CancelScope() as scope:
        scope.cancel()
        await session.retweet(sandbox.tweet_id)
    assert scope.cancelled_caught
    assert len(sandbox.requests) == 1
    [state] = [s for s in session.rate_limits() if s.endpoint == "retweet"]
    assert (state.remaining, state.in_flight) == (state.limit, 0)

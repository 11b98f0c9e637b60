"""Cancelled at every step of a refresh, and closed in the middle of one: the account survives."""

import asyncio

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.client.test_refresh_trouble import FaultyStore, Gate
from tests.support.cancelling import ends_within

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("how", ["by a scope", "by its task"])
async def test_whoever_is_cancelled_at_any_step_loses_no_token(sandbox, clock, how):
    before = asyncio.all_tasks()
    steps = 0
    ended = False
    while not ended:
        store = FaultyStore()
        account = sandbox.new_account()
        sandbox.expire_access_tokens()
        sandbox.refreshes.clear()
        async with new_manager(sandbox, clock, store) as manager:
            session = manager.session(named(account.oauth2))
            ended = await ends_within(steps, session.tweet(sandbox.tweet_id), how)
            assert all(s.in_flight == s.waiting == 0 for s in manager.rate_limits())
            await session.tweet(sandbox.tweet_id)
        # What is stored is what is good.
        async with new_manager(sandbox, clock, store) as manager:
            await manager.session(tw.OAuth2(account.oauth2.client_id, account="bot")).me()
        assert outcomes(sandbox) == ["rotated"]
        steps += 1
    with anyio.fail_after(5):
        while sandbox.open_connections:
            await anyio.sleep(0.01)
    assert asyncio.all_tasks() == before
    assert 20 < steps < 500


@pytest.mark.parametrize("hook", ["before_token", "before_token_reply"])
async def test_a_caller_that_runs_out_of_time_does_not_take_the_answer_with_it(
    sandbox, clock, hook
):
    store, gate = FaultyStore(), Gate()
    setattr(sandbox, hook, gate)
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(session.tweet(sandbox.tweet_id), 5)
        with pytest.raises(TimeoutError), anyio.fail_after(5):
            await session.tweet(sandbox.tweet_id)
        gate.opened.set()
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


@pytest.mark.parametrize("hook", ["before_token", "before_token_reply"])
async def test_closing_waits_for_a_refresh_that_was_sent(sandbox, clock, hook):
    store, gate = FaultyStore(), Gate()
    setattr(sandbox, hook, gate)
    sandbox.expire_access_tokens()
    manager = await new_manager(sandbox, clock, store).open()
    session = manager.session(named(sandbox.oauth2))

    async def read() -> None:
        with pytest.raises(tw.ManagerClosed):
            await session.tweet(sandbox.tweet_id)

    async def open_gate() -> None:
        await anyio.sleep(7)
        gate.opened.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await gate.reached.wait()
        began = clock.monotonic()
        tasks.start_soon(open_gate)
        await manager.aclose()
        assert clock.monotonic() - began >= 7
    tokens = await store.load("bot")
    assert tokens.attempt is None
    assert tokens.refresh_token != sandbox.oauth2.refresh_token
    assert outcomes(sandbox) == ["rotated"]


async def test_closing_does_not_wait_for_a_refresh_that_was_not_sent(sandbox, clock):
    store = FaultyStore()
    sandbox.expire_access_tokens()
    manager = await new_manager(sandbox, clock, store).open()
    session = manager.session(named(sandbox.oauth2))

    async def read() -> None:
        with pytest.raises(tw.ManagerClosed):
            await session.tweet(sandbox.tweet_id)

    async with anyio.create_task_group() as tasks, store.lock("bot"):
        tasks.start_soon(read)
        await anyio.sleep(1)
        began = clock.monotonic()
        await manager.aclose()
        assert clock.monotonic() - began < 1
    assert outcomes(sandbox) == []
    assert await store.accounts() == []
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)


async def test_a_refresh_that_nobody_waits_for_fails_in_silence_and_is_made_again(sandbox, clock):
    store = FaultyStore()
    store.failing = {1}
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        async with store.lock("bot"):
            with anyio.move_on_after(1):
                await session.tweet(sandbox.tweet_id)
        await anyio.sleep(1)
        assert store.saves == 1
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]

"""Closing sees through what must not end half-way, however it is cancelled itself."""

import asyncio

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.client.test_refresh_trouble import FaultyStore, Gate
from twretweet.pipeline.tasks import ended, to_the_end

pytestmark = pytest.mark.anyio


async def by_wait_for(manager: tw.SessionManager) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(manager.aclose(), 1)


async def by_timeout(manager: tw.SessionManager) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await manager.aclose()


async def by_a_scope(manager: tw.SessionManager) -> None:
    with anyio.move_on_after(1):
        await manager.aclose()


async def by_its_task_more_than_once(manager: tw.SessionManager) -> None:
    task = asyncio.ensure_future(manager.aclose())
    for _ in range(3):
        await asyncio.sleep(1)
        task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


@pytest.mark.parametrize("hook", ["before_token", "before_token_reply"])
@pytest.mark.parametrize("how", [by_wait_for, by_timeout, by_a_scope, by_its_task_more_than_once])
async def test_closing_that_is_cancelled_waits_for_a_refresh_that_was_sent(
    sandbox, clock, hook, how
):
    store, gate = FaultyStore(), Gate()
    setattr(sandbox, hook, gate)
    sandbox.expire_access_tokens()
    manager = await new_manager(sandbox, clock, store).open()
    call = asyncio.ensure_future(manager.session(named(sandbox.oauth2)).me())
    await gate.reached.wait()
    asyncio.get_running_loop().call_later(7, gate.opened.set)
    await how(manager)
    with pytest.raises(tw.ManagerClosed):
        await call
    tokens = await store.load("bot")
    assert tokens.attempt is None
    assert outcomes(sandbox) == ["rotated"]
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(tw.OAuth2(sandbox.oauth2.client_id, account="bot")).me()
    with anyio.fail_after(5):
        while sandbox.open_connections:
            await anyio.sleep(0.01)


async def test_closing_that_is_cancelled_says_what_is_lost(sandbox, clock):
    store, gate = FaultyStore(), Gate()
    store.failing = {2, 3}
    sandbox.before_token_reply = gate
    sandbox.expire_access_tokens()
    manager = await new_manager(sandbox, clock, store).open()
    call = asyncio.ensure_future(manager.session(named(sandbox.oauth2)).me())
    await gate.reached.wait()
    asyncio.get_running_loop().call_later(7, gate.opened.set)
    with pytest.raises(tw.TokenStoreError, match="these are lost"):
        await asyncio.wait_for(manager.aclose(), 1)
    await asyncio.wait([call])
    assert isinstance(call.exception(), tw.TwretweetError)


async def test_who_ends_tasks_leaves_none_behind_however_often_cancelled():
    left = anyio.Event()

    async def slow_to_end() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.sleep(10)
            left.set()

    task = asyncio.ensure_future(slow_to_end())
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(ended(task), 1)
    assert left.is_set()
    await ended()  # none is fine too


async def test_work_to_the_end_gives_what_comes_of_it():
    async def work() -> int:
        return 3

    async def fails() -> None:
        raise ZeroDivisionError

    assert await to_the_end(work, "work") == 3
    with pytest.raises(ZeroDivisionError):
        await to_the_end(fails, "work")

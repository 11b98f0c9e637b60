"""Somebody cancels all tasks there are, those of a manager too, and goes on: nobody vanishes."""

import asyncio

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.client.test_refresh_trouble import FaultyStore, Gate
from tests.sign_in.conftest import CALLBACK
from tests.support.cancelling import cancel_named, turns
from twretweet.pipeline.tasks import to_the_end

pytestmark = pytest.mark.anyio
RENEWAL = "twretweet: renewal of tokens"


class SlowStore(FaultyStore):
    """Takes a few turns of the event loop for whatever it does."""

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        await turns(4)
        await super().save(account, tokens)
        await turns(4)


async def call(session: tw.Session, tweet_id: str) -> str:
    """What comes of a call, which its own task does not end."""
    try:
        await session.tweet(tweet_id)
    except tw.ReauthorizationRequired as error:
        return str(error)
    return ""


async def test_a_renewal_that_is_cancelled_at_any_step_is_begun_anew_by_all_who_wait_for_it(
    sandbox, clock
):
    steps, ended, lost, kept = 0, False, 0, 0
    while not ended:
        account, store = sandbox.new_account(), SlowStore()
        sandbox.expire_access_tokens()
        sandbox.refreshes.clear()
        async with new_manager(sandbox, clock, store) as manager:
            session = manager.session(named(account.oauth2))
            calls = [asyncio.ensure_future(call(session, sandbox.tweet_id)) for _ in range(3)]
            await turns(steps)
            cancelled = cancel_named(RENEWAL)
            ended = all(each.done() for each in calls)
            said = await asyncio.gather(*calls)
        if outcomes(sandbox) == ["rotated"]:
            assert said == [""] * 3
            assert (await store.load("bot")).attempt is None
            kept += cancelled
        else:  # the answer was on its way
            assert outcomes(sandbox) == ["rotated", "replayed"]
            assert all("was interrupted" in each for each in said)
            lost += 1
        steps += 1
    assert 30 < steps < 500
    assert kept > 20
    assert lost < 10


async def test_new_tokens_are_stored_however_often_the_storing_is_cancelled(sandbox, clock):
    saving = Gate()
    sandbox.expire_access_tokens()

    class Waiting(FaultyStore):
        async def save(self, account: str, tokens: tw.StoredTokens) -> None:
            if self.saves == 1 and not saving.reached.is_set():
                await saving()
            await super().save(account, tokens)

    store = Waiting()
    async with new_manager(sandbox, clock, store) as manager:
        task = asyncio.ensure_future(manager.session(named(sandbox.oauth2)).me())
        await saving.reached.wait()
        cancel_named(RENEWAL)
        await task
    assert store.saves == 2
    assert (await store.load("bot")).attempt is None
    assert outcomes(sandbox) == ["rotated"]


async def test_new_tokens_that_can_t_be_stored_for_being_cancelled_are_kept_in_memory(
    sandbox, clock
):
    class Cancelled(FaultyStore):
        async def save(self, account: str, tokens: tw.StoredTokens) -> None:
            self.saves += 1
            if 1 < self.saves < 20:
                raise asyncio.CancelledError
            await tw.MemoryTokenStore.save(self, account, tokens)

    store = Cancelled()
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await session.me()
        await session.me()
    assert (await store.load("bot")).attempt is None
    assert outcomes(sandbox) == ["rotated"]


async def test_a_sign_in_that_is_cancelled_at_any_step_says_so_and_is_kept_if_x_had_answered(
    sandbox, clock
):
    steps, ended, told, kept = 0, False, 0, 0
    while not ended:
        store = SlowStore()
        async with new_manager(sandbox, clock, store) as manager:
            pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
            back = await sandbox.authorize(pending.url)
            task = asyncio.ensure_future(manager.sign_in.finish(pending, back, account="bot"))
            await turns(steps)
            cancel_named("twretweet: a sign-in")
            ended = task.done()
            await asyncio.wait([task])
            assert not task.cancelled()
            error = task.exception()
            if error is not None:
                assert isinstance(error, tw.SignInError)
                assert "was broken off together with other tasks" in str(error)
                told += 1
            else:
                kept += 1
                assert (await store.load("bot")).username
                await manager.session(task.result().credentials).me()
        steps += 1
    assert 20 < steps < 500
    assert told > 5
    assert kept > 5


async def test_closing_goes_on_though_it_was_cancelled(sandbox, clock):
    gate = Gate()
    sandbox.before_token_reply = gate
    sandbox.expire_access_tokens()
    store = FaultyStore()
    manager = await new_manager(sandbox, clock, store).open()
    task = asyncio.ensure_future(call(manager.session(named(sandbox.oauth2)), sandbox.tweet_id))
    await gate.reached.wait()
    closing = asyncio.ensure_future(manager.aclose())
    await turns(10)
    assert cancel_named("twretweet: closing")
    await turns(10)
    gate.opened.set()
    await closing
    with pytest.raises(tw.ManagerClosed):
        await task
    assert (await store.load("bot")).attempt is None


async def test_work_that_is_cancelled_from_outside_is_begun_again_unless_its_caller_is_too():
    began = []

    async def work() -> str:
        began.append(asyncio.current_task())
        await anyio.sleep(1)
        return "done"

    waits = asyncio.ensure_future(to_the_end(work, "work"))
    await turns(3)
    began[0].cancel()
    assert await waits == "done"
    assert len(began) == 2
    waits = asyncio.ensure_future(to_the_end(work, "work"))
    await turns(3)
    waits.cancel()
    began[-1].cancel()
    await asyncio.wait([waits])
    assert waits.cancelled()
    assert len(began) == 3

"""Cancelled at every step, by a scope and by their task, and closed meanwhile: what X has granted
is kept under one name, and nothing is left open."""

import asyncio

import anyio
import pytest

import twretweet as tw
from tests.sign_in.conftest import CALLBACK, Store, managing, paths
from tests.sign_in.test_oauth2 import signed_in
from tests.sign_in.test_with_browser import get
from tests.support.cancelling import ends_within

pytestmark = pytest.mark.anyio
HOW = pytest.mark.parametrize("how", ["by a scope", "by its task"])


async def quiet(sandbox, before) -> None:
    """Nothing is left of it."""
    with anyio.fail_after(30):
        while sandbox.open_connections:
            await anyio.sleep(0.01)
    assert asyncio.all_tasks() == before


@HOW
async def test_a_sign_in_that_was_sent_is_kept_once(sandbox, clock, how):
    before, steps, ended, kept = asyncio.all_tasks(), 0, False, 0
    while not ended:
        store = Store()
        sandbox.requests.clear()
        async with managing(sandbox, clock, store) as manager:
            pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
            back = await sandbox.authorize(pending.url)
            ended = await ends_within(steps, manager.sign_in.finish(pending, back), how)
        stored = await store.accounts()
        assert len(stored) == paths(sandbox).count("POST /2/oauth2/token") <= 1
        if stored:
            kept += not ended
            async with managing(sandbox, clock, store) as manager:
                tokens = await store.load(stored[0])
                await manager.session(tokens.credentials(stored[0])).me()
        steps += 1
    await quiet(sandbox, before)
    assert 20 < steps < 500
    assert kept > 10


@HOW
async def test_a_sign_in_with_a_pin_that_was_sent_is_kept(sandbox, clock, app, how):
    before, steps, ended = asyncio.all_tasks(), 0, False
    while not ended:
        store = Store()
        async with managing(sandbox, clock, store) as manager:
            pending = await manager.sign_in.begin_oauth1(app)
            pin = await sandbox.authorize(pending.url)
            sandbox.requests.clear()
            ended = await ends_within(steps, manager.sign_in.finish_oauth1(pending, pin), how)
        assert len(await store.accounts()) == paths(sandbox).count("POST /oauth/access_token")
        steps += 1
    await quiet(sandbox, before)
    assert 10 < steps < 500


@HOW
async def test_a_request_token_that_nobody_waits_for_leaves_nothing(sandbox, clock, app, how):
    before, steps, ended = asyncio.all_tasks(), 0, False
    while not ended:
        async with managing(sandbox, clock, Store()) as manager:
            ended = await ends_within(steps, manager.sign_in.begin_oauth1(app), how)
        steps += 1
    await quiet(sandbox, before)
    assert steps > 10


@HOW
async def test_a_sign_out_that_was_cut_short_can_be_repeated(sandbox, clock, how):
    before, steps, ended = asyncio.all_tasks(), 0, False
    while not ended:
        store = Store()
        async with managing(sandbox, clock, store) as manager:
            await signed_in(manager, sandbox, account="bot")
            ended = await ends_within(steps, manager.sign_in.revoke("bot"), how)
            if await store.accounts():
                await manager.sign_in.revoke("bot")
        assert await store.accounts() == []
        steps += 1
    await quiet(sandbox, before)
    assert 10 < steps < 500


@HOW
async def test_a_wait_for_the_browser_leaves_no_port_open(sandbox, clock, how):
    before, steps, ended = asyncio.all_tasks(), 0, False
    while not ended:
        store, urls = Store(), []

        async def browse(urls=urls) -> None:
            while not urls:
                await asyncio.sleep(0)
            try:
                urls.append(await sandbox.authorize(urls[0]))
                await get(urls[1])
            except (OSError, anyio.BrokenResourceError):
                pass  # it was cancelled, so nobody listens

        async with managing(sandbox, clock, store) as manager:
            person = asyncio.ensure_future(browse())
            ended = await ends_within(
                steps,
                manager.sign_in.with_browser(sandbox.client, show=urls.append, port=0),
                how,
            )
        if not urls:
            person.cancel()
        await asyncio.wait([person])
        if len(urls) > 1:
            with pytest.raises(OSError, match="connection"):
                await get(urls[1])
        assert len(await store.accounts()) == bool(sandbox.requests)
        sandbox.requests.clear()
        steps += 1
    await quiet(sandbox, before)
    assert 40 < steps < 900


@pytest.mark.parametrize("hook", ["before_token", "before_token_reply"])
async def test_closing_waits_for_the_answer_and_stores_it(sandbox, clock, store, hook):
    began, go_on = anyio.Event(), anyio.Event()

    async def hold() -> None:
        began.set()
        await go_on.wait()

    setattr(sandbox, hook, hold)
    async with anyio.create_task_group() as tasks, managing(sandbox, clock, store) as manager:

        async def sign_in() -> None:
            with pytest.raises(tw.ManagerClosed, match="during a sign-in"):
                await signed_in(manager, sandbox)

        tasks.start_soon(sign_in)
        await began.wait()
        tasks.start_soon(manager.aclose)
        await anyio.wait_all_tasks_blocked()
        assert await store.accounts() == []
        go_on.set()
    setattr(sandbox, hook, None)
    (name,) = await store.accounts()
    async with managing(sandbox, clock, store) as manager:
        await manager.session((await store.load(name)).credentials(name)).me()


@pytest.mark.parametrize("used_before", [True, False])
async def test_a_sign_in_that_begins_while_the_manager_closes_is_told_so(
    sandbox, clock, used_before
):
    async with managing(sandbox, clock, Store()) as manager:
        if used_before:
            await signed_in(manager, sandbox)
        closing = asyncio.ensure_future(manager.aclose())
        late = asyncio.ensure_future(
            manager.sign_in.with_browser(sandbox.client, show=lambda url: None, port=0)
        )
        await closing
        with anyio.fail_after(60), pytest.raises(tw.ManagerClosed):
            await late


async def test_names_are_given_and_changed_while_others_are(sandbox, manager, store):
    users = [sandbox.new_account(f"user{number}") for number in range(5)]

    async def sign_in(user) -> None:
        await signed_in(manager, sandbox, user=user)

    async with anyio.create_task_group() as tasks:
        for user in users:
            tasks.start_soon(sign_in, user)
    stored = await store.everything()
    assert {name: tokens.user_id for name, tokens in stored.items()} == {
        user.username: user.user_id for user in users
    }

"""Signing out: X is told, and what is stored is forgotten."""

import contextlib

import anyio
import pytest

import twretweet as tw
from tests.sign_in.conftest import CALLBACK, managing, paths
from tests.sign_in.test_oauth2 import signed_in

pytestmark = pytest.mark.anyio


async def test_neither_token_is_good_for_anything_any_more(sandbox, manager, store):
    done = await signed_in(manager, sandbox)
    stored = await store.load(done.account)
    await manager.sign_in.revoke(done.account)
    assert await store.accounts() == []
    for left in (
        tw.OAuth2(stored.client_id, access_token=stored.access_token),
        tw.OAuth2(stored.client_id, refresh_token=stored.refresh_token),
    ):
        with pytest.raises((tw.Unauthorized, tw.ReauthorizationRequired)):
            await manager.session(left).tweet(sandbox.tweet_id)


async def test_a_session_of_it_says_what_to_do(sandbox, manager, store):
    done = await signed_in(manager, sandbox)
    session = manager.session(done.credentials)
    await session.tweet(sandbox.tweet_id)
    await manager.sign_in.revoke(done.account)
    with pytest.raises(tw.ReauthorizationRequired, match="login --account sandbox_bot"):
        await session.tweet(sandbox.tweet_id)
    assert await store.accounts() == []


async def test_keys_of_oauth1_end_too(sandbox, manager, store, app):
    pending = await manager.sign_in.begin_oauth1(app)
    done = await manager.sign_in.finish_oauth1(pending, await sandbox.authorize(pending.url))
    await manager.sign_in.revoke(done.account)
    assert await store.accounts() == []
    with pytest.raises(tw.Unauthorized):
        await manager.session(done.credentials).tweet(sandbox.tweet_id)
    # Somebody stores them again, or has a copy.
    await store.save("copy", tw.OAuth1Tokens.from_json(await _json(done)))
    await manager.sign_in.revoke("copy")
    assert await store.accounts() == []


async def _json(done) -> str:
    keys = done.credentials
    return tw.OAuth1Tokens(
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
    ).to_json()


async def test_a_confidential_client_has_to_prove_itself(sandbox, manager, store):
    done = await signed_in(manager, sandbox, sandbox.confidential)
    with pytest.raises(tw.Unauthorized, match="without a secret"):
        await manager.sign_in.revoke(done.account)
    assert await store.accounts() == [done.account]
    await manager.sign_in.revoke(done.account, client=sandbox.confidential)
    assert await store.accounts() == []


async def test_one_whose_secret_is_stored_needs_nothing(sandbox, manager, store):
    done = await signed_in(manager, sandbox, sandbox.confidential, keep_client_secret=True)
    await manager.sign_in.revoke(done.account)
    assert await store.accounts() == []


async def test_as_long_as_x_can_not_be_told_it_is_kept(sandbox, manager, store):
    done = await signed_in(manager, sandbox)
    await sandbox.aclose()
    with pytest.raises(tw.TransportError) as caught:
        await manager.sign_in.revoke(done.account)
    assert caught.value.endpoint == "POST /2/oauth2/revoke"
    assert caught.value.account == done.account
    await sandbox.start()
    assert await store.accounts() == [done.account]
    await manager.session(done.credentials).tweet(sandbox.tweet_id)


async def test_nobody_and_what_is_no_sign_in_can_not_be_ended(manager, store):
    with pytest.raises(tw.CredentialsError, match="nobody is signed in as 'bot'"):
        await manager.sign_in.revoke("bot")
    await store.save("app", tw.AppOnlyTokens(bearer_token="planted"))
    with pytest.raises(tw.CredentialsError, match=r"'app' is no sign-in but AppOnlyTokens"):
        await manager.sign_in.revoke("app")
    assert await store.accounts() == ["app"]


async def test_a_refresh_under_way_is_waited_for_so_nothing_outlives_the_end(
    sandbox, manager, store
):
    done = await signed_in(manager, sandbox)
    sandbox.expire_access_tokens()
    began, go_on = anyio.Event(), anyio.Event()

    async def hold() -> None:
        began.set()
        await go_on.wait()

    sandbox.before_token_reply = hold
    async with anyio.create_task_group() as tasks:

        async def call() -> None:
            with contextlib.suppress(tw.TwretweetError):  # which comes first is all the same
                await manager.session(done.credentials).tweet(sandbox.tweet_id)

        tasks.start_soon(call)
        await began.wait()
        tasks.start_soon(manager.sign_in.revoke, done.account)
        await anyio.sleep(5)
        assert "POST /2/oauth2/revoke" not in paths(sandbox)
        go_on.set()
    assert await store.accounts() == []
    refreshed = [refresh.outcome for refresh in sandbox.refreshes]
    assert refreshed[0] == "rotated"
    sandbox.before_token_reply = None
    with pytest.raises(tw.ReauthorizationRequired):
        await manager.session(done.credentials).tweet(sandbox.tweet_id)


async def test_a_sign_in_during_a_refresh_is_not_overwritten_by_it(sandbox, manager, store):
    done = await signed_in(manager, sandbox, account="bot")
    sandbox.expire_access_tokens()
    began, go_on = anyio.Event(), anyio.Event()

    async def hold() -> None:
        began.set()
        await go_on.wait()

    other = sandbox.new_account("other")
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url, user=other)
    sandbox.before_token_reply = hold
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(manager.session(done.credentials).tweet, sandbox.tweet_id)
        await began.wait()
        sandbox.before_token_reply = None

        async def sign_in() -> None:
            await manager.sign_in.finish(pending, back, account="bot")

        tasks.start_soon(sign_in)
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert (await store.load("bot")).user_id == other.user_id
    assert (await manager.session(done.credentials).me()).id == other.user_id


async def test_an_outage_on_the_way_is_tried_again(sandbox, clock, store):
    async with managing(sandbox, clock, store) as manager:
        done = await signed_in(manager, sandbox)
        await sandbox.aclose()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sandbox.start)
            await manager.sign_in.revoke(done.account)
    assert await store.accounts() == []

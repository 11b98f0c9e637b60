"""A refresh token is of one account, under one name, and goes to the host that gave it alone."""

import gc
from dataclasses import replace

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.sign_in.conftest import CALLBACK
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


def unnamed(credentials: tw.OAuth2) -> tw.OAuth2:
    return tw.OAuth2(credentials.client_id, refresh_token=credentials.refresh_token)


PAIRS = [
    pytest.param(named, unnamed, "'bot'", id="a name, and none"),
    pytest.param(unnamed, named, "'account [0-9a-f]{6}'", id="none, and a name"),
    pytest.param(named, lambda c: named(c, "cat"), "'bot'", id="two names"),
]


@pytest.mark.parametrize(("first", "second", "shown"), PAIRS)
async def test_a_refresh_token_under_a_second_name_is_refused_before_it_is_spent_twice(
    sandbox, manager, first, second, shown
):
    session = manager.session(first(sandbox.oauth2))
    with pytest.raises(tw.CredentialsError, match=f"in use as {shown} already: pass the same"):
        manager.session(second(sandbox.oauth2))
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    with pytest.raises(tw.CredentialsError, match="works once"):
        manager.session(second(sandbox.oauth2))
    assert outcomes(sandbox) == ["rotated"]


async def test_one_that_was_passed_for_an_account_later_is_its_own_too(sandbox, manager):
    new = sandbox.new_account().oauth2
    session = manager.session(named(sandbox.oauth2))
    manager.session(named(new))
    with pytest.raises(tw.CredentialsError, match="in use as 'bot' already"):
        manager.session(unnamed(new))
    assert await session.me()


async def test_the_same_account_is_made_as_often_as_you_like(sandbox, manager):
    sandbox.expire_access_tokens()
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(manager.session(named(sandbox.oauth2)).tweet, sandbox.tweet_id)
            tasks.start_soon(
                manager.session(replace(named(sandbox.oauth2), expires_at=1.0)).tweet,
                sandbox.tweet_id,
            )
    assert outcomes(sandbox) == ["rotated"]


async def test_an_account_that_is_forgotten_leaves_no_name_behind(sandbox, manager):
    session = manager.session(named(sandbox.oauth2))
    del session
    gc.collect()
    assert manager.session(unnamed(sandbox.oauth2))


async def test_managers_that_share_no_store_are_told_to_when_one_has_spent_the_token(
    sandbox, clock
):
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, None) as one, new_manager(sandbox, clock, None) as two:
        await one.session(sandbox.oauth2).tweet(sandbox.tweet_id)
        with pytest.raises(tw.ReauthorizationRequired, match="has to share the token store"):
            await two.session(sandbox.oauth2).tweet(sandbox.tweet_id)


# -- hosts --------------------------------------------------------------------------------


@pytest.fixture
async def signed_in(sandbox, clock, tmp_path):
    """A store with one sign-in of each kind, at the sandbox."""
    store = tw.FileTokenStore(tmp_path / "tokens.json")
    app = tw.AppOnly.from_key(sandbox.oauth1.consumer_key, sandbox.oauth1.consumer_secret)
    async with new_manager(sandbox, clock, store) as manager:
        pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
        back = await sandbox.authorize(pending.url)
        await manager.sign_in.finish(pending, back, account="bot")
        pin = await manager.sign_in.begin_oauth1(app)
        brought = await sandbox.authorize(pin.url)
        await manager.sign_in.finish_oauth1(pin, brought, account="keys")
    return store


async def test_a_sign_in_is_sent_to_no_other_host(sandbox, clock, signed_in):
    async with Sandbox(clock=clock) as other, new_manager(other, clock, signed_in) as manager:
        session = manager.session(tw.OAuth2(sandbox.client.client_id, account="bot"))
        with pytest.raises(tw.CredentialsError, match=f"{sandbox.url}, and is not sent to"):
            await session.tweet(other.tweet_id)
        for name in ("bot", "keys"):
            with pytest.raises(tw.CredentialsError, match=f"{sandbox.url}, and is not sent to"):
                await manager.sign_in.revoke(name)
        assert not other.requests
    assert await signed_in.accounts() == ["bot", "keys"]
    async with new_manager(sandbox, clock, signed_in) as manager:
        for name in ("bot", "keys"):
            await manager.session((await signed_in.load(name)).credentials(name)).me()
            await manager.sign_in.revoke(name)


async def test_renewed_tokens_are_of_the_host_that_renewed_them(sandbox, clock):
    store = tw.MemoryTokenStore()
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    assert (await store.load("bot")).host == sandbox.url
    async with Sandbox(clock=clock) as other, new_manager(other, clock, store) as manager:
        with pytest.raises(tw.CredentialsError, match="is not sent to"):
            await manager.session(named(sandbox.oauth2)).tweet(other.tweet_id)
        assert not other.requests

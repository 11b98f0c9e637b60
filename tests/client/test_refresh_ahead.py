"""A refresh ahead of time that fails is nobody's error; one that is no help is not repeated."""

from dataclasses import replace

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes, paths
from tests.client.test_refresh_trouble import FaultyStore, Trouble
from tests.support.scripted import ScriptedServer, reply
from twretweet.sandbox import Fault

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return FaultyStore()


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


@pytest.fixture
async def session(sandbox, clock, manager) -> tw.Session:
    """Of an account whose access token is good for 50 s more."""
    return manager.session(replace(named(sandbox.oauth2), expires_at=clock.time() + 50))


def asked(sandbox) -> int:
    """How often the token endpoint was."""
    return paths(sandbox).count("/2/oauth2/token")


@pytest.mark.parametrize("status", [None, 429, 503])
async def test_a_token_that_is_still_good_is_used_though_x_can_t_renew_it(
    sandbox, session, store, status
):
    sandbox.before_token = Trouble(100, status)
    for _ in range(45):
        await session.tweet(sandbox.tweet_id)
        await anyio.sleep(1)
    assert 2 <= asked(sandbox) <= 5, "seldom"
    sandbox.before_token = None
    await anyio.sleep(8)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert (await store.load("bot")).attempt is None


async def test_once_it_has_ended_the_trouble_is_everybody_s(sandbox, session):
    sandbox.before_token = Trouble(100, 503)
    await session.tweet(sandbox.tweet_id)
    await anyio.sleep(52)
    with pytest.raises(tw.ServerError):
        await session.tweet(sandbox.tweet_id)
    assert asked(sandbox) == 1 + tw.RetryPolicy().attempts


async def test_a_token_that_x_refuses_meanwhile_is_renewed_at_once(sandbox, session):
    sandbox.before_token = Trouble(1, 503)
    await session.tweet(sandbox.tweet_id)
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_a_store_that_can_t_be_written_fails_nobody_before_the_token_ends(
    sandbox, session, store
):
    store.failing = {1}
    await session.tweet(sandbox.tweet_id)
    assert asked(sandbox) == 0
    await anyio.sleep(15)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_new_tokens_that_could_not_be_stored_are_not_put_off(sandbox, session, store):
    store.failing = {2}
    with pytest.raises(tw.TokenStoreError, match="could not be stored"):
        await session.tweet(sandbox.tweet_id)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_who_can_t_be_renewed_at_all_hears_of_it_ahead(sandbox, session):
    sandbox.revoke(sandbox.me)
    with pytest.raises(tw.ReauthorizationRequired):
        await session.tweet(sandbox.tweet_id)


# -- in vain ------------------------------------------------------------------------------


async def test_a_401_that_a_refresh_does_not_help_against_costs_one_in_a_minute(
    sandbox, clock, manager
):
    session = manager.session(named(sandbox.oauth2))
    fault = sandbox.faults.add(Fault("unauthorized", endpoint="GET /2/tweets/:id"))
    for _ in range(10):
        with pytest.raises(tw.Unauthorized):
            await session.tweet(sandbox.tweet_id)
        await anyio.sleep(1)
    assert outcomes(sandbox) == ["rotated"]
    await anyio.sleep(60)
    with pytest.raises(tw.Unauthorized):
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 2
    sandbox.faults.remove(fault.id)
    await session.tweet(sandbox.tweet_id)


async def test_a_token_that_was_accepted_is_renewed_however_new_it_is(sandbox, manager):
    session = manager.session(named(sandbox.oauth2))
    for _ in range(3):
        sandbox.expire_access_tokens()
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 3


async def test_somebody_else_s_sign_in_ends_the_wait_for_another_refresh(
    sandbox, clock, manager, store
):
    session = manager.session(named(sandbox.oauth2))
    fault = sandbox.faults.add(Fault("unauthorized", endpoint="GET /2/tweets/:id"))
    with pytest.raises(tw.Unauthorized):
        await session.tweet(sandbox.tweet_id)
    sandbox.faults.remove(fault.id)
    new = sandbox.new_account().oauth2
    await manager.session(replace(named(new), account="bot")).tweet(sandbox.tweet_id)
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 2


async def test_a_key_whose_bearer_token_x_refuses_is_exchanged_once_in_a_minute(clock):
    token = reply(200, {"token_type": "bearer", "access_token": "t"})
    refused = reply(401, {"title": "Unauthorized"})
    async with ScriptedServer() as server, new_manager(server, clock, None) as manager:
        session = manager.session(tw.AppOnly.from_key("k", "s"))
        server.replies.extend([token, refused, token, refused])
        for _ in range(5):
            with pytest.raises(tw.Unauthorized):
                await session.tweet(1)
        assert [seen.target for seen in server.requests].count("/oauth2/token") == 2
        await anyio.sleep(60)
        server.replies.clear()
        server.replies.extend([refused, token, reply(200, {"data": {"id": "1", "text": ""}})])
        await session.tweet(1)

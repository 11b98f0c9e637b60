"""The app by its key and secret: the bearer token is had once, and again when X ends it."""

import aiohttp
import anyio
import pytest

import twretweet as tw
from tests.sandbox.signin import basic
from twretweet.auth import account_of

pytestmark = pytest.mark.anyio


@pytest.fixture
def keys(sandbox) -> tw.AppOnly:
    return tw.AppOnly.from_key(sandbox.oauth1.consumer_key, sandbox.oauth1.consumer_secret)


def exchanges(sandbox) -> int:
    return [request.path for request in sandbox.requests].count("/oauth2/token")


async def test_two_hundred_tasks_share_one_exchange(sandbox, manager, keys):
    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            tasks.start_soon(manager.session(keys).tweet, sandbox.tweet_id)
    assert exchanges(sandbox) == 1
    assert {request.status for request in sandbox.requests} == {200}
    await manager.session(tw.AppOnly.from_key(keys.consumer_key, keys.consumer_secret)).user(
        "TwitterDev"
    )
    assert exchanges(sandbox) == 1


async def test_a_bearer_token_that_was_invalidated_is_had_again_once(sandbox, manager, keys):
    session = manager.session(keys)
    await session.tweet(sandbox.tweet_id)
    token = sandbox.app_only.bearer_token
    headers = {
        **basic(keys.consumer_key, keys.consumer_secret),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    url, form = f"{sandbox.url}/oauth2/invalidate_token", f"access_token={token}"
    async with aiohttp.request("POST", url, data=form, headers=headers) as reply:
        assert reply.status == 200
    await session.tweet(sandbox.tweet_id)
    await session.tweet(sandbox.tweet_id)
    assert exchanges(sandbox) == 2
    assert [request.status for request in sandbox.requests].count(401) == 1


async def test_keys_that_x_does_not_take_say_so_and_cost_no_slot(sandbox, manager, keys):
    session = manager.session(tw.AppOnly.from_key(keys.consumer_key, "wrong"))
    with pytest.raises(tw.Forbidden, match="Unable to verify your credentials") as caught:
        await session.tweet(sandbox.tweet_id)
    assert caught.value.endpoint == "POST /oauth2/token"
    assert caught.value.account == "the app"
    assert all(s.remaining == s.limit for s in session.rate_limits())
    await manager.session(keys).tweet(sandbox.tweet_id)  # another secret, another account


async def test_limits_are_kept_by_the_key_whatever_the_token(sandbox, manager, keys):
    before = account_of(keys).key
    session = manager.session(keys)
    await session.tweet(sandbox.tweet_id)
    assert session._caller.account.key == before
    assert before != account_of(sandbox.app_only).key
    [state] = [s for s in session.rate_limits() if s.endpoint == "tweet"]
    assert state.remaining == 449


async def test_users_stay_out_of_its_reach(manager, keys):
    with pytest.raises(tw.CredentialsError, match="use OAuth1"):
        await manager.session(keys).me()

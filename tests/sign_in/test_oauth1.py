"""Signing in with OAuth 1.0a, with a PIN and with a callback."""

import pytest

import twretweet as tw
from tests.sign_in.conftest import CALLBACK, managing, paths
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("callback", [None, CALLBACK])
async def test_who_signs_in_is_named_stored_and_can_act_at_once(
    sandbox, manager, store, app, callback
):
    pending = await manager.sign_in.begin_oauth1(app, callback=callback)
    assert pending.url.startswith(f"{sandbox.url}/oauth/authorize?oauth_token=")
    brought = await sandbox.authorize(pending.url)
    done = await manager.sign_in.finish_oauth1(pending, brought)
    assert (done.account, done.username, done.user_id) == (
        "sandbox_bot",
        "sandbox_bot",
        sandbox.me.user_id,
    )
    assert paths(sandbox) == ["POST /oauth/request_token", "POST /oauth/access_token"]
    assert (await manager.session(done.credentials).retweet(sandbox.tweet_id)).retweeted
    stored = await store.load("sandbox_bot")
    assert stored.credentials("sandbox_bot") == done.credentials


async def test_a_sign_in_is_finished_by_another_process(sandbox, clock, manager, store, app):
    pending = await manager.sign_in.begin_oauth1(app)
    pin = await sandbox.authorize(pending.url)
    async with managing(sandbox, clock, store) as another:
        read = tw.PendingOAuth1.from_json(pending.to_json(), app)
        done = await another.sign_in.finish_oauth1(read, f" {pin[:3]} {pin[3:]}\n", account="b")
    assert done.account == "b"


async def test_a_mistyped_pin_can_be_typed_again(sandbox, manager, app):
    pending = await manager.sign_in.begin_oauth1(app)
    pin = await sandbox.authorize(pending.url)
    wrong = f"{(int(pin) + 1) % 10**7:07}"
    with pytest.raises(tw.SignInError, match="does not take the PIN"):
        await manager.sign_in.finish_oauth1(pending, wrong)
    with pytest.raises(tw.SignInError, match="no PIN"):
        await manager.sign_in.finish_oauth1(pending, "what?")
    assert (await manager.sign_in.finish_oauth1(pending, pin)).username == "sandbox_bot"
    with pytest.raises(tw.SignInError, match="mistyped, used or too old"):
        await manager.sign_in.finish_oauth1(pending, pin)


async def test_who_declines_stays_as_they_were(sandbox, manager, store, app):
    pending = await manager.sign_in.begin_oauth1(app, callback=CALLBACK)
    back = await sandbox.authorize(pending.url, allow=False)
    with pytest.raises(tw.SignInDeclined):
        await manager.sign_in.finish_oauth1(pending, back)
    assert await store.accounts() == []


async def test_the_answer_to_another_sign_in_is_not_taken(sandbox, manager, app):
    mine = await manager.sign_in.begin_oauth1(app, callback=CALLBACK)
    theirs = await manager.sign_in.begin_oauth1(app, callback=CALLBACK)
    back = await sandbox.authorize(theirs.url)
    sandbox.requests.clear()
    with pytest.raises(tw.SignInError, match="another sign-in"):
        await manager.sign_in.finish_oauth1(mine, back)
    assert not sandbox.requests


@pytest.mark.parametrize("hours", [-30, 7])
async def test_a_clock_that_is_wrong_by_hours_is_corrected_at_every_step(
    sandbox, store, app, hours
):
    wrong = LoopClock(skew=hours * 3600)
    async with managing(sandbox, wrong, store) as one:
        pending = await one.sign_in.begin_oauth1(app)
    pin = await sandbox.authorize(pending.url)
    async with managing(sandbox, wrong, store) as two:
        done = await two.sign_in.finish_oauth1(pending, pin)
    async with managing(sandbox, wrong, store) as three:
        await three.session(done.credentials).tweet(sandbox.tweet_id)
    async with managing(sandbox, wrong, store) as four:
        await four.sign_in.revoke(done.account)
    assert len(sandbox.requests) == 8  # each is refused once, and then right


async def test_a_wrong_app_secret_is_x_s_to_name(sandbox, manager):
    app = tw.AppOnly.from_key("planted-key", "planted-secret")
    with pytest.raises(tw.Unauthorized) as caught:
        await manager.sign_in.begin_oauth1(app)
    assert "planted" not in str(caught.value)
    assert caught.value.endpoint == "POST /oauth/request_token"


async def test_a_callback_that_the_app_has_not_is_x_s_to_name(clock, store):
    async with (
        Sandbox(clock=clock, redirect_uris=["https://app.example/cb"]) as sandbox,
        managing(sandbox, clock, store) as manager,
    ):
        keys = sandbox.oauth1
        app = tw.AppOnly.from_key(keys.consumer_key, keys.consumer_secret)
        with pytest.raises(tw.Forbidden, match="Callback URL not approved"):
            await manager.sign_in.begin_oauth1(app, callback=CALLBACK)


async def test_an_app_without_its_key_is_refused_before_anything_is_sent(sandbox, manager):
    with pytest.raises(tw.CredentialsError, match=r"AppOnly\.from_key"):
        await manager.sign_in.begin_oauth1(sandbox.app_only)
    assert not sandbox.requests


async def test_trouble_of_x_at_the_beginning_is_tried_again(sandbox, manager, clock, store, app):
    await sandbox.aclose()
    with pytest.raises(tw.TransportError) as caught:
        await manager.sign_in.begin_oauth1(app)
    assert caught.value.attempts == 4


async def test_a_store_that_fails_in_the_end_says_so(sandbox, manager, store, app):
    pending = await manager.sign_in.begin_oauth1(app)
    pin = await sandbox.authorize(pending.url)
    store.failing = {1}
    with pytest.raises(tw.TokenStoreError, match="the disk is full"):
        await manager.sign_in.finish_oauth1(pending, pin)

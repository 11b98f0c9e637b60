"""Signing in with OAuth 2.0 and PKCE, from the address of the page to the first retweet."""

import anyio
import pytest

import twretweet as tw
from tests.sandbox.signin import query_of
from tests.sign_in.conftest import CALLBACK, managing, paths
from tests.support.virtual_time import LoopClock
from twretweet.auth.pending import PendingSignIn
from twretweet.sandbox import Outage

pytestmark = pytest.mark.anyio


async def signed_in(manager, sandbox, client=None, *, user=None, **more):
    client = client or sandbox.client
    pending = manager.sign_in.begin(client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url, user=user)
    return await manager.sign_in.finish(pending, back, **more)


@pytest.mark.parametrize("kind", ["client", "confidential"])
async def test_who_signs_in_is_named_stored_and_can_act_at_once(sandbox, manager, store, kind):
    client = getattr(sandbox, kind)
    done = await signed_in(manager, sandbox, client)
    assert (done.account, done.username, done.user_id) == (
        "sandbox_bot",
        "sandbox_bot",
        sandbox.me.user_id,
    )
    assert done.credentials == tw.OAuth2(
        client.client_id, client.client_secret, account="sandbox_bot"
    )
    assert set(done.scopes) == sandbox.me.scopes
    assert done.unnamed is None
    assert paths(sandbox) == ["POST /2/oauth2/token", "GET /2/users/me"]
    assert (await manager.session(done.credentials).retweet(sandbox.tweet_id)).retweeted
    assert await store.accounts() == ["sandbox_bot"]
    stored = await store.load("sandbox_bot")
    assert stored.client_secret is None
    assert (stored.user_id, stored.username) == (sandbox.me.user_id, "sandbox_bot")


async def test_what_was_signed_in_is_renewed_for_days(sandbox, manager, clock):
    done = await signed_in(manager, sandbox, sandbox.confidential, account="bot")
    session = manager.session(done.credentials)
    for _ in range(3):
        await session.tweet(sandbox.tweet_id)
        await clock.sleep(24 * 3600)
    assert [refresh.outcome for refresh in sandbox.refreshes] == ["rotated"] * 2


async def test_the_app_s_secret_is_stored_only_for_whoever_asks_for_it(
    sandbox, clock, manager, store
):
    await signed_in(manager, sandbox, sandbox.confidential, keep_client_secret=True)
    sandbox.expire_access_tokens()
    stored = await store.load("sandbox_bot")
    async with managing(sandbox, clock, store) as another:
        await another.session(stored.credentials("sandbox_bot")).tweet(sandbox.tweet_id)


async def test_a_sign_in_is_finished_by_another_process(sandbox, clock, manager, store):
    pending = manager.sign_in.begin(sandbox.confidential, redirect_uri=CALLBACK)
    text = pending.to_json()
    back = await sandbox.authorize(pending.url)
    async with managing(sandbox, clock, store) as another:
        read = PendingSignIn.from_json(text, sandbox.confidential)
        assert (await another.sign_in.finish(read, back)).account == "sandbox_bot"


async def test_only_what_was_asked_for_is_allowed(sandbox, manager):
    scopes = tw.scopes_for("retweets")
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK, scopes=scopes)
    done = await manager.sign_in.finish(pending, await sandbox.authorize(pending.url))
    assert done.scopes == scopes
    with pytest.raises(tw.Forbidden):
        await manager.session(done.credentials).retweet(sandbox.tweet_id)


async def test_without_the_scopes_to_tell_who_it_is_it_is_signed_in_all_the_same(
    sandbox, manager, store
):
    pending = manager.sign_in.begin(
        sandbox.client, redirect_uri=CALLBACK, scopes=["timeline.read", "tweet.read"]
    )
    done = await manager.sign_in.finish(pending, await sandbox.authorize(pending.url))
    assert isinstance(done.unnamed, tw.Forbidden)
    assert (done.username, done.user_id) == (None, None)
    assert done.account.startswith("account-")
    assert await store.accounts() == [done.account]
    assert await manager.session(done.credentials).reposts_of_me().collect()


async def test_a_wait_for_a_rate_limit_is_not_worth_a_name(sandbox, clock, store):
    limiter = tw.MemoryLimiter(clock=clock)
    async with managing(sandbox, clock, store, limiter=limiter) as manager:
        began = clock.time()
        for _ in range(75):
            await manager.session(sandbox.oauth2).me()
        done = await signed_in(manager, sandbox)
    assert isinstance(done.unnamed, tw.TwretweetError)
    assert clock.time() - began < 60
    assert await store.accounts() == [done.account]


# -- names ------------------------------------------------------------------------------------


async def test_a_name_of_one_s_own_is_used_as_it_is(sandbox, manager, store):
    done = await signed_in(manager, sandbox, account="the bot")
    assert done.account == done.credentials.account == "the bot"
    assert done.username == "sandbox_bot"
    stored = await store.everything()
    assert list(stored) == ["the bot"]
    assert stored["the bot"].username == "sandbox_bot"


async def test_signing_in_again_replaces_what_was_there(sandbox, manager, store):
    first = await signed_in(manager, sandbox)
    before = await store.load("sandbox_bot")
    sandbox.revoke(sandbox.me)
    session = manager.session(first.credentials)
    with pytest.raises(tw.ReauthorizationRequired):
        await session.tweet(sandbox.tweet_id)
    await signed_in(manager, sandbox)
    assert await store.accounts() == ["sandbox_bot"]
    assert await store.load("sandbox_bot") != before
    await session.tweet(sandbox.tweet_id)


async def test_nobody_else_s_tokens_are_replaced_unasked(sandbox, manager, store, app):
    await signed_in(manager, sandbox)
    one = await store.load("sandbox_bot")
    by_another_app = await signed_in(manager, sandbox, sandbox.confidential)
    pending = await manager.sign_in.begin_oauth1(app)
    by_pin = await manager.sign_in.finish_oauth1(pending, await sandbox.authorize(pending.url))
    assert [by_another_app.account, by_pin.account] == ["sandbox_bot-2", "sandbox_bot-3"]
    again = await signed_in(manager, sandbox, sandbox.confidential)
    assert again.account == "sandbox_bot-2"
    stored = await store.everything()
    assert stored["sandbox_bot"] == one
    assert len(stored) == 3


async def test_another_user_of_the_same_name_gets_another(sandbox, manager, store):
    await signed_in(manager, sandbox, account="somebody")
    other = sandbox.new_account("somebody")
    done = await signed_in(manager, sandbox, user=other)
    assert done.account == "somebody-2"
    assert (await store.load("somebody")).user_id == sandbox.me.user_id


@pytest.mark.parametrize("name", ["", " bot", "a\nb", "x" * 101])
async def test_what_is_no_name_is_refused_before_the_code_is_sent(sandbox, manager, name):
    with pytest.raises(tw.QueryError, match="no name for an account"):
        await signed_in(manager, sandbox, account=name)
    assert not sandbox.requests


# -- what goes wrong --------------------------------------------------------------------------


async def test_who_declines_stays_as_they_were(sandbox, manager, store):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url, allow=False)
    with pytest.raises(tw.SignInDeclined, match="nothing has changed"):
        await manager.sign_in.finish(pending, back)
    assert not sandbox.requests
    assert await store.accounts() == []


async def test_the_answer_to_another_sign_in_is_not_taken(sandbox, manager, store):
    mine = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    theirs = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(theirs.url)
    with pytest.raises(tw.SignInError, match="another sign-in"):
        await manager.sign_in.finish(mine, back)
    assert not sandbox.requests


async def test_a_code_works_once(sandbox, manager):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url)
    await manager.sign_in.finish(pending, back)
    with pytest.raises(tw.SignInError, match="works once, and for 30 seconds; begin another"):
        await manager.sign_in.finish(pending, back)


async def test_a_code_works_for_30_seconds(sandbox, manager, clock, store):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url)
    await clock.sleep(31)
    with pytest.raises(tw.SignInError, match="for 30 seconds; begin another"):
        await manager.sign_in.finish(pending, back)
    assert await store.accounts() == []


async def test_a_code_of_a_verifier_that_somebody_else_has_is_not_taken(sandbox, manager):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    other = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    code = query_of(await sandbox.authorize(other.url))["code"]
    stolen = f"{CALLBACK}?state={pending.state}&code={code}"
    with pytest.raises(tw.SignInError, match="does not take the code"):
        await manager.sign_in.finish(pending, stolen)


async def test_a_wrong_app_secret_is_named(sandbox, manager):
    client = tw.OAuth2(sandbox.confidential.client_id, "planted-secret")
    with pytest.raises(tw.Unauthorized, match="does not take the client") as caught:
        await signed_in(manager, sandbox, client)
    assert "planted" not in str(caught.value)
    assert caught.value.endpoint == "POST /2/oauth2/token"


async def test_a_code_of_which_nothing_was_sent_is_sent_again(sandbox, manager, clock, store):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url)
    await sandbox.aclose()

    async def come_back() -> None:
        await clock.sleep(0.2)
        await sandbox.start()

    retry = tw.RetryPolicy(base_delay=2, max_delay=2, attempts=50)
    async with (
        managing(sandbox, clock, store, retry=retry) as patient,
        anyio.create_task_group() as tasks,
    ):
        tasks.start_soon(come_back)
        done = await patient.sign_in.finish(pending, back)
    assert done.account == "sandbox_bot"


async def test_a_code_that_may_have_arrived_is_not_sent_again(sandbox, manager, store):
    seen: list[None] = []

    async def break_off() -> None:
        seen.append(None)
        raise Outage(None)

    sandbox.before_token_reply = break_off
    with pytest.raises(tw.SignInError, match=r"its answer was lost.*begin another") as caught:
        await signed_in(manager, sandbox)
    assert isinstance(caught.value.__cause__, tw.TransportError)
    assert len(seen) == 1
    assert await store.accounts() == []


@pytest.mark.parametrize("status", [500, 503])
async def test_trouble_of_x_is_passed_on_and_the_code_not_sent_again(sandbox, manager, status):
    async def trouble() -> None:
        raise Outage(status)

    sandbox.before_token_reply = trouble
    with pytest.raises(tw.ServerError) as caught:
        await signed_in(manager, sandbox)
    assert caught.value.endpoint == "POST /2/oauth2/token"
    assert caught.value.attempts == 1
    assert paths(sandbox) == ["POST /2/oauth2/token"]


async def test_nobody_there_says_so(sandbox, manager):
    pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
    back = await sandbox.authorize(pending.url)
    await sandbox.aclose()
    with pytest.raises(tw.TransportError, match="no connection") as caught:
        await manager.sign_in.finish(pending, back)
    assert caught.value.attempts == 4


async def test_a_store_that_fails_in_the_end_says_so_and_keeps_what_it_had(
    sandbox, manager, store
):
    await signed_in(manager, sandbox, account="bot")
    before = await store.load("bot")
    store.failing = set(range(3, 100))
    with pytest.raises(tw.TokenStoreError, match="the disk is full"):
        await signed_in(manager, sandbox, account="bot")
    assert await store.load("bot") == before


async def test_a_store_that_can_not_be_written_is_found_out_before(manager, store):
    store.failing = {1, 2}
    for account in (None, "bot"):
        with pytest.raises(tw.TokenStoreError, match="the disk is full"):
            await manager.sign_in.check_store(account)


async def test_finding_that_out_leaves_everything_as_it_was(sandbox, manager, store):
    await signed_in(manager, sandbox, account="bot")
    before = await store.everything()
    for account in (None, "bot", "another"):
        await manager.sign_in.check_store(account)
    assert await store.everything() == before


async def test_a_clock_that_is_wrong_by_hours_matters_to_nobody(sandbox, store):
    wrong = LoopClock(skew=-5 * 3600)
    async with managing(sandbox, wrong, store) as manager:
        done = await signed_in(manager, sandbox)
        await manager.session(done.credentials).tweet(sandbox.tweet_id)
    stored = await store.load("sandbox_bot")
    assert stored.expires_at - wrong.time() == pytest.approx(7200 + 5 * 3600, abs=5)
    assert not sandbox.refreshes


async def test_a_manager_that_is_closed_signs_nobody_in(sandbox, clock, store):
    async with managing(sandbox, clock, store) as manager:
        pending = manager.sign_in.begin(sandbox.client, redirect_uri=CALLBACK)
        back = await sandbox.authorize(pending.url)
    for call in (
        manager.sign_in.finish(pending, back),
        manager.sign_in.with_browser(sandbox.client, show=print),
        manager.sign_in.revoke("bot"),
    ):
        with pytest.raises(tw.ManagerClosed):
            await call

"""An account whose access token ends stays signed in, with one refresh for all who need it."""

import anyio
import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.events import SignInNeeded, TokensChanged
from twretweet.sandbox import Outage, Sandbox

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return tw.MemoryTokenStore()


def new_manager(sandbox: Sandbox, clock: LoopClock, store, **options) -> tw.SessionManager:
    return tw.SessionManager(base_url=sandbox.url, clock=clock, token_store=store, **options)


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


def outcomes(sandbox: Sandbox) -> list[str]:
    return [refresh.outcome for refresh in sandbox.refreshes]


def paths(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.requests]


async def stored(store) -> tw.OAuth2Tokens:
    [name] = await store.accounts()
    tokens = await store.load(name)
    assert isinstance(tokens, tw.OAuth2Tokens)
    return tokens


async def test_a_token_that_ended_is_refreshed_after_a_401_and_the_call_succeeds(
    sandbox, manager, store
):
    session = manager.session(sandbox.oauth2)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == []
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert [request.status for request in sandbox.requests] == [200, 401, 200, 200, 200]
    tokens = await stored(store)
    assert tokens.access_token != sandbox.oauth2.access_token
    assert tokens.attempt is None
    assert set(tokens.scopes) >= {"tweet.read", "tweet.write"}


async def test_a_token_that_is_known_to_end_is_refreshed_a_minute_before(
    sandbox, manager, store, clock
):
    session = manager.session(sandbox.oauth2)
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    obtained = (await stored(store)).obtained_at
    assert obtained == pytest.approx(clock.time(), abs=1.1)
    assert (await stored(store)).expires_at == obtained + 7200
    sandbox.requests.clear()
    await anyio.sleep(7130)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    await anyio.sleep(20)
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated", "rotated"]
    assert {request.status for request in sandbox.requests} == {200}, "no 401 on the way"


@pytest.mark.parametrize("life", [30, 2, 0.5])
async def test_a_token_that_lives_for_a_moment_is_used_for_most_of_it(clock, life):
    async with (
        Sandbox(clock=clock, token_lifetime=life) as sandbox,
        new_manager(sandbox, clock, None) as manager,
    ):
        session = manager.session(sandbox.oauth2)
        sandbox.expire_access_tokens()
        for _ in range(10):
            await session.tweet(sandbox.tweet_id)
            await anyio.sleep(life / 20)
        assert len(sandbox.refreshes) <= 2 + (life < 1) * 10


async def test_two_hundred_tasks_share_one_refresh(sandbox, manager):
    sandbox.expire_access_tokens()
    async with anyio.create_task_group() as tasks:
        for _ in range(200):
            # Each with a session of its own; of the same account.
            tasks.start_soon(manager.session(sandbox.oauth2).tweet, sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]
    assert paths(sandbox).count("/2/oauth2/token") == 1


async def test_accounts_are_refreshed_beside_one_another(sandbox, manager):
    others = [sandbox.new_account() for _ in range(20)]
    sandbox.expire_access_tokens()
    waiting, together = 0, anyio.Event()

    async def hold() -> None:
        nonlocal waiting
        waiting += 1
        if waiting == len(others):
            together.set()
        await together.wait()

    sandbox.before_token = hold
    with anyio.fail_after(5):
        async with anyio.create_task_group() as tasks:
            for other in others:
                tasks.start_soon(manager.session(other.oauth2).tweet, sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 20


async def test_a_service_that_passes_its_first_tokens_again_finds_their_successors(
    sandbox, clock, store
):
    for _ in range(3):
        sandbox.expire_access_tokens()
        async with new_manager(sandbox, clock, store) as manager:
            await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 3
    assert [request.status for request in sandbox.requests][-1] == 200


async def test_a_session_made_for_each_request_refreshes_no_more_often(sandbox, manager):
    sandbox.expire_access_tokens()
    for _ in range(5):
        await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_a_stored_account_is_found_by_its_name_alone(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        named = sandbox.oauth2
        credentials = tw.OAuth2(
            named.client_id,
            access_token=named.access_token,
            refresh_token=named.refresh_token,
            account="the bot",
        )
        sandbox.expire_access_tokens()
        await manager.session(credentials).tweet(sandbox.tweet_id)
    assert await store.accounts() == ["the bot"]
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(tw.OAuth2(named.client_id, account="the bot"))
        await session.retweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_a_name_under_which_nothing_is_stored_says_how_to_sign_in(sandbox, manager):
    session = manager.session(tw.OAuth2("client", account="the bot"))
    with pytest.raises(tw.ReauthorizationRequired, match="twretweet login --account the bot") as e:
        await session.retweet(1)
    assert e.value.account == "the bot"
    assert not sandbox.requests


async def test_what_is_stored_of_another_kind_or_app_is_said_and_kept(sandbox, manager, store):
    keys = tw.OAuth1Tokens(
        consumer_key="k", consumer_secret="s", access_token="t", access_token_secret="u"
    )
    await store.save("bot", keys)
    with pytest.raises(tw.CredentialsError, match=r"no OAuth 2\.0 sign-in but OAuth1Tokens"):
        await manager.session(tw.OAuth2("client", account="bot")).me()
    other = tw.OAuth2Tokens(client_id="other", access_token="a", refresh_token="r")
    await store.save("bot", other)
    for credentials in (
        tw.OAuth2("client", account="bot"),
        tw.OAuth2("client", account="bot", access_token="mine"),
    ):
        with pytest.raises(tw.CredentialsError, match="belongs to the client other"):
            await manager.session(credentials).me()
    assert await store.load("bot") == other
    assert not sandbox.requests


async def test_a_refused_refresh_token_asks_for_a_person_and_is_not_sent_again(
    sandbox, clock, store
):
    events: list[object] = []
    async with new_manager(sandbox, clock, store, on_event=events.append) as manager:
        session = manager.session(sandbox.oauth2)
        sandbox.revoke(sandbox.me)
        for _ in range(3):
            with pytest.raises(tw.ReauthorizationRequired, match="sign in again") as caught:
                await session.tweet(sandbox.tweet_id)
            assert caught.value.account == session._caller.account.label
            assert "invalid_grant" in str(caught.value)
            assert "interrupted" not in str(caught.value)
    assert outcomes(sandbox) == ["refused"]
    assert [request.status for request in sandbox.requests] == [401, 400]
    assert await store.accounts() == [], "what never was good is not stored"
    assert [type(event) for event in events if isinstance(event, SignInNeeded)] == (
        [SignInNeeded] * 3
    )


async def test_a_person_who_signs_in_again_elsewhere_revives_the_account(sandbox, clock, store):
    one, other = sandbox.me, sandbox.new_account()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(one.oauth2))
        sandbox.revoke(one)
        with pytest.raises(tw.ReauthorizationRequired, match="--account bot"):
            await session.me()
        fresh = tw.OAuth2Tokens(
            client_id=other.oauth2.client_id,
            access_token=other.oauth2.access_token,
            refresh_token=other.oauth2.refresh_token,
            seed="new",
        )
        await store.save("bot", fresh)
        # It is another user's, so nothing that was known of the first is used.
        assert await session.user_id() == other.user_id
        assert (await session.retweet(sandbox.tweet_id)).retweeted


def named(credentials: tw.OAuth2, account: str = "bot") -> tw.OAuth2:
    return tw.OAuth2(
        credentials.client_id,
        access_token=credentials.access_token,
        refresh_token=credentials.refresh_token,
        account=account,
    )


async def test_passed_tokens_that_are_refused_fall_back_on_what_is_stored(sandbox, manager, store):
    stored_one = tw.OAuth2Tokens(
        client_id=sandbox.oauth2.client_id,
        access_token=sandbox.oauth2.access_token,
        refresh_token=sandbox.oauth2.refresh_token,
        seed="an earlier sign-in",
    )
    await store.save("bot", stored_one)
    dead = tw.OAuth2(
        stored_one.client_id, access_token="dead", refresh_token="gone", account="bot"
    )
    session = manager.session(dead)
    await session.tweet(sandbox.tweet_id)
    assert await store.load("bot") == stored_one
    assert outcomes(sandbox) == ["refused"]
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["refused", "rotated"]


async def test_passed_tokens_take_the_place_of_what_is_stored_once_they_have_proven_good(
    sandbox, manager, store
):
    earlier = tw.OAuth2Tokens(
        client_id=sandbox.oauth2.client_id, access_token="a", refresh_token="r", seed="earlier"
    )
    await store.save("bot", earlier)
    session = manager.session(named(sandbox.oauth2))
    await session.tweet(sandbox.tweet_id)
    assert await store.load("bot") == earlier
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)
    tokens = await store.load("bot")
    assert tokens.refresh_token not in ("r", sandbox.oauth2.refresh_token)
    assert outcomes(sandbox) == ["rotated"]


async def test_new_tokens_passed_for_a_known_account_are_used(sandbox, manager, store):
    dead = tw.OAuth2(
        sandbox.oauth2.client_id, access_token="dead", refresh_token="gone", account="bot"
    )
    first = manager.session(dead)
    with pytest.raises(tw.ReauthorizationRequired):
        await first.tweet(sandbox.tweet_id)
    second = manager.session(named(sandbox.oauth2))
    await second.tweet(sandbox.tweet_id)
    await first.tweet(sandbox.tweet_id)  # it is the same account
    assert manager.session(named(sandbox.oauth2))._caller.account is first._caller.account


async def test_an_access_token_alone_is_used_until_x_refuses_it(sandbox, manager, store):
    bare = tw.OAuth2(sandbox.oauth2.client_id, access_token=sandbox.oauth2.access_token)
    session = manager.session(bare)
    await session.tweet(sandbox.tweet_id)
    sandbox.expire_access_tokens()
    with pytest.raises(tw.Unauthorized):
        await session.tweet(sandbox.tweet_id)
    assert await store.accounts() == []
    assert [request.status for request in sandbox.requests] == [200, 401]


async def test_a_stored_sign_in_without_a_refresh_token_says_what_it_takes(
    sandbox, manager, store
):
    tokens = tw.OAuth2Tokens(
        client_id=sandbox.oauth2.client_id, access_token=sandbox.oauth2.access_token
    )
    await store.save("bot", tokens)
    session = manager.session(tw.OAuth2(tokens.client_id, account="bot"))
    await session.tweet(sandbox.tweet_id)
    sandbox.expire_access_tokens()
    with pytest.raises(tw.ReauthorizationRequired, match=r"offline\.access"):
        await session.tweet(sandbox.tweet_id)


async def test_a_failed_refresh_takes_no_slot(sandbox, manager):
    async def broken() -> None:
        raise Outage(None)

    session = manager.session(
        tw.OAuth2(sandbox.oauth2.client_id, refresh_token=sandbox.oauth2.refresh_token)
    )
    sandbox.before_token = broken
    with pytest.raises(tw.TransportError, match="POST /2/oauth2/token"):
        await session.tweet(sandbox.tweet_id)
    [state] = [s for s in session.rate_limits() if s.endpoint == "tweet"]
    assert (state.in_flight, state.remaining) == (0, state.limit)
    sandbox.before_token = None
    await session.tweet(sandbox.tweet_id)


async def test_trouble_at_x_is_tried_again_by_one_for_all_and_then_by_the_next_call(
    sandbox, manager
):
    calls = 0

    async def broken() -> None:
        nonlocal calls
        calls += 1
        raise Outage(503)

    sandbox.before_token = broken
    sandbox.expire_access_tokens()
    failures: list[tw.ServerError] = []

    async def read() -> None:
        with pytest.raises(tw.ServerError) as caught:
            await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
        failures.append(caught.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(read)
    assert len(failures) == 50
    assert calls == tw.RetryPolicy().attempts
    assert {failure.attempts for failure in failures} == {calls}
    sandbox.before_token = None
    await manager.session(sandbox.oauth2).tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_other_tokens_in_use_are_told(sandbox, clock, store):
    events: list[object] = []
    async with new_manager(sandbox, clock, store, on_event=events.append) as manager:
        session = manager.session(sandbox.oauth2)
        sandbox.expire_access_tokens()
        await session.tweet(sandbox.tweet_id)
        assert TokensChanged(account=session._caller.account.label) in events

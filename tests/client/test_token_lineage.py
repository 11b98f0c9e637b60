"""Which tokens an account is used with: those that were passed, or those that are stored."""

import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from twretweet.events import SignInNeeded

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return tw.MemoryTokenStore()


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


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

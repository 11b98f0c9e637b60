"""A refresh token that is known to be spent is never sent, wherever it comes from."""

import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from twretweet.auth.lineage import precedes

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return tw.MemoryTokenStore()


async def rotate(sandbox, session) -> None:
    sandbox.expire_access_tokens()
    await session.tweet(sandbox.tweet_id)


def copied(tokens: tw.OAuth2Tokens) -> tw.OAuth2:
    """What a service has copied out of the store into its own table."""
    return tw.OAuth2(
        tokens.client_id,
        access_token=tokens.access_token,
        refresh_token=tokens.refresh_token,
        account="bot",
    )


@pytest.mark.parametrize("restart", [True, False])
async def test_a_token_from_the_middle_of_a_lineage_leads_to_its_successor(
    sandbox, clock, store, restart
):
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await rotate(sandbox, session)
        middle = copied(await store.load("bot"))
        for _ in range(2):
            await rotate(sandbox, session)
        if not restart:
            await manager.session(middle).tweet(sandbox.tweet_id)
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(middle)
        await session.tweet(sandbox.tweet_id)
        await rotate(sandbox, session)
    assert outcomes(sandbox) == ["rotated"] * 4


@pytest.mark.parametrize("rotations", [1, 2])
async def test_a_store_that_has_fallen_back_is_given_the_newer_tokens_again(
    sandbox, clock, store, rotations
):
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await rotate(sandbox, session)
        backup = await store.load("bot")
        for _ in range(rotations):
            await rotate(sandbox, session)
        newest = await store.load("bot")
        await store.save("bot", backup)
        sandbox.expire_access_tokens()
        for _ in range(2):
            await session.tweet(sandbox.tweet_id)
        assert precedes(newest, await store.load("bot"))
    assert outcomes(sandbox) == ["rotated"] * (2 + rotations)


async def test_a_fallen_back_store_is_not_asked_for_a_way_out_of_a_refusal(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await rotate(sandbox, session)
        backup = await store.load("bot")
        await rotate(sandbox, session)
        sandbox.revoke(sandbox.me)
        with pytest.raises(tw.ReauthorizationRequired):
            await session.tweet(sandbox.tweet_id)
        await store.save("bot", backup)
        with pytest.raises(tw.ReauthorizationRequired):
            await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated", "rotated", "refused"]


async def test_a_day_of_spent_tokens_is_remembered_and_no_more_than_is_bounded(
    sandbox, clock, store
):
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        seen = []
        for _ in range(40):
            await rotate(sandbox, session)
            seen.append(await store.load("bot"))
    last = seen.pop()
    assert all(precedes(each, last) for each in seen[-12:])
    assert len(last.spent) < 30
    assert precedes(
        tw.OAuth2Tokens(client_id="", refresh_token=sandbox.oauth2.refresh_token), last
    )
    assert not precedes(last, last)
    assert not any(precedes(last, each) for each in seen)

"""Managers, as of several processes, that share a store: one refreshes, the others use it."""

from contextlib import asynccontextmanager

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.client.test_refresh_trouble import FaultyStore

pytestmark = pytest.mark.anyio


@pytest.fixture
def store():
    return FaultyStore()


@pytest.fixture
async def manager(sandbox, clock, store):
    async with new_manager(sandbox, clock, store) as manager:
        yield manager


async def test_what_another_process_rotated_is_used_and_nothing_is_sent(sandbox, clock, store):
    async with (
        new_manager(sandbox, clock, store) as one,
        new_manager(sandbox, clock, store) as other,
    ):
        first, second = one.session(named(sandbox.oauth2)), other.session(named(sandbox.oauth2))
        await first.tweet(sandbox.tweet_id)
        await second.tweet(sandbox.tweet_id)
        for _ in range(3):
            sandbox.expire_access_tokens()
            await first.tweet(sandbox.tweet_id)
            await second.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"] * 3


async def test_managers_that_refresh_at_once_send_one_request(sandbox, clock, store):
    sandbox.expire_access_tokens()
    managers = [await new_manager(sandbox, clock, store).open() for _ in range(8)]
    async with anyio.create_task_group() as tasks:
        for manager in managers:
            for _ in range(20):
                tasks.start_soon(manager.session(sandbox.oauth2).tweet, sandbox.tweet_id)
    for manager in managers:
        await manager.aclose()
    assert outcomes(sandbox) == ["rotated"]


class ExpiringStore(FaultyStore):
    """Its lock can be lost; ``lost`` says at which times of making sure of it."""

    def __init__(self) -> None:
        super().__init__()
        self.holds = 0
        self.lost: set[int] = set()
        self.on_loss = None

    @asynccontextmanager
    async def lock(self, account: str):
        async with super().lock(account):
            yield self

    async def hold(self, seconds: float) -> None:
        self.holds += 1
        assert seconds >= 15
        if self.holds in self.lost:
            if self.on_loss is not None:
                await self.on_loss()
            raise tw.TokenStoreError("the lock was lost")


BEFORE_THE_MARK, AFTER_IT = (1, 2), (2, 4)


@pytest.mark.parametrize("lost", [BEFORE_THE_MARK, AFTER_IT])
async def test_who_has_lost_the_lock_begins_anew(sandbox, clock, lost):
    store = ExpiringStore()
    store.lost = {lost[0]}
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        await manager.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
    assert (await store.load("bot")).attempt is None
    assert outcomes(sandbox) == ["rotated"]


@pytest.mark.parametrize("lost", [BEFORE_THE_MARK, AFTER_IT])
async def test_who_has_lost_the_lock_again_sends_nothing(sandbox, clock, lost):
    store = ExpiringStore()
    store.lost = set(lost)
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        with pytest.raises(tw.TokenStoreError, match="lock was lost"):
            await session.tweet(sandbox.tweet_id)
        assert outcomes(sandbox) == []
        await session.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated"]


async def test_a_lock_lost_while_x_was_asked_costs_no_tokens(sandbox, clock):
    store = ExpiringStore()
    store.lost = {3}
    sandbox.expire_access_tokens()
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await session.tweet(sandbox.tweet_id)
        tokens = await store.load("bot")
        assert tokens.attempt is None
        assert tokens.refresh_token != sandbox.oauth2.refresh_token
    assert outcomes(sandbox) == ["rotated"]


async def test_who_lost_the_lock_does_not_overwrite_what_another_stored(sandbox, clock):
    store = ExpiringStore()
    other = sandbox.new_account().oauth2
    sandbox.expire_access_tokens()
    theirs = tw.OAuth2Tokens(
        client_id=other.client_id, refresh_token=other.refresh_token, seed="theirs"
    )

    async def sign_in() -> None:
        await store.save("bot", theirs)

    store.lost, store.on_loss = {3}, sign_in
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(named(sandbox.oauth2))
        await session.tweet(sandbox.tweet_id)
    assert (await store.load("bot")).seed == "theirs"
    assert sandbox.refreshes[-1].account == sandbox.requests[-1].account != sandbox.me.user_id

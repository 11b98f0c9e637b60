"""Somebody else refreshes, or signs in, while a refresh is under way: nothing newer is lost."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp
import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager, outcomes
from tests.client.test_refresh_trouble import Gate
from twretweet.sandbox import Outage

pytestmark = pytest.mark.anyio


class LapsingStore(tw.MemoryTokenStore):
    """Its locks can be lost while they are held, as those of Redis."""

    def __init__(self) -> None:
        super().__init__()
        self.holders: dict[str, LapsingLease] = {}

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator["LapsingLease"]:
        while account in self.holders:
            await anyio.sleep(0.1)
        lease = self.holders[account] = LapsingLease(self.holders, account)
        try:
            yield lease
        finally:
            if self.holders.get(account) is lease:
                del self.holders[account]

    def lapse(self, account: str) -> None:
        del self.holders[account]


class LapsingLease:
    def __init__(self, holders: "dict[str, LapsingLease]", account: str) -> None:
        self.holders, self.account = holders, account

    async def hold(self, seconds: float) -> None:
        assert seconds > 0
        if self.holders.get(self.account) is not self:
            raise tw.TokenStoreError("the lock was lost")


@pytest.fixture
def store():
    return LapsingStore()


def by_name(credentials: tw.OAuth2) -> tw.OAuth2:
    return tw.OAuth2(credentials.client_id, account="bot")


def tokens_of(credentials: tw.OAuth2, seed: str) -> tw.OAuth2Tokens:
    return tw.OAuth2Tokens(
        client_id=credentials.client_id,
        access_token=credentials.access_token,
        refresh_token=credentials.refresh_token,
        seed=seed,
    )


class FirstOnly:
    """A hook for whoever comes first; the others pass."""

    def __init__(self, gate: Gate, *, then: Outage | None = None) -> None:
        self.gate, self.then = gate, then

    async def __call__(self) -> None:
        if not self.gate.reached.is_set():
            await self.gate()
            if self.then is not None:
                raise self.then


async def fails(session: tw.Session, tweet_id: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await session.tweet(tweet_id)


async def test_a_lock_lost_while_waiting_for_a_connection_overwrites_nothing_and_fails_nobody(
    sandbox, clock, store
):
    gate, other = Gate(), sandbox.new_account()
    sandbox.before_token = FirstOnly(gate)
    sandbox.expire_access_tokens()
    one_connection = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))
    async with (
        one_connection,
        new_manager(sandbox, clock, store, http=one_connection) as a,
        new_manager(sandbox, clock, store) as b,
    ):
        only_refresh = tw.OAuth2(
            sandbox.oauth2.client_id, refresh_token=sandbox.oauth2.refresh_token, account="bot"
        )
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.session(named(other.oauth2, "other")).me)
            await gate.reached.wait()
            slow = a.session(only_refresh)
            tasks.start_soon(slow.tweet, sandbox.tweet_id)
            await anyio.sleep(1)
            store.lapse("bot")
            await b.session(named(sandbox.oauth2)).tweet(sandbox.tweet_id)
            theirs = await store.load("bot")
            gate.opened.set()
        assert await store.load("bot") == theirs
        await slow.tweet(sandbox.tweet_id)
    mine = [r.outcome for r in sandbox.refreshes if r.account == sandbox.me.user_id]
    assert mine == ["rotated"]


async def test_a_sign_in_stored_while_waiting_for_a_connection_is_used(sandbox, clock, store):
    gate, other = Gate(), sandbox.new_account()
    sandbox.before_token = FirstOnly(gate)
    sandbox.expire_access_tokens()
    one_connection = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1))
    old = tw.OAuth2(sandbox.oauth2.client_id, refresh_token="old", account="bot")
    await store.save("bot", tokens_of(old, "old"))
    async with one_connection, new_manager(sandbox, clock, store, http=one_connection) as a:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(a.session(named(other.oauth2, "other")).me)
            await gate.reached.wait()
            tasks.start_soon(a.session(by_name(old)).tweet, sandbox.tweet_id)
            await anyio.sleep(1)
            signed_in = tokens_of(sandbox.new_account().oauth2, "new")
            await store.save("bot", signed_in)
            gate.opened.set()
        assert await store.load("bot") == signed_in
    assert outcomes(sandbox) == ["rotated"], "the old token was not sent"


async def test_a_lock_lost_while_x_is_asked_takes_no_mark_away_that_is_not_there(
    sandbox, clock, store
):
    gate = Gate()
    sandbox.before_token = FirstOnly(gate, then=Outage(429))
    await store.save("bot", tokens_of(sandbox.oauth2, "a sign-in"))
    sandbox.expire_access_tokens()
    async with (
        new_manager(sandbox, clock, store) as a,
        new_manager(sandbox, clock, store) as b,
        anyio.create_task_group() as tasks,
    ):
        slow = a.session(by_name(sandbox.oauth2))
        tasks.start_soon(fails, slow, sandbox.tweet_id, tw.TooManyRequests)
        await gate.reached.wait()
        store.lapse("bot")
        quick = b.session(by_name(sandbox.oauth2))
        await quick.tweet(sandbox.tweet_id)
        theirs = await store.load("bot")
        gate.opened.set()
        await anyio.sleep(1)
        assert await store.load("bot") == theirs
        sandbox.expire_access_tokens()
        await quick.tweet(sandbox.tweet_id)
        await slow.tweet(sandbox.tweet_id)
    assert outcomes(sandbox) == ["rotated", "rotated"]


@pytest.mark.parametrize("dead", [True, False])
async def test_a_sign_in_stored_while_x_is_asked_stays(sandbox, clock, store, dead):
    await store.save("bot", tokens_of(sandbox.oauth2, "old"))
    if dead:
        sandbox.revoke(sandbox.me)
    sandbox.expire_access_tokens()
    signed_in = tokens_of(sandbox.new_account().oauth2, "new")

    async def sign_in() -> None:
        await store.save("bot", signed_in)

    sandbox.before_token = sign_in
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(by_name(sandbox.oauth2))
        await session.tweet(sandbox.tweet_id)
        assert await store.load("bot") == signed_in
        assert (await session.me()).id != sandbox.me.user_id

"""Credentials are passed again for an account: those of another user, or fewer than before."""

import anyio
import pytest

import twretweet as tw
from tests.client.test_refresh import named, new_manager
from tests.client.test_refresh_races import FirstOnly
from tests.client.test_refresh_trouble import Gate
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


async def test_a_sign_in_passed_during_a_refresh_has_a_user_of_its_own(sandbox, clock):
    gate = Gate()
    async with new_manager(sandbox, clock, tw.MemoryTokenStore()) as manager:
        old = manager.session(named(sandbox.oauth2))
        await old.retweet(sandbox.tweet_id)
        sandbox.before_token_reply = FirstOnly(gate)
        sandbox.expire_access_tokens()
        other = sandbox.new_account()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(old.me)
            await gate.reached.wait()
            new = manager.session(named(other.oauth2))
            gate.opened.set()
        assert await new.user_id() == other.user_id
        assert (await new.retweet(sandbox.tweet_id)).retweeted


async def test_a_sign_in_passed_while_x_is_asked_who_it_is_has_a_user_of_its_own(clock):
    async with Sandbox(clock=clock, quirks=Quirks(latency=3)) as sandbox:
        other = sandbox.new_account()
        async with new_manager(sandbox, clock, tw.MemoryTokenStore()) as manager:
            old = manager.session(named(sandbox.oauth2))
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(old.user_id)
                await anyio.sleep(1)
                new = manager.session(named(other.oauth2))
            assert await new.user_id() == other.user_id
            assert (await new.retweet(sandbox.tweet_id)).retweeted
            again = manager.session(named(other.oauth2))
            assert await again.user_id() == other.user_id


async def test_who_it_is_is_asked_once_although_asking_finds_the_stored_tokens(sandbox, clock):
    store = tw.MemoryTokenStore()
    stored = tw.OAuth2Tokens(
        client_id=sandbox.oauth2.client_id,
        access_token=sandbox.oauth2.access_token,
        refresh_token=sandbox.oauth2.refresh_token,
        seed="a sign-in",
    )
    await store.save("bot", stored)
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(tw.OAuth2(stored.client_id, account="bot"))
        assert await session.user_id() == sandbox.me.user_id
    assert len(sandbox.requests) == 1


async def test_x_is_not_asked_for_what_the_store_knows(sandbox, clock):
    store = tw.MemoryTokenStore()
    stored = tw.OAuth2Tokens(
        client_id=sandbox.oauth2.client_id,
        access_token=sandbox.oauth2.access_token,
        refresh_token=sandbox.oauth2.refresh_token,
        seed="a sign-in",
        user_id=sandbox.me.user_id,
    )
    await store.save("bot", stored)
    async with new_manager(sandbox, clock, store) as manager:
        session = manager.session(tw.OAuth2(stored.client_id, account="bot"))
        assert (await session.retweet(sandbox.tweet_id)).retweeted
    assert [request.method for request in sandbox.requests] == ["POST"]


async def test_who_it_is_can_not_be_asked_of_a_closed_manager(sandbox, clock):
    async with new_manager(sandbox, clock, tw.MemoryTokenStore()) as manager:
        session = manager.session(named(sandbox.oauth2))
    with pytest.raises(tw.ManagerClosed):
        await session.user_id()


async def test_a_session_without_the_client_secret_leaves_it_to_the_others(clock):
    tokens = {"token_type": "bearer", "access_token": "a", "refresh_token": "r"}
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, tokens), reply(200, page("1"))])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            first = manager.session(tw.OAuth2("c", "secret", refresh_token="old", account="bot"))
            manager.session(tw.OAuth2("c", account="bot"))
            await first.retweets(1).collect()
    refresh = server.requests[0]
    assert refresh.headers["authorization"].startswith("Basic ")

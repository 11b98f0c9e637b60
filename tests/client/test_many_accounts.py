"""A hundred thousand accounts in one manager: what each costs, and that none stays behind."""

import gc
import tracemalloc
from collections.abc import Callable

import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, reply
from twretweet.pipeline.identity import Identities

pytestmark = pytest.mark.anyio

MANY = 10_000


def oauth2(number: int) -> tw.OAuth2:
    tokens = {"access_token": f"a{number:090d}", "refresh_token": f"r{number:090d}"}
    return tw.OAuth2("client", expires_at=1.7e9 + number, **tokens)


def oauth1(number: int) -> tw.OAuth1:
    token = f"{1_500_000_000_000_000_000 + number}-{'t' * 31}"
    return tw.OAuth1("k" * 25, "s" * 50, token, f"{number:045d}")


def named(number: int) -> tw.OAuth2:
    return tw.OAuth2("client", account=f"customer {number}")


def both(number: int) -> tw.OAuth2:
    tokens = {"access_token": f"a{number:090d}", "refresh_token": f"r{number:090d}"}
    return tw.OAuth2("client", account=f"customer {number}", **tokens)


def held(make: Callable[[int], tw.Credentials], manager: tw.SessionManager) -> float:
    """The bytes that a session holds, its account and its tokens included."""
    manager.session(make(MANY))
    sessions: list[tw.Session | None] = [None] * MANY
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for number in range(MANY):
            sessions[number] = manager.session(make(number))  # the credentials are dropped
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return (after - before) / MANY


@pytest.mark.parametrize("make", [oauth2, oauth1, named, both])
def test_a_session_holds_less_than_a_kilobyte(make):
    assert held(make, tw.SessionManager()) < 1000


@pytest.mark.parametrize("make", [oauth2, oauth1, named, both])
def test_a_session_that_is_dropped_leaves_nothing_behind(make):
    manager = tw.SessionManager()
    sessions = [manager.session(make(number)) for number in range(1000)]
    assert len(sessions) == 1000
    del sessions
    gc.collect()
    assert len(manager._accounts._shared) == 0
    assert [len(users) for users in manager._accounts._users.values()] in ([], [0])


async def test_locks_exist_only_while_somebody_refreshes(sandbox, clock):
    store = tw.MemoryTokenStore()
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, token_store=store) as manager:
        sessions = [manager.session(sandbox.new_account().oauth2) for _ in range(50)]
        sandbox.expire_access_tokens()
        async with anyio.create_task_group() as tasks:
            for session in sessions:
                tasks.start_soon(session.tweet, sandbox.tweet_id)
        assert store._locks == {}
        assert manager._pipeline._keeper._flights == {}


async def test_user_ids_are_remembered_for_so_many_accounts_and_no_more(clock):
    me = reply(200, {"data": {"id": "12", "name": "n", "username": "u"}})
    async with ScriptedServer() as server:
        server.replies.append(me)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            manager._pipeline.identities = Identities(most=3)

            async def ask(number: int) -> int:
                """How often X is asked for an id, by a session made for that."""
                before = len(server.requests)
                credentials = tw.OAuth2("client", access_token=f"token {number}")
                assert await manager.session(credentials).user_id() == "12"
                return len(server.requests) - before

            assert [await ask(number) for number in (1, 2, 3, 4)] == [1, 1, 1, 1]
            assert [await ask(number) for number in (4, 3, 2)] == [0, 0, 0]
            assert await ask(1) == 1
            assert len(manager._pipeline.identities._known) == 3


async def test_a_session_that_lives_asks_for_its_user_once_whatever_is_forgotten(clock):
    me = reply(200, {"data": {"id": "12", "name": "n", "username": "u"}})
    async with ScriptedServer() as server:
        server.replies.append(me)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            manager._pipeline.identities = Identities(most=0)
            session = manager.session(tw.OAuth2("client", access_token="token"))
            for _ in range(3):
                assert await session.user_id() == "12"
    assert len(server.requests) == 1

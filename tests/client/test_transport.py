"""Connections: how many, whose, and what becomes of the slots of requests that had none."""

import warnings

import aiohttp
import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


async def test_waiting_for_a_connection_takes_nothing_of_the_timeout(clock):
    async with (
        Sandbox(retweets=5, clock=clock, quirks=Quirks(latency=1.2)) as sandbox,
        tw.SessionManager(base_url=sandbox.url, clock=clock, timeout=2) as manager,
    ):
        sessions = [manager.session(sandbox.new_account().oauth1) for _ in range(250)]

        async def read(session: tw.Session) -> None:
            assert len(await session.retweets(sandbox.tweet_id).collect()) == 5

        async with anyio.create_task_group() as tasks:
            for session in sessions:
                tasks.start_soon(read, session)
        assert len(sandbox.requests) == 250
    assert clock.monotonic() > 3, "a hundred at a time"


async def test_who_is_cancelled_while_waiting_for_a_connection_keeps_the_slot(clock):
    async with (
        Sandbox(retweets=5, clock=clock, quirks=Quirks(latency=10)) as sandbox,
        tw.SessionManager(base_url=sandbox.url, clock=clock) as manager,
    ):
        others = [manager.session(sandbox.new_account().oauth1) for _ in range(100)]
        session = manager.session(sandbox.oauth1)
        async with anyio.create_task_group() as tasks:
            for other in others:
                tasks.start_soon(other.tweet, sandbox.tweet_id)
            await anyio.sleep(1)
            with anyio.move_on_after(1):
                await session.tweet(sandbox.tweet_id)
            [state] = [s for s in session.rate_limits() if s.endpoint == "tweet"]
            assert (state.remaining, state.in_flight) == (state.limit, 0)


async def test_an_own_session_that_is_closed_is_refused(sandbox, clock):
    http = aiohttp.ClientSession()
    manager = tw.SessionManager(base_url=sandbox.url, clock=clock, http=http)
    await http.close()
    with pytest.raises(tw.QueryError, match="closed already"):
        await manager.open()
    with pytest.raises(tw.QueryError, match="closed already"):
        tw.SessionManager(http=http)


async def test_an_own_session_with_credentials_of_its_own_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # aiohttp 4 will not have it
        http = aiohttp.ClientSession(auth=aiohttp.BasicAuth("user", "pw"))
    async with http:
        with pytest.raises(tw.QueryError, match="auth="):
            tw.SessionManager(http=http)


async def test_the_proxy_of_an_own_session_is_used(clock):
    async with ScriptedServer() as proxy, ScriptedServer() as server:
        proxy.replies.append(reply(200, page("1")))
        async with (
            aiohttp.ClientSession(proxy=proxy.url) as http,
            tw.SessionManager(base_url=server.url, clock=clock, http=http) as manager,
        ):
            await manager.session(tw.AppOnly("t")).retweets(1).collect()
    assert not server.requests
    assert proxy.requests[0].target.startswith(server.url)


async def test_closing_waits_for_calls_over_an_own_session(clock):
    async with (
        Sandbox(retweets=5, clock=clock, quirks=Quirks(latency=10)) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        manager = await tw.SessionManager(base_url=sandbox.url, clock=clock, http=http).open()
        session = manager.session(sandbox.oauth1)
        ended: list[str] = []

        async def read() -> None:
            with pytest.raises(tw.ManagerClosed):
                await session.me()
            ended.append("read")

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(read)
            await anyio.sleep(1)
            await manager.aclose()
            assert all(state.in_flight == 0 for state in manager.rate_limits())
        assert ended == ["read"] * 5


async def test_a_clock_that_is_wrong_by_hours_costs_one_attempt(sandbox, clock):
    for skew in (-7200, 7200):
        own = LoopClock(skew=skew)
        async with tw.SessionManager(base_url=sandbox.url, clock=own) as manager:
            session = manager.session(sandbox.oauth1)
            before = len(sandbox.requests)
            assert (await session.me()).id == sandbox.me.user_id
            assert [seen.status for seen in sandbox.requests][before:] == [401, 200]
            await session.me()
            assert len(sandbox.requests) == before + 3


async def test_a_429_whose_body_breaks_off_still_closes_the_window(clock):
    headers = {
        "x-rate-limit-limit": "75",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(clock.time()) + 500),
        "connection": "close",
    }
    async with ScriptedServer() as server:
        server.replies.append(reply(429, b'{"title', headers, length=100))
        async with tw.SessionManager(base_url=server.url, clock=clock, max_wait=60) as manager:
            session = manager.session(tw.AppOnly("t"))
            with pytest.raises(tw.TooManyRequests):
                await session.tweet(1)
            with pytest.raises(tw.RateLimitExceeded):
                await session.tweet(1)
    assert len(server.requests) == 1


async def test_an_address_that_was_given_is_not_overruled_by_the_environment(
    sandbox, clock, monkeypatch
):
    monkeypatch.setenv("TWRETWEET_BASE_URL", sandbox.url)
    async with tw.SessionManager(clock=clock) as manager:
        assert (await manager.session(sandbox.oauth1).me()).id == sandbox.me.user_id
    monkeypatch.setenv("TWRETWEET_BASE_URL", "http://127.0.0.1:9")
    given = str(sandbox.url)
    async with tw.SessionManager(base_url=given, clock=clock) as manager:
        assert (await manager.session(sandbox.oauth1).me()).id == sandbox.me.user_id


async def test_all_sessions_of_an_account_ask_for_its_id_once(sandbox, manager):
    sessions = [manager.session(sandbox.oauth2) for _ in range(10)]
    async with anyio.create_task_group() as tasks:
        for session in sessions:
            tasks.start_soon(session.user_id)
    assert [seen.path for seen in sandbox.requests] == ["/2/users/me"]


async def test_an_account_without_an_id_writes_nothing(clock):
    async with ScriptedServer() as server:
        server.replies.append(reply(200, {"data": {"name": "n", "username": "u"}}))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            with pytest.raises(tw.DecodeError):
                await manager.session(tw.OAuth2("c", access_token="t")).retweet(1)
    assert [seen.method for seen in server.requests] == ["GET"]

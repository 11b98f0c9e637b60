"""Opening, closing, and what must be refused before anything is sent."""

import asyncio
import gc

import aiohttp
import anyio
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


async def test_a_manager_opened_in_one_task_may_be_closed_in_another(sandbox, clock):
    manager = tw.SessionManager(base_url=sandbox.url, clock=clock)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(manager.open)
    session = manager.session(sandbox.oauth1)
    assert len(await session.retweets(sandbox.tweet_id, limit=3).collect()) == 3
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(manager.aclose)
    await manager.aclose()  # twice is harmless
    with pytest.raises(tw.ManagerClosed, match="not open"):
        await session.retweet(sandbox.tweet_id)


async def test_two_who_close_a_manager_at_once_both_return(clock):
    async with Sandbox(quirks=Quirks(latency=60)) as slow:
        manager = await tw.SessionManager(base_url=slow.url, clock=clock).open()
        call = asyncio.ensure_future(manager.session(slow.app_only).tweet(slow.tweet_id))
        while not manager._pipeline._calls:
            await asyncio.sleep(0)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(manager.aclose)
                tasks.start_soon(manager.aclose)
        with pytest.raises(tw.ManagerClosed):
            await call


async def test_a_manager_that_was_never_opened_says_how_to_open_it(sandbox):
    session = tw.SessionManager(base_url=sandbox.url).session(sandbox.oauth1)
    with pytest.raises(tw.ManagerClosed, match="async with SessionManager"):
        await session.me()
    assert not sandbox.requests


async def test_a_manager_may_be_opened_again(sandbox, clock):
    manager = tw.SessionManager(base_url=sandbox.url, clock=clock)
    for _ in range(2):
        async with manager:
            assert (await manager.session(sandbox.oauth1).me()).id


async def test_opening_twice_leaks_no_connection_pool(sandbox, clock):
    manager = tw.SessionManager(base_url=sandbox.url, clock=clock)
    await manager.open()
    await manager.session(sandbox.oauth1).me()
    await manager.open()
    await manager.session(sandbox.oauth1).me()
    await manager.aclose()
    del manager
    gc.collect()  # an unclosed pool would warn, and warnings are errors
    with anyio.fail_after(5):
        while sandbox.open_connections:
            await anyio.sleep(0.01)
    assert sandbox.open_connections == 0


async def test_closing_ends_requests_under_way_and_waiters_with_a_clear_error(clock):
    async with Sandbox(retweets=10, clock=clock, quirks=Quirks(latency=10)) as sandbox:
        manager = await tw.SessionManager(base_url=sandbox.url, clock=clock).open()
        session = manager.session(sandbox.oauth1)
        ended: list[str] = []

        async def read() -> None:
            with pytest.raises(tw.ManagerClosed, match="closed during GET"):
                await session.retweets(sandbox.tweet_id).collect()
            ended.append("read")

        async with anyio.create_task_group() as tasks:
            for _ in range(80):  # one under way, the others wait for it
                tasks.start_soon(read)
            await anyio.sleep(1)
            await manager.aclose()
        assert len(ended) == 80
        assert clock.monotonic() < 2
        assert all(s.in_flight == s.waiting == 0 for s in manager.rate_limits())


async def test_a_walk_left_by_break_or_never_finished_leaves_nothing_behind(sandbox, clock):
    before = asyncio.all_tasks()
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        session = manager.session(sandbox.oauth1)
        async for _ in session.retweets(sandbox.tweet_id):
            break
        async for _ in session.retweets(sandbox.tweet_id).pages():
            break
        forgotten = session.retweets(sandbox.tweet_id)
        await anext(forgotten)
        never_awaited = session.retweets(sandbox.tweet_id)
        del forgotten, never_awaited
        gc.collect()
        assert all(s.in_flight == s.waiting == 0 for s in manager.rate_limits())
    with anyio.fail_after(5):
        while sandbox.open_connections:
            await anyio.sleep(0.01)
    assert asyncio.all_tasks() == before


async def test_the_callers_own_http_session_is_used_and_stays_open(sandbox, clock):
    async with aiohttp.ClientSession() as http:
        async with tw.SessionManager(base_url=sandbox.url, http=http, clock=clock) as manager:
            await manager.session(sandbox.oauth1).me()
        assert not http.closed
        assert not http.connector.closed
        assert [len(pool) for pool in http.connector._conns.values()] == [1], "its connections"


@pytest.mark.parametrize("own", [False, True])
async def test_no_cookie_travels_from_one_account_to_another(clock, own):
    async with ScriptedServer() as server:
        # The name of a host, because a cookie jar ignores those of addresses.
        url = server.url.replace("127.0.0.1", "localhost")
        server.replies.append(reply(200, page("1"), {"set-cookie": "guest_id=a; path=/"}))
        http = aiohttp.ClientSession() if own else None
        async with tw.SessionManager(base_url=url, http=http, clock=clock) as manager:
            for token in ("first", "second"):
                await manager.session(tw.AppOnly(token)).retweets(1).collect()
        if http is not None:
            await http.close()
    assert [seen.headers.get("cookie") for seen in server.requests] == [None, None]
    assert [seen.headers["authorization"] for seen in server.requests] == [
        "Bearer first",
        "Bearer second",
    ]


async def test_the_user_id_is_asked_for_once_however_many_need_it(sandbox, manager):
    session = manager.session(sandbox.oauth2)
    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(session.retweet, sandbox.tweet_id)
    paths = [seen.path for seen in sandbox.requests]
    assert paths.count("/2/users/me") == 1
    assert await session.user_id() == sandbox.me.user_id


async def test_a_failed_or_cancelled_question_for_the_user_id_is_asked_again(clock):
    async with ScriptedServer() as server:
        me = reply(200, {"data": {"id": "12", "name": "n", "username": "u"}})
        server.replies.extend([..., reply(401, {"title": "Unauthorized"}), me])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(tw.OAuth2("client", access_token="t"))
            outcomes: list[str] = []

            async def ask() -> None:
                try:
                    outcomes.append(await session.user_id())
                except tw.Unauthorized:
                    outcomes.append("refused")

            async with anyio.create_task_group() as tasks:
                with anyio.move_on_after(1):
                    async with anyio.create_task_group() as cancelled:
                        cancelled.start_soon(ask)
                        await anyio.sleep(0.5)
                        tasks.start_soon(ask)
                        tasks.start_soon(ask)
            assert outcomes == ["refused", "refused"]
            assert await session.user_id() == "12"
    assert len(server.requests) == 3


async def test_an_oauth1_user_id_comes_from_the_token(sandbox, session):
    assert await session.user_id() == sandbox.me.user_id
    assert not sandbox.requests


@pytest.mark.parametrize(
    "call",
    [
        lambda s: s.retweet("12a"),
        lambda s: s.undo_retweet(""),
        lambda s: s.tweet(-1),
        lambda s: s.user("no spaces"),
        lambda s: s.v1.retweet(True),
    ],
)
async def test_a_malformed_id_is_refused_before_anything_is_sent(sandbox, session, call):
    with pytest.raises(tw.QueryError, match="is not a"):
        await call(session)
    assert not sandbox.requests


async def test_the_app_itself_is_refused_what_only_users_can_do(sandbox, manager):
    app = manager.session(sandbox.app_only)
    for call in (app.retweet(1), app.undo_retweet(1), app.me(), app.v1.retweet(1)):
        with pytest.raises(tw.CredentialsError, match="use OAuth1"):
            await call
    with pytest.raises(tw.CredentialsError, match="use OAuth1 or OAuth2"):
        app.reposts_of_me()
    private = tw.TweetQuery().fields("non_public_metrics")
    with pytest.raises(tw.QueryError, match="non_public_metrics"):
        app.retweets(1, private)
    with pytest.raises(tw.QueryError, match="non_public_metrics"):
        await app.tweet(1, private)
    assert not sandbox.requests


async def test_v1_works_with_oauth1_and_says_so_to_others(sandbox, manager, session):
    made = await session.v1.retweet(sandbox.tweet_id)
    assert made.retweeted_status
    assert made.retweeted_status.id == sandbox.tweet_id
    again = await session.v1.retweet(sandbox.tweet_id, trim_user=True)
    assert (again.id, again.retweeted) == (sandbox.tweet_id, True)
    undone = await session.v1.unretweet(sandbox.tweet_id, trim_user=True)
    assert undone.id == sandbox.tweet_id
    with pytest.raises(tw.CredentialsError, match="use OAuth1"):
        await manager.session(sandbox.oauth2).v1.retweet(sandbox.tweet_id)


async def test_retweeting_counts_and_undoing_counts_back(sandbox, session):
    query = tw.TweetQuery().fields("public_metrics")

    async def count() -> int:
        metrics = (await session.tweet(sandbox.tweet_id, query)).public_metrics
        assert metrics
        return metrics.retweet_count

    assert await count() == 1000
    assert await session.retweet(f"https://x.com/TwitterDev/status/{sandbox.tweet_id}") == (
        tw.RetweetResult(tweet_id=sandbox.tweet_id, retweeted=True)
    )
    assert await count() == 1001
    newest = await anext(session.retweets(int(sandbox.tweet_id), tw.TweetQuery().author()))
    assert newest.author
    assert newest.author.id == sandbox.me.user_id
    undone = await session.undo_retweet(sandbox.tweet_id)
    assert not undone.retweeted
    assert await count() == 1000


async def test_an_unknown_user_is_not_found(session):
    with pytest.raises(tw.NotFound, match="nobody_at_all") as caught:
        await session.user("nobody_at_all")
    assert caught.value.problem_type == "resource-not-found"


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ({"base_url": "http://api.x.com"}, "unencrypted"),
        ({"base_url": "api.x.com"}, "no address"),
        ({"base_url": "ftp://api.x.com"}, "no address"),
        ({"base_url": "https://user:pw@api.x.com"}, "no place there"),
        ({"base_url": "https://user:pw@host:99999"}, "no place there"),
        ({"base_url": "https://a..b"}, "no address"),
        ({"base_url": "https://api.x.com/a b"}, "plain path"),
        ({"base_url": "https://api.x.com/a/../b"}, "plain path"),
        ({"timeout": float("inf")}, "timeout"),
        ({"base_url": "https://api.x.com:99999"}, "no address"),
        ({"timeout": 0}, "timeout"),
        ({"max_wait": -1}, "max_wait"),
        ({"max_wait": float("nan")}, "max_wait"),
        ({"vocabulary": "toot"}, "vocabulary"),
    ],
)
def test_wrong_settings_are_refused_at_once(arguments, why):
    with pytest.raises(tw.QueryError, match=why) as caught:
        tw.SessionManager(**arguments)
    assert "pw" not in str(caught.value)


async def test_what_is_no_credentials_is_refused(manager):
    with pytest.raises(tw.CredentialsError, match="use OAuth1, OAuth2 or AppOnly"):
        manager.session("a-secret-token")
    with pytest.raises(tw.CredentialsError, match="no access token"):
        manager.session(tw.OAuth2("client"))


async def test_sessions_of_the_same_credentials_share_their_buckets(sandbox, manager):
    first, second = manager.session(sandbox.oauth1), manager.session(sandbox.oauth1)
    await first.retweets(sandbox.tweet_id, limit=1).collect()
    await second.retweets(sandbox.tweet_id, limit=1).collect()
    [state] = [s for s in manager.rate_limits() if s.window.startswith("retweets:")]
    assert state.remaining == 73

"""No secret in what is left of a call that its caller broke off: by a timeout, or by Ctrl-C."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import msgspec
import pytest
from redis.asyncio import Redis

import twretweet as tw
from tests.client.test_account_secrets import (
    CLIENT,
    FLOWS,
    GRANT,
    WORD,
    assert_hidden,
    check,
    finish,
)
from tests.client.test_secrets import APP, OAUTH1, SECRETS, everything
from tests.sign_in.test_with_browser import get
from tests.support.interrupting import WAYS, interrupted, new_runner
from tests.support.scripted import ScriptedServer, cut_short, reply
from tests.support.virtual_time import LoopClock
from twretweet.auth.redis import RedisTokenStore

pytestmark = pytest.mark.anyio
EACH_WAY = pytest.mark.parametrize("way", WAYS)


def half(body: bytes) -> bytes:
    """The first half of a reply; the rest does not come."""
    return cut_short(body).replace(b"connection: close", b"x: y")


@pytest.fixture
def runner():
    with new_runner() as runner:
        yield runner


@pytest.fixture
def server(runner):
    server = ScriptedServer()
    runner.run(server.__aenter__())
    yield server
    runner.run(server.__aexit__(None, None, None))


Flow = Callable[[tw.SessionManager], Awaitable[None]]


def left_of(flow: Flow, way: str, runner: asyncio.Runner, url: str, **options) -> str:
    """All that is seen of a flow that was broken off."""
    manager = tw.SessionManager(base_url=url, clock=LoopClock(), timeout=20, **options)
    runner.run(manager.open())
    error = interrupted(runner, way, partial(flow, manager))
    runner.run(manager.aclose())
    return everything(error)


# -- calls --------------------------------------------------------------------------------


async def read(credentials: tw.Credentials, manager: tw.SessionManager) -> None:
    await manager.session(credentials).tweet(1)


async def walk(credentials: tw.Credentials, manager: tw.SessionManager) -> None:
    async for _ in manager.session(credentials).retweets(1):
        pass


async def walk_ahead(credentials: tw.Credentials, manager: tw.SessionManager) -> None:
    async for _ in manager.session(credentials).retweets(1, prefetch=2):
        pass


async def retweet(credentials: tw.Credentials, manager: tw.SessionManager) -> None:
    await manager.session(credentials).retweet(1)


CALLS = [
    pytest.param(partial(call, credentials), id=f"{type(credentials).__name__}, {call.__name__}")
    for credentials, calls in ((OAUTH1, (read, walk, walk_ahead, retweet)), (APP, (read, walk)))
    for call in calls
]


def assert_shown_nothing(seen: str, server: ScriptedServer) -> None:
    sent = server.requests[0].headers["authorization"]
    for secret in (*SECRETS, sent, sent.rpartition("oauth_signature=")[2]):
        assert secret not in seen


@pytest.mark.parametrize("come", [..., half(b"{")], ids=["", "with half a reply"])
@pytest.mark.parametrize("call", CALLS)
@EACH_WAY
def test_a_call_that_is_broken_off_shows_no_secret(runner, server, way, call, come):
    server.replies.append(come)
    assert_shown_nothing(left_of(call, way, runner, server.url), server)


async def pool() -> aiohttp.ClientSession:
    return aiohttp.ClientSession()


@pytest.mark.parametrize("come", [..., half(b"{")], ids=["", "with half a reply"])
@EACH_WAY
def test_nor_does_one_over_the_caller_s_own_connections(runner, server, way, come):
    server.replies.append(come)
    http = runner.run(pool())
    seen = left_of(partial(retweet, OAUTH1), way, runner, server.url, http=http)
    runner.run(http.close())
    assert_shown_nothing(seen, server)


@asynccontextmanager
async def managing(url: str, *, own_pool: bool) -> AsyncIterator[tw.SessionManager]:
    http = await pool() if own_pool else None
    async with tw.SessionManager(base_url=url, http=http) as manager:
        yield manager
    if http is not None:
        await http.close()


@pytest.mark.parametrize("own_pool", [False, True], ids=["", "over their own connections"])
async def test_a_call_that_is_cancelled_at_any_step_shows_no_secret(own_pool):
    steps, ended = 0, False
    async with ScriptedServer() as server:
        server.replies.append(reply(200, {"data": {"retweeted": True}}))
        while not ended:
            async with managing(server.url, own_pool=own_pool) as manager:
                task = asyncio.ensure_future(retweet(OAUTH1, manager))
                for _ in range(steps):
                    await asyncio.sleep(0)
                ended = task.done()
                task.cancel("no longer wanted")
                if not ended:
                    with pytest.raises(asyncio.CancelledError) as caught:
                        await task
                    assert task.cancelled()
                    seen = everything(caught.value)
                    assert not [secret for secret in SECRETS if secret in seen], steps
            steps += 1
    assert 10 < steps < 100


# -- accounts -----------------------------------------------------------------------------


@pytest.mark.parametrize("come", [..., half(msgspec.json.encode(GRANT))], ids=["", "halfway"])
@pytest.mark.parametrize("flow", FLOWS)
@EACH_WAY
def test_a_flow_that_is_broken_off_shows_no_secret(runner, server, way, flow, come):
    server.replies.append(come)
    assert_hidden(left_of(flow, way, runner, server.url))
    assert server.requests


@EACH_WAY
def test_a_sign_in_that_is_broken_off_while_x_tells_who_it_is_shows_none(runner, server, way):
    server.replies.extend([reply(200, GRANT), ...])
    assert_hidden(left_of(finish, way, runner, server.url))
    assert [request.method for request in server.requests] == ["POST", "GET"]


@EACH_WAY
def test_nor_does_one_that_the_browser_comes_back_to(runner, server, way):
    tasks = []

    async def come_back(url: str) -> None:
        state = url.partition("&state=")[2].partition("&")[0]
        await get(f"http://127.0.0.1:{port_in(url)}/callback?state={state}&code={WORD}-code")

    def show(url: str) -> None:
        tasks.append(asyncio.ensure_future(come_back(url)))

    async def with_browser(manager: tw.SessionManager) -> None:
        await manager.sign_in.with_browser(CLIENT, show=show, port=0)

    server.replies.append(...)
    assert_hidden(left_of(with_browser, way, runner, server.url))
    assert server.requests
    assert tasks[0].done()


def port_in(url: str) -> str:
    return url.partition("127.0.0.1%3A")[2].partition("%2F")[0]


class Hanging(tw.MemoryTokenStore):
    """A database that does not answer; its client has what it was given in its frames."""

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        await execute("UPDATE accounts SET tokens = %s", tokens.to_json())


async def execute(statement: str, *values: str) -> None:
    await asyncio.sleep(1e6)


async def hanging_store() -> Hanging:
    store, tokens = Hanging(), tw.OAuth2Tokens(client_id="client", access_token=f"{WORD}-access")
    await tw.MemoryTokenStore.save(store, "bot", tokens)
    return store


@EACH_WAY
def test_a_wait_for_a_store_that_is_broken_off_shows_none(runner, way):
    store = runner.run(hanging_store())
    assert_hidden(left_of(check, way, runner, "http://127.0.0.1:1", token_store=store))


@EACH_WAY
def test_a_wait_for_redis_that_is_broken_off_shows_none(runner, server, way):
    tokens = tw.OAuth2Tokens(client_id="client", access_token=f"{WORD}-access")

    async def save(client: Redis) -> None:
        await RedisTokenStore(client, timeout=20).run("return 1", "key", tokens)

    client = Redis(port=int(server.url.rpartition(":")[2]))  # it waits for a greeting for ever
    error = interrupted(runner, way, partial(save, client))
    runner.run(client.aclose())
    assert_hidden(everything(error))

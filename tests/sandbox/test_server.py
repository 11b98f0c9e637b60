"""The sandbox as an HTTP server: its life, its headers, and what it withstands."""

import asyncio
import gc
import io
import socket
import tracemalloc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import anyio
import pytest

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Quirks, RecordedRequest, Sandbox
from twretweet.sandbox.call import Incoming

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def wire(
    sandbox: Sandbox,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A bare connection, on which any bytes can be sent."""
    address = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def until(condition: Callable[[], bool]) -> None:
    """Let the other side of the socket notice what this one did."""
    with anyio.fail_after(60):
        while not condition():  # nothing tells when it has
            await anyio.sleep(0.001)


async def test_it_listens_on_loopback_alone_and_tells_where(api: Api) -> None:
    assert api.sandbox.url.startswith("http://127.0.0.1:")
    listener = api.sandbox._server.listener
    assert [host for host, _ in listener.addresses] == ["127.0.0.1"]


async def test_it_is_started_and_closed_by_hand_and_closing_twice_is_harmless() -> None:
    sandbox = Sandbox()
    with pytest.raises(RuntimeError, match="start the sandbox first"):
        _ = sandbox.url
    await sandbox.aclose()
    await sandbox.start()
    with pytest.raises(RuntimeError, match="started already"):
        await sandbox.start()
    await sandbox.aclose()
    await sandbox.aclose()
    port = urlsplit(sandbox.url).port
    assert port is not None
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


async def test_it_comes_back_at_the_same_address_with_its_state(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=5, clock=clock)
    async with serving(sandbox, clock) as api:
        await api.retweet()
        url = sandbox.url
    async with serving(sandbox, clock) as api:
        assert sandbox.url == url
        assert len((await api.get(f"{api.tweet}/retweets")).ids) == 6


async def test_a_port_that_is_taken_is_an_error_and_leaves_nothing_open(api: Api) -> None:
    port = urlsplit(api.sandbox.url).port
    assert port is not None
    second = Sandbox(port=port)
    with pytest.raises(OSError, match=str(port)):
        await second.start()
    await second.aclose()


async def test_every_reply_has_the_headers_of_x(api: Api) -> None:
    api.clock.advance(1.5)
    good, bad = await api.get(api.tweet), await api.get("/nowhere")
    for reply in (good, bad):
        assert reply.headers["date"] == "Tue, 14 Nov 2023 22:13:21 UTC"
        assert reply.headers["x-sandbox-window-scale"] == "1"
        assert reply.headers["set-cookie"].startswith("guest_id=v1%3A")
        assert len(reply.headers["x-transaction-id"]) == 16
    assert good.headers["x-transaction-id"] != bad.headers["x-transaction-id"]
    assert api.sandbox.me.user_id in good.headers["set-cookie"]


async def test_requests_are_remembered_with_how_they_fared(api: Api) -> None:
    await api.get(f"{api.tweet}/retweets", max_results=5)
    await api.get(api.tweet, api.sandbox.app_only)
    await api.send("GET", api.sandbox.url + "/x", {"Cookie": "guest_id=1"})
    now = api.clock.time()
    path, me = api.tweet, api.sandbox.me.user_id
    assert list(api.sandbox.requests) == [
        RecordedRequest(now, "GET", f"{path}/retweets", "max_results=5", 200, me, 74, None, 0.025),
        RecordedRequest(now, "GET", path, "", 200, "app", 449, None, 0.005),
        RecordedRequest(now, "GET", "/x", "", 404, None, None, "guest_id=1"),
    ]
    assert api.sandbox.requests.maxlen is not None


@pytest.mark.parametrize("path", ["/2", "/2/tweets", "/2/tweets/1/", "/2/users/1/likes", "//"])
async def test_an_unknown_path_is_not_found(api: Api, path: str) -> None:
    reply = await api.get(path)
    assert reply.status == 404
    assert reply.body["title"] == "Not Found"


async def test_a_wrong_method_is_not_allowed(api: Api) -> None:
    reply = await api.call("PUT", f"/2/users/{api.sandbox.me.user_id}/retweets")
    assert reply.status == 405
    assert reply.headers["allow"] == "POST"
    assert reply.body["status"] == 405


@pytest.mark.parametrize(
    ("method", "path", "needed"),
    [
        ("GET", "/1.1/statuses/retweet/20.json", "POST"),
        ("DELETE", "/1.1/statuses/update.json", "POST"),
        ("GET", "/1.1/oauth/invalidate_token.json", "POST"),
    ],
)
async def test_a_wrong_method_of_v1_has_the_number_and_the_words_of_v1(
    api: Api, method: str, path: str, needed: str
) -> None:
    reply = await api.call(method, path)
    assert (reply.status, reply.headers["allow"]) == (405, needed)
    [error] = reply.body["errors"]
    assert error == {"code": 86, "message": f"This method requires a {needed}."}


async def test_a_body_too_large_for_v1_is_refused_as_v1_does(api: Api) -> None:
    url = f"{api.sandbox.url}/1.1/statuses/update.json"
    async with api.http.post(url, data=io.BytesIO(b"x" * 1_100_000)) as reply:
        assert reply.status == 413
        assert reply.content_type == "application/json"
        found = await reply.json()
    assert [error["code"] for error in found["errors"]] == [214]


async def test_a_body_too_large_is_refused(api: Api) -> None:
    url = f"{api.sandbox.url}/2/users/{api.sandbox.me.user_id}/retweets"
    async with api.http.post(url, data=io.BytesIO(b"x" * 1_100_000)) as reply:
        assert reply.status == 413
        assert (await reply.json())["status"] == 413
    assert (await api.retweet()).status == 200


async def test_a_fault_of_the_sandbox_is_a_500_that_shows_nothing_and_is_remembered(
    clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(incoming: Incoming) -> None:
        raise LookupError(f"secret detail of {incoming.path}")

    async with (
        Sandbox(clock=clock) as sandbox,
        aiohttp.ClientSession() as http,
    ):
        api = Api(sandbox, clock, http)
        monkeypatch.setattr(sandbox._core, "answer", fail)
        reply = await api.get(api.tweet)
        old = await api.call("POST", "/1.1/statuses/update.json")
        assert (reply.status, reply.body["title"]) == (500, "Internal Server Error")
        assert "secret" not in str(reply.body)
        assert (old.status, old.codes) == (500, [131])
        assert [type(failure) for failure in sandbox.failures] == [LookupError, LookupError]
        assert [entry.status for entry in sandbox.requests] == [500, 500]


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xff\x16\x03\x01 nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /2/users/me HTTP/9.9\r\n\r\n",
        b"GET /2/users/me HTTP/1.1\r\nHost: x\r\nBroken\r\n\r\n",
        b"GET /2/users/me HTTP/1.1\r\nHost: x\r\nX-Big: " + b"x" * 1_000_000 + b"\r\n\r\n",
        b"GET /" + b"x" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /2/tweets/\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /2/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://other/2/users/me HTTP/1.1\r\nHost: other\r\n\r\n",
        b"POST /2/users/1/retweets HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /2/users/1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /2/users/me HTTP/1.0\r\n\r\n",
    ],
    ids=lambda sent: repr(sent[:24]),
)
async def test_it_answers_nonsense_with_an_error_and_goes_on(
    api: Api, sent: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    async with wire(api.sandbox) as (reader, writer):
        writer.write(sent)
        with anyio.fail_after(60):
            line = await reader.readline()
    assert line.split(b" ")[1] in {b"400", b"401", b"404", b"405"}
    assert capfd.readouterr().err == ""
    assert (await api.get(api.tweet)).status == 200


async def test_bytes_that_are_no_text_are_quoted_without_harm(api: Api) -> None:
    bearer = f"Bearer {api.sandbox.app_only.bearer_token}".encode()
    for target in (b"/2/tweets/\xff", b"/2/tweets/1?\xff=\xfe", b"/2/tweets/%FF?%ED%A0%80=1"):
        async with wire(api.sandbox) as (reader, writer):
            writer.write(
                b"GET %b HTTP/1.1\r\nHost: x\r\nAuthorization: %b\r\n\r\n" % (target, bearer)
            )
            with anyio.fail_after(60):
                assert (await reader.readline()).split(b" ")[1] == b"400"
    assert not api.sandbox.failures


async def test_a_request_broken_off_leaves_no_connection_and_no_fault(api: Api) -> None:
    async with wire(api.sandbox) as (_, writer):
        writer.write(
            b"POST /2/users/1/retweets HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
        )
        await writer.drain()
        await until(lambda: api.sandbox.open_connections == 1)
    await until(lambda: api.sandbox.open_connections == 0)
    assert not api.sandbox.failures
    assert (await api.get(api.tweet)).status == 200


async def test_it_counts_the_connections_that_are_open(api: Api) -> None:
    assert api.sandbox.open_connections == 0
    await api.get(api.tweet)
    assert api.sandbox.open_connections == 1
    async with wire(api.sandbox), wire(api.sandbox):
        await until(lambda: api.sandbox.open_connections == 3)
    await until(lambda: api.sandbox.open_connections == 1)


async def test_half_open_connections_do_not_stop_it(api: Api) -> None:
    address = urlsplit(api.sandbox.url)
    held = [await asyncio.open_connection(address.hostname, address.port) for _ in range(200)]
    for _, writer in held:
        writer.write(b"GET /2/users/me HT")
    assert (await api.get(api.tweet)).status == 200
    for _, writer in held:
        writer.close()
    await until(lambda: api.sandbox.open_connections == 1)


async def test_it_closes_while_clients_are_connected_and_waiting(clock: ManualClock) -> None:
    sandbox = Sandbox(clock=clock, quirks=Quirks(latency=60))
    async with aiohttp.ClientSession() as http, anyio.create_task_group() as tasks:
        await sandbox.start()

        async def ask() -> None:
            api = Api(sandbox, clock, http)
            with pytest.raises(aiohttp.ClientError):
                await api.get(api.tweet)

        tasks.start_soon(ask)
        await until(lambda: sandbox.open_connections == 1)
        with anyio.fail_after(60):
            await sandbox.aclose()
    assert sandbox.open_connections == 0


async def test_a_reply_waits_for_the_latency_on_the_sandbox_s_clock(clock: ManualClock) -> None:
    sandbox = Sandbox(clock=clock, quirks=Quirks(latency=2))
    async with serving(sandbox, clock) as api, anyio.create_task_group() as tasks:
        dates: list[str] = []

        async def ask() -> None:
            dates.append((await api.get(api.tweet)).headers["date"])

        tasks.start_soon(ask)
        await until(lambda: bool(clock._sleepers))
        assert not dates
        clock.advance(2)
        await until(lambda: bool(dates))
    assert dates == ["Tue, 14 Nov 2023 22:13:22 UTC"]


async def test_many_accounts_at_once_are_counted_exactly(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=10, clock=clock), clock) as api:
        accounts = [api.sandbox.new_account() for _ in range(100)]

        async def act(number: int) -> None:
            assert (await api.retweet(accounts[number])).status == 200
            if number % 4 == 0:
                assert (await api.undo(accounts[number])).status == 200

        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(act, number)
        page = await api.get(f"{api.tweet}/retweeted_by")
        kept = {account.user_id for number, account in enumerate(accounts) if number % 4}
        assert len(page.ids) == 10 + 75
        assert kept < set(page.ids)


async def test_a_million_retweets_take_no_memory_and_every_page_of_them_is_there() -> None:
    clock = ManualClock()
    gc.collect()
    tracemalloc.start()
    try:
        sandbox = Sandbox(retweets=1_000_000, clock=clock)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2_000_000
    async with serving(sandbox, clock) as api:
        reply = await api.get(api.tweet, tweet__fields="public_metrics")
        assert reply.body["data"]["public_metrics"]["retweet_count"] == 1_000_000
        first = await api.get(f"{api.tweet}/retweets", tweet__fields="created_at")
        token = first.body["meta"]["next_token"]
        second = await api.get(f"{api.tweet}/retweets", pagination_token=token)
        assert len({*first.ids, *second.ids}) == 200
        assert first.body["data"][0]["created_at"] < "2023-11-14T22:13:20.000Z"


@pytest.mark.parametrize(
    "wrong",
    [
        {"retweets": -1},
        {"window_scale": 0},
        {"window_scale": -1},
        {"token_lifetime": 0},
        {"code_lifetime": -1},
    ],
)
def test_impossible_numbers_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Sandbox(**wrong)


def test_one_redirect_uri_is_not_taken_for_a_list_of_them() -> None:
    with pytest.raises(TypeError, match="redirect_uris"):
        Sandbox(redirect_uris="http://127.0.0.1/")

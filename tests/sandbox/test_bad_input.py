"""What a sandbox withstands: nonsense, floods, and connections that say nothing."""

import asyncio
import json
import re
import resource
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, Sandbox
from twretweet.sandbox.listener import MOST_SILENT

pytestmark = pytest.mark.anyio

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def wire(sandbox: Sandbox) -> AsyncIterator[Wire]:
    address = urlsplit(sandbox.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.001)


async def said(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the other side closes, or says nothing more."""
    async with asyncio.timeout(10):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
        return head + await reader.readexactly(length)


@pytest.fixture
def many_files() -> Iterator[None]:
    """Room for both ends of a thousand connections in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 8192 if hard == resource.RLIM_INFINITY else min(8192, hard)
    if wanted < 4096:
        pytest.skip(f"this system allows {hard} open files, and 4096 are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


REQUEST = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [
                b"GET /2/users/me HTTP/1.1\r\nHost: x\r\n",
                b"GET ",
                b"POST ",
                b"PATCH ",
                b"/2/users/me",
                b"/__sandbox__/state",
                b" HTTP/1.1",
                b"\r\n",
                b"\r\n\r\n",
                b"Host: x",
                b"Content-Length: 5",
                b"Content-Length: -1",
                b"Content-Length: 99999999999999999999",
                b"Transfer-Encoding: chunked",
                b"0\r\n",
                b"Authorization: OAuth oauth_token=",
                b"Authorization: Bearer \xff",
                b"?a=%",
                b"Expect: 100-continue",
                b"Upgrade: websocket\r\nConnection: upgrade",
                b"\x00",
            ]
        ),
    ),
    min_size=1,
    max_size=12,
).map(b"".join)


async def test_random_bytes_get_an_error_or_nothing_and_it_goes_on(
    api: Api, capfd: pytest.CaptureFixture[str]
) -> None:
    statuses: set[bytes] = set()

    @settings(
        max_examples=150,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    @given(REQUEST)
    @example(b"GET /2/nowhere HTTP/1.1\r\nHost: x")
    @example(b"GET /2/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff")
    def attack(sent: bytes) -> None:
        # In a thread of its own, with a loop of its own.
        asyncio.run(one(sent))

    async def one(sent: bytes) -> None:
        async with wire(api.sandbox) as (reader, writer), wire(api.sandbox) as (good, asker):
            writer.write(sent + b"\r\n\r\n")
            await writer.drain()
            # Once somebody else has an answer, this one had its turn.
            for _ in range(3):
                asker.write(b"GET /2/nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
                assert (await said(good)).startswith(b"HTTP/1.1 404")
            writer.write_eof()
            async with asyncio.timeout(10):
                answer = await reader.read()
            found = set(re.findall(rb"HTTP/1\.[01] ([0-9]+)", answer))
            assert found <= {b"100", b"200", b"400", b"401", b"403", b"404", b"405", b"413"}
            assert b"Traceback" not in answer
            assert b".py" not in answer
            statuses.update(found)

    await asyncio.get_running_loop().run_in_executor(None, attack)
    assert {b"400", b"401", b"404"} <= statuses
    assert not api.sandbox.failures
    assert capfd.readouterr().err == ""
    assert (await api.get(api.tweet)).status == 200


@pytest.mark.parametrize(
    "sent",
    [
        b"\x00\xffcanary\xff\xfe\r\n\r\n",
        b"GET /2/canary HTTP/1.1\r\nHost: x\r\ncanary\xff\r\n\r\n",
        b"GET /2/canary HTTP/9\r\n\r\n",
        b"GET /2/users/me HTTP/1.1\r\nHost: x\r\nContent-Length: canary\r\n\r\n",
    ],
)
async def test_what_is_no_http_gets_a_problem_that_quotes_nothing_of_it(
    api: Api, sent: bytes
) -> None:
    async with wire(api.sandbox) as (reader, writer):
        writer.write(sent)
        async with asyncio.timeout(10):
            answer = await reader.read()  # to the end: the connection is closed
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b" 400 " in head.split(b"\r\n")[0]
    assert b"content-type: application/problem+json" in head.lower()
    problem = {"title": "Bad Request", "detail": "Bad Request", "type": "about:blank"}
    assert json.loads(body) == {**problem, "status": 400}
    assert b"canary" not in answer


@pytest.mark.parametrize(
    "target",
    [
        b"/2/tweets/../../../etc/passwd",
        b"/2/tweets/..%2f..%2fetc%2fpasswd/retweets",
        b"/2/tweets/%2e%2e/retweets",
        b"/__sandbox__/../2/users/me",
        b"/__sandbox__/faults/../../etc/passwd",
        b"/__sandbox__/%2e%2e/state",
        b"//2/users/me",
        b"/2/tweets/" + b"9" * 5000 + b"/retweets",
        b"/2/tweets/%00/retweets",
        b"/2/users/by/username/..",
        b"*",
    ],
)
async def test_a_path_as_an_id_leads_nowhere(api: Api, target: bytes) -> None:
    host = urlsplit(api.sandbox.url).netloc.encode()
    bearer = api.sandbox.app_only.bearer_token.encode()
    async with wire(api.sandbox) as (reader, writer):
        writer.write(
            b"GET %b HTTP/1.1\r\nHost: %b\r\nAuthorization: Bearer %b\r\n\r\n"
            % (target, host, bearer)
        )
        answer = await said(reader)
    assert answer.split(b" ")[1] in {b"400", b"404"}
    assert b"root:" not in answer
    assert not api.sandbox.failures


@pytest.mark.parametrize("path", ["/2/users/1/retweets", "/__sandbox__/faults"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_of_100_megabytes_is_refused_and_not_kept(
    api: Api, path: str, *, chunked: bool
) -> None:
    size, piece = 100_000_000, b"x" * 1_000_000
    host = urlsplit(api.sandbox.url).netloc
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {size}"
    head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{length}"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    async with wire(api.sandbox) as (reader, writer):
        writer.write(head.encode() + b"\r\n\r\n")
        answer = asyncio.create_task(said(reader))
        for _ in range(size // len(piece)):
            writer.write(b"f4240\r\n" + piece + b"\r\n" if chunked else piece)
            await writer.drain()
        assert (await answer).split(b" ")[1] == b"413"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000
    assert (await api.get(api.tweet)).status == 200
    assert not api.sandbox.failures


@pytest.mark.parametrize(
    "head",
    [b"X-Big: " + b"x" * 1_000_000, b"".join(b"X-%d: y\r\n" % n for n in range(100_000))[:-2]],
    ids=["one", "many"],
)
async def test_headers_of_a_megabyte_are_refused(api: Api, head: bytes) -> None:
    async with wire(api.sandbox) as (reader, writer):
        writer.write(b"GET /2/users/me HTTP/1.1\r\nHost: x\r\n" + head + b"\r\n\r\n")
        answer = await said(reader)
    # aiohttp of 2025 doesn't count headers, so that it is the sandbox that says no.
    assert answer.split(b" ")[1] in {b"400", b"401"}
    assert b"Traceback" not in answer
    assert (await api.get(api.tweet)).status == 200


@pytest.mark.parametrize(
    "begun",
    [
        b"",
        b"GET /2/users/me HT",
        b"POST /2/users/1/retweets HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{",
    ],
    ids=["nothing", "half a line", "half a body"],
)
async def test_a_thousand_half_open_connections_do_not_stop_it(
    api: Api, many_files: None, begun: bytes
) -> None:
    address = urlsplit(api.sandbox.url)
    # One that has asked something already is no such connection, and stays.
    assert (await api.get(api.tweet)).status == 200
    held: list[Wire] = []
    try:
        for _ in range(1000):
            held.append(await asyncio.open_connection(address.hostname, address.port))
            held[-1][1].write(begun)
        # Each gets its turn, and the oldest are ended.
        await until(lambda: sum(reader.at_eof() for reader, _ in held) == 1000 - MOST_SILENT)
        assert (await api.get(api.tweet)).status == 200
        assert api.sandbox.open_connections == MOST_SILENT + 1
    finally:
        for _, writer in held:
            writer.transport.abort()
    await until(lambda: api.sandbox.open_connections == 1)
    assert not api.sandbox.failures


async def test_who_sends_and_never_reads_holds_up_nobody(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=1000, clock=clock), clock) as api:
        bearer = api.sandbox.app_only.bearer_token
        ask = (
            f"GET {api.tweet}/retweets?expansions=author_id HTTP/1.1\r\nHost: x\r\n"
            f"Authorization: Bearer {bearer}\r\n\r\n"
        ).encode()
        async with wire(api.sandbox) as (_, writer):
            writer.write(ask * 500)
            assert (await api.get(api.tweet)).status == 200
        await until(lambda: api.sandbox.open_connections == 1)
        assert not api.sandbox.failures


ASK = b"GET /2/nowhere HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /2/nowhere HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "answers"),
    [(ASK, 1), (ASK * 3, 3), (POST + b"{}", 1), (b"", 0), (ASK + POST + b"{", 0), (ASK[:9], 0)],
    ids=["one", "three", "a body", "nothing", "half a body", "half a line"],
)
async def test_who_closes_their_side_gets_what_they_asked_for_whole(
    api: Api, sent: bytes, answers: int
) -> None:
    async with wire(api.sandbox) as (reader, writer):
        writer.write(sent)
        writer.write_eof()
        async with asyncio.timeout(10):
            answer = await reader.read()
    assert answer.count(b"HTTP/1.1 404") == answers
    await until(lambda: api.sandbox.open_connections == 0)


async def test_who_closes_their_side_gets_an_answer_that_comes_late(clock: ManualClock) -> None:
    fault = Fault("slow_body", seconds=10)
    async with serving(Sandbox(clock=clock, faults=[fault]), clock) as api:
        async with wire(api.sandbox) as (reader, writer):
            writer.write(b"GET /2/users/me HTTP/1.1\r\nHost: x\r\n\r\n")
            writer.write_eof()
            await until(lambda: bool(clock._sleepers))
            reading = asyncio.create_task(reader.read())
            while not reading.done():
                clock.advance(1)
                await asyncio.sleep(0.001)
            assert b"Unauthorized" in reading.result()
        await until(lambda: api.sandbox.open_connections == 0)


@pytest.mark.parametrize("query", ["", "?x=1"])
async def test_who_watches_and_closes_their_side_is_gone(api: Api, query: str) -> None:
    async with wire(api.sandbox) as (reader, writer):
        host = urlsplit(api.sandbox.url).netloc
        writer.write(f"GET /__sandbox__/events{query} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        await reader.readuntil(b"event: state")
        writer.write_eof()
        await until(lambda: api.sandbox.open_connections == 0)


async def test_who_has_closed_their_side_can_not_watch(api: Api) -> None:
    async with wire(api.sandbox) as (reader, writer):
        host = urlsplit(api.sandbox.url).netloc
        writer.write(f"GET /__sandbox__/events HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        writer.write_eof()
        async with asyncio.timeout(10):
            await reader.read()
        await until(lambda: api.sandbox.open_connections == 0)

"""The listener on loopback, over real sockets."""

import socket

import anyio
import pytest

from twretweet.auth.listener import RedirectListener
from twretweet.auth.visit import LONGEST_HEAD, page
from twretweet.errors import QueryError, SignInError

pytestmark = pytest.mark.anyio

GONE = (anyio.EndOfStream, anyio.BrokenResourceError)
PAGE = page("Hello", "World")
# More than the buffers of both ends hold.
HUGE = page("Hello", "World" * 10_000_000)


@pytest.fixture
def anyio_backend(virtual_time):
    """Seconds of patience pass at once."""
    return virtual_time


@pytest.fixture
def listener():
    with RedirectListener(0) as opened:
        yield opened


def port_of(listener: RedirectListener) -> int:
    return int(listener.redirect_uri.rpartition(":")[2].partition("/")[0])


def request(listener: RedirectListener, target: str = "/callback?code=c", method: str = "GET"):
    return f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(listener)}\r\n\r\n".encode()


async def connect(listener: RedirectListener):
    return await anyio.connect_tcp("127.0.0.1", port_of(listener))


async def ask(listener: RedirectListener, *parts: bytes) -> bytes:
    """Send what a browser would, and read until the other side closes."""
    reply = b""
    async with await connect(listener) as stream:
        for part in parts:
            await stream.send(part)
        try:
            while True:
                reply += await stream.receive()
        except GONE:
            return reply


async def is_left(stream) -> None:
    with pytest.raises(GONE):
        while True:
            await stream.receive()
    await stream.aclose()


def refuses(listener: RedirectListener) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port_of(listener))) != 0


async def test_one_browser_is_heard_and_answered_and_then_nobody_listens(listener):
    replies: list[bytes] = []

    async def browse() -> None:
        replies.append(await ask(listener, request(listener, "/callback?code=c&state=s")))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(browse)
        visit = await listener.wait()
        assert visit.address == f"{listener.redirect_uri}?code=c&state=s"
        assert "code=c" not in repr(visit)
        assert refuses(listener)
        await visit.answer(PAGE)
    assert replies == [PAGE]


async def test_all_else_is_refused_and_does_not_end_the_wait(listener):
    others = {
        "icon": [request(listener, "/favicon.ico")],
        "no answer in it": [request(listener, "/callback")],
        "another method": [request(listener, method="POST")],
        "another host": [b"GET /callback?a HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
        "no HTTP": [b"\x16\x03\x01\x00\r\n\r\n"],
        "a head without end": [b"GET /callback?x HTTP/1.1\r\n", b"a: b\r\n" * 11_000],
        "silence": [],
        "half a head": [b"GET /call"],
    }
    assert LONGEST_HEAD < 6 * 11_000
    statuses: dict[str, str] = {}

    async def browse() -> None:
        for name, parts in others.items():
            statuses[name] = (await ask(listener, *parts))[9:12].decode()
        # As it may arrive, in pieces.
        whole = request(listener)
        statuses["the one"] = (await ask(listener, whole[:9], whole[9:40], whole[40:]))[
            9:12
        ].decode()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(browse)
        visit = await listener.wait()
        assert visit.address.endswith("/callback?code=c")
        await visit.answer(PAGE)
    assert statuses == {
        "icon": "404",
        "no answer in it": "404",
        "another method": "405",
        "another host": "404",
        "no HTTP": "400",
        "a head without end": "431",
        "silence": "",
        "half a head": "408",
        "the one": "200",
    }


async def test_a_browser_is_heard_while_others_say_nothing(listener):
    idle = [await connect(listener) for _ in range(20)]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(ask, listener, request(listener))
        visit = await listener.wait()
        await visit.answer(PAGE)
    for stream in idle:
        await is_left(stream)


async def test_more_connections_than_a_browser_makes_are_dropped_at_once(listener):
    left: list[object] = []

    async def watch(stream) -> None:
        await is_left(stream)
        left.append(stream)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.wait)
        for _ in range(70):
            tasks.start_soon(watch, await connect(listener))
        await anyio.sleep(5)
        assert len(left) == 6
        await anyio.sleep(6)  # the others have had their ten seconds
        assert len(left) == 70
        tasks.cancel_scope.cancel()


async def test_a_browser_that_has_gone_needs_no_answer(listener):
    stream = await connect(listener)
    await stream.send(request(listener))
    visit = await listener.wait()
    await anyio.aclose_forcefully(stream)
    await visit.answer(HUGE)
    visit.close()


async def test_a_browser_that_does_not_take_its_page_is_left(listener):
    async with await connect(listener) as stream:
        await stream.send(request(listener))
        visit = await listener.wait()
        await visit.answer(HUGE)
        visit.close()


async def test_a_browser_that_leaves_the_connection_open_is_left(listener):
    async with await connect(listener) as stream:
        await stream.send(request(listener))
        visit = await listener.wait()
        await visit.answer(PAGE)
        assert await stream.receive(len(PAGE)) == PAGE


async def test_a_port_in_use_is_named_with_what_to_do(listener):
    port = port_of(listener)
    with pytest.raises(SignInError, match=rf"port {port} of 127.0.0.1 is in use.*another"):
        RedirectListener(port).open()


async def test_a_port_that_is_not_for_us_is_named(monkeypatch):
    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Where tests run, the ports below 1024 may be anybody's.
    monkeypatch.setattr(socket.socket, "listen", forbidden)
    with pytest.raises(SignInError, match=r"port 0 of 127.0.0.1 \(Permission denied\)"):
        RedirectListener(0).open()


@pytest.mark.parametrize("port", [-1, 65_536])
async def test_a_number_that_is_no_port_is_refused(port):
    with pytest.raises(QueryError, match=f"the port is {port}"):
        RedirectListener(port)


@pytest.mark.parametrize("path", ["", "callback", "/a?b", "/a#b", "/a b", "/ü", "/a\n"])
async def test_what_is_no_path_is_refused(path):
    with pytest.raises(QueryError, match="the path is"):
        RedirectListener(0, path)


async def test_waiting_without_listening_is_an_error(listener):
    listener.close()
    with pytest.raises(SignInError, match="not open"):
        await listener.wait()


async def test_a_cancelled_wait_leaves_nothing_open(listener):
    idle, half = await connect(listener), await connect(listener)
    await half.send(b"GET /callback?co")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(listener.wait)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    assert refuses(listener)
    await is_left(idle)
    await is_left(half)


@pytest.mark.parametrize("turns", range(16))
async def test_cancelled_at_any_moment_it_keeps_no_connection(listener, turns):
    stream = await connect(listener)
    await stream.send(request(listener))
    visits = []

    async def wait() -> None:
        visits.append(await listener.wait())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        for _ in range(turns):
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert refuses(listener)
    for visit in visits:
        visit.close()
    await is_left(stream)


async def test_a_cancelled_answer_closes_the_connection(listener):
    stream = await connect(listener)
    await stream.send(request(listener))
    visit = await listener.wait()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(visit.answer, HUGE)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    await is_left(stream)

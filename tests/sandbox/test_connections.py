"""What a sandbox does about more connections than its process has files for."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import anyio
import pytest

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform == "win32", reason="files are not counted there"),
]

FILES = 256
CLIENTS = 300
ASK = b"GET /2/users/me HTTP/1.1\r\nHost: x\r\n\r\n"
SERVE = f"""
import resource
from twretweet.cli import main

resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))
main(["sandbox", "--json"])
"""

Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def process() -> Iterator[subprocess.Popen[str]]:
    """A sandbox in a process with few files, which has nothing to complain about."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
    assert errors == ""
    assert process.returncode == 0


@pytest.fixture(scope="module")
def address(process: subprocess.Popen[str]) -> tuple[str, int]:
    """Where it listens."""
    assert process.stdout is not None
    found = urlsplit(json.loads(process.stdout.readline())["url"])
    assert found.hostname is not None
    assert found.port is not None
    return found.hostname, found.port


async def connect(address: tuple[str, int], sent: bytes) -> Wire:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(sent)
    if sent == ASK:
        assert await answer(reader) == b"401"
    return reader, writer


async def answer(reader: asyncio.StreamReader) -> bytes:
    async with asyncio.timeout(30):
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        await reader.readexactly(length)
    return head.split(b" ")[1]


@pytest.mark.parametrize("sent", [ASK, b"GET /2/us"], ids=["asked once", "half open"])
async def test_connections_that_stay_open_keep_nobody_out(
    sent: bytes, address: tuple[str, int]
) -> None:
    held = [await connect(address, sent) for _ in range(CLIENTS)]
    try:
        # Each gets its turn, and those that have been quiet for longest are ended.
        assert (await held[0][0].read()) == b""
        latest, writer = held[-1]
        writer.write(ASK if sent == ASK else b"ers/me HTTP/1.1\r\nHost: x\r\n\r\n")
        assert await answer(latest) == b"401"
    finally:
        for _, writer in held:
            writer.transport.abort()


async def test_who_is_being_answered_stays_where_those_before_and_after_are_ended(
    address: tuple[str, int],
) -> None:
    host, port = address
    watch = f"GET /__sandbox__/events HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    watching, watcher = await connect(address, watch)
    assert b"200" in await watching.readline()
    held = [await connect(address, ASK) for _ in range(CLIENTS)]
    try:
        held.append(await connect(address, b"GET /the/last HTTP/1.1\r\nHost: x\r\n\r\n"))
        assert await answer(held[-1][0]) == b"404"
        # What was asked shows where somebody watches.
        async with asyncio.timeout(30):
            while b'"/the/last"' not in await watching.readline():
                assert not watching.at_eof()
    finally:
        for _, writer in [*held, (watching, watcher)]:
            writer.transport.abort()


async def test_more_at_once_than_there_are_files_for_do_not_stop_it(
    address: tuple[str, int], process: subprocess.Popen[str]
) -> None:
    before = [await connect(address, b"GET") for _ in range(CLIENTS)]
    # A busy machine: what ends and what comes meanwhile is there all at once.
    process.send_signal(signal.SIGSTOP)
    try:
        for _, writer in before:
            writer.transport.abort()
        coming = [asyncio.create_task(connect(address, b"GET")) for _ in range(CLIENTS)]
        await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
    finally:
        process.send_signal(signal.SIGCONT)
    wires = await asyncio.gather(*coming)
    wires.append(await connect(address, ASK))
    for _, writer in wires:
        writer.transport.abort()


ALL_BUSY = f"""
import asyncio
import resource
from twretweet.sandbox import Fault, Sandbox

resource.setrlimit(resource.RLIMIT_NOFILE, ({FILES}, {FILES}))

async def main():
    async with Sandbox(faults=[Fault("latency", seconds=3600)]) as sandbox:
        connections = sandbox._server.listener._connections
        host, port = sandbox._server.listener.addresses[0]
        held = []
        while True:
            reader, writer = await asyncio.open_connection(host, port)
            held.append(writer)
            writer.write({ASK!r})
            while not (over := reader.at_eof() or reader.exception()):
                if len(connections.connections) == len(held) and not connections._quiet:
                    break
                await asyncio.sleep(0)
            if over:
                break
        for writer in held:
            writer.transport.abort()

asyncio.run(main())
"""


async def test_who_comes_where_all_others_are_being_answered_is_ended_without_a_word() -> None:
    async with asyncio.timeout(60):
        done = await anyio.run_process([sys.executable, "-c", ALL_BUSY], check=False)
    assert (done.returncode, done.stderr) == (0, b"")

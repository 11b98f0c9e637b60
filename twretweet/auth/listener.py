"""The listener on loopback to which X sends a person's browser back.

It answers one request, the one that :func:`twretweet.auth.visit.read_head` understands, and
refuses all others without ending the wait: a browser also asks for an icon, opens connections on
which it sends nothing, and may be led here by others. What a connection may send, and how long it
may take, is bounded.

Sockets are used as they are: nothing is awaited but that one is ready, so no connection that was
accepted is lost to a cancellation, and closing never waits.

Source: https://www.rfc-editor.org/rfc/rfc8252, sections 7.3 and 8.3
"""

from __future__ import annotations

import errno
import os
import socket
import sys
from http import HTTPStatus
from types import TracebackType
from typing import Self

import anyio

from twretweet.auth.visit import HEAD_END, LONGEST_HEAD, Target, read_head, refused
from twretweet.errors import QueryError, SignInDeclined, SignInError

HOST = "127.0.0.1"
DEFAULT_PORT = 8976
DEFAULT_PATH = "/callback"
_HIGHEST_PORT = 65_535
# Seconds for a browser on the same machine to send its request, and to take the reply.
_PATIENCE = 10.0
_LINGER = 1.0
_MOST_CONNECTIONS = 64
_CHUNK = 16 * 1024


class Visit:
    """A browser that came back, and waits for a page."""

    __slots__ = ("_connection", "_target")

    def __init__(self, connection: socket.socket, target: Target) -> None:
        self._connection = connection
        self._target = target

    @property
    def address(self) -> str:
        """What it asked for, in full; it holds the answer of X."""
        return self._target.address

    async def answer(self, reply: bytes) -> None:
        """Send a whole reply, and close. A browser that has gone needs none."""
        await _answer(self._connection, reply)

    def close(self) -> None:
        """Leave without an answer; harmless after one."""
        self._connection.close()


class RedirectListener:
    """Listens on 127.0.0.1 until one browser came back.

    Args:
        port: where; 0 takes a free one, which X does not know as a callback address.
        path: the path of the redirect URI.

    Raises:
        QueryError: the port or the path is none.
    """

    def __init__(self, port: int = DEFAULT_PORT, path: str = DEFAULT_PATH) -> None:
        if not 0 <= port <= _HIGHEST_PORT:
            raise QueryError(f"the port is {port}: it must be between 0 and {_HIGHEST_PORT}")
        plain = path.isascii() and path.isprintable() and not set(path) & set(' ?#"<>')
        if not (path.startswith("/") and plain):
            raise QueryError(f"the path is {path!r}: it must look like {DEFAULT_PATH}")
        self._port = port
        self._path = path
        self._socket: socket.socket | None = None
        self._connections = 0

    def open(self) -> Self:
        """Begin to listen.

        Raises:
            SignInError: the port is taken, or not for us.
        """
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        try:
            listening.setblocking(False)
            # On Windows this name means that others may take the port away.
            if sys.platform != "win32":
                listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind((HOST, self._port))
            listening.listen(_MOST_CONNECTIONS)
        except OSError as error:
            listening.close()
            raise SignInError(_why_not(self._port, error)) from error
        self._port = int(listening.getsockname()[1])
        self._socket = listening
        return self

    def close(self) -> None:
        """Stop listening; harmless when it has stopped."""
        listening, self._socket = self._socket, None
        if listening is not None:
            listening.close()

    def __enter__(self) -> Self:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def redirect_uri(self) -> str:
        """Where browsers have to be sent back to."""
        return f"http://{self._host}{self._path}"

    @property
    def _host(self) -> str:
        return f"{HOST}:{self._port}"

    async def wait(self, patience: float | None = None) -> Visit:
        """Wait for the browser, and stop listening.

        Args:
            patience: how long, in seconds; ``None``: as long as it takes.

        Raises:
            SignInDeclined: nobody came.
            SignInError: it does not listen, or can't any more.
        """
        with anyio.move_on_after(patience):
            return await self._visited()
        raise SignInDeclined(f"nobody came back from X within {patience:g} s; nothing has changed")

    async def _visited(self) -> Visit:
        listening = self._socket
        if listening is None:
            raise SignInError("the listener on loopback is not open")
        found: list[Visit] = []
        failed: list[OSError] = []
        try:
            async with anyio.create_task_group() as tasks:

                async def receive(connection: socket.socket) -> None:
                    target = await self._receive(connection)
                    if target is not None:
                        found.append(Visit(connection, target))
                        tasks.cancel_scope.cancel()

                try:
                    while True:
                        await anyio.wait_readable(listening)
                        connection = _accepted(listening)
                        if connection is not None:
                            tasks.start_soon(receive, connection)
                except OSError as error:
                    failed.append(error)
                    tasks.cancel_scope.cancel()
        except BaseException:
            for visit in found:
                visit.close()
            raise
        finally:
            self.close()
        for visit in found[1:]:  # it asked twice at once
            visit.close()
        if found:
            return found[0]
        why = failed[0].strerror if failed else "nobody knows why"
        raise SignInError(f"the listener on {self._host} has ended: {why}")

    async def _receive(self, connection: socket.socket) -> Target | None:
        """Read one request; refuse it, or leave it to be answered if it is the one."""
        asked: Target | HTTPStatus | None = None
        self._connections += 1
        try:
            if self._connections <= _MOST_CONNECTIONS:
                asked = await self._ask(connection)
            if isinstance(asked, HTTPStatus):
                await _answer(connection, refused(asked))
        finally:
            self._connections -= 1
            if not isinstance(asked, Target):
                connection.close()
        return asked if isinstance(asked, Target) else None

    async def _ask(self, connection: socket.socket) -> Target | HTTPStatus | None:
        head = b""
        with anyio.move_on_after(_PATIENCE):
            while HEAD_END not in head:
                if len(head) > LONGEST_HEAD:
                    return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                more = await _read(connection)
                if not more:
                    return None
                head += more
            return read_head(head.partition(HEAD_END)[0], self._host, self._path)
        return HTTPStatus.REQUEST_TIMEOUT if head else None


def _accepted(listening: socket.socket) -> socket.socket | None:
    try:
        connection, _ = listening.accept()
    except (BlockingIOError, ConnectionError):
        return None  # it has gone already
    connection.setblocking(False)
    return connection


async def _read(connection: socket.socket) -> bytes:
    """What comes next; nothing if the other side has ended, or broken off."""
    while True:
        try:
            await anyio.wait_readable(connection)
            return connection.recv(_CHUNK)
        except BlockingIOError:
            continue
        except OSError:
            return b""


async def _write(connection: socket.socket, content: bytes) -> None:
    left = memoryview(content)
    while left:
        await anyio.wait_writable(connection)
        try:
            left = left[connection.send(left) :]
        except BlockingIOError:
            continue


async def _answer(connection: socket.socket, reply: bytes) -> None:
    try:
        with anyio.move_on_after(_PATIENCE):
            await _write(connection, reply)
            connection.shutdown(socket.SHUT_WR)
            # Closed while something is left unread, the connection would take the page with it.
            with anyio.move_on_after(_LINGER):
                while await _read(connection):
                    pass
    except OSError:
        pass  # the browser has gone
    finally:
        connection.close()


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of 127.0.0.1 is in use: end what listens there, or choose another port "
            "and add its callback address to the app's settings"
        )
    why = os.strerror(error.errno) if error.errno else str(error)
    return f"can't listen on port {port} of 127.0.0.1 ({why}): choose another port"

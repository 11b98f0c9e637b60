"""The listener on loopback to which X sends a person's browser back.

It answers one request, the one that :func:`twretweet.auth.visit.read_head` understands, and
refuses all others without ending the wait: a browser also asks for an icon, opens connections on
which it sends nothing, and may be led here by others. What a connection may send, and how long it
may take, is bounded.

Source: https://www.rfc-editor.org/rfc/rfc8252, sections 7.3 and 8.3
"""

from __future__ import annotations

import errno
import os
from http import HTTPStatus
from types import TracebackType
from typing import Self, cast

import anyio
from anyio.abc import SocketAttribute, SocketListener, SocketStream

from twretweet.auth.visit import HEAD_END, LONGEST_HEAD, Target, read_head, refused
from twretweet.errors import QueryError, SignInError

HOST = "127.0.0.1"
DEFAULT_PORT = 8976
DEFAULT_PATH = "/callback"
_HIGHEST_PORT = 65_535
# Seconds for a browser on the same machine to send its request, and to take the reply.
_PATIENCE = 10.0
_LINGER = 1.0
_MOST_CONNECTIONS = 64
_BROKEN = (OSError, anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream)


class Visit:
    """A browser that came back, and waits for a page.

    Attributes:
        address: what it asked for, in full; it holds the answer of X.
    """

    __slots__ = ("_stream", "_target")

    def __init__(self, stream: SocketStream, target: Target) -> None:
        self._stream = stream
        self._target = target

    @property
    def address(self) -> str:
        """What it asked for, in full; it holds the answer of X."""
        return self._target.address

    async def answer(self, reply: bytes) -> None:
        """Send a whole reply. A browser that has gone needs none."""
        await _answer(self._stream, reply)

    async def aclose(self) -> None:
        """Leave without an answer; harmless after one."""
        await anyio.aclose_forcefully(self._stream)


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
        self._listener: SocketListener | None = None
        self._connections = 0

    async def open(self) -> Self:
        """Begin to listen.

        Raises:
            SignInError: the port is taken, or not for us.
        """
        try:
            opened = await anyio.create_tcp_listener(local_host=HOST, local_port=self._port)
        except OSError as error:
            raise SignInError(_why_not(self._port, error)) from error
        # One address, so one listener, and of sockets, which anyio's types don't tell.
        listener = cast("SocketListener", opened.listeners[0])
        self._port = int(listener.extra_attributes[SocketAttribute.local_port]())
        self._listener = listener
        return self

    async def aclose(self) -> None:
        """Stop listening; harmless when it has stopped."""
        listener, self._listener = self._listener, None
        if listener is not None:
            await anyio.aclose_forcefully(listener)

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def redirect_uri(self) -> str:
        """Where browsers have to be sent back to."""
        return f"http://{self._host}{self._path}"

    @property
    def _host(self) -> str:
        return f"{HOST}:{self._port}"

    async def wait(self) -> Visit:
        """Wait for the browser, and stop listening.

        Raises:
            SignInError: it does not listen, or can't any more.
        """
        listener = self._listener
        if listener is None:
            raise SignInError("the listener on loopback is not open")
        found: list[Visit] = []
        failed: list[OSError] = []
        try:
            async with anyio.create_task_group() as tasks:

                async def receive(stream: SocketStream) -> None:
                    target = await self._receive(stream)
                    if target is not None:
                        found.append(Visit(stream, target))
                        tasks.cancel_scope.cancel()

                try:
                    while True:
                        tasks.start_soon(receive, await listener.accept())
                except OSError as error:
                    failed.append(error)
                    tasks.cancel_scope.cancel()
        except BaseException:
            for visit in found:
                await visit.aclose()
            raise
        finally:
            await self.aclose()
        for visit in found[1:]:  # it asked twice at once
            await visit.aclose()
        if found:
            return found[0]
        raise SignInError(f"the listener on {self._host} has ended: {failed[0].strerror}")

    async def _receive(self, stream: SocketStream) -> Target | None:
        """Read one request; refuse it, or leave it to be answered if it is the one."""
        asked: Target | HTTPStatus | None = None
        self._connections += 1
        try:
            if self._connections <= _MOST_CONNECTIONS:
                asked = await self._ask(stream)
            if isinstance(asked, HTTPStatus):
                await _answer(stream, refused(asked))
        finally:
            self._connections -= 1
            if not isinstance(asked, Target):
                await anyio.aclose_forcefully(stream)
        return asked if isinstance(asked, Target) else None

    async def _ask(self, stream: SocketStream) -> Target | HTTPStatus | None:
        head = b""
        with anyio.move_on_after(_PATIENCE):
            try:
                while HEAD_END not in head:
                    if len(head) > LONGEST_HEAD:
                        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
                    head += await stream.receive()
            except _BROKEN:
                return None
            return read_head(head.partition(HEAD_END)[0], self._host, self._path)
        return HTTPStatus.REQUEST_TIMEOUT if head else None


async def _answer(stream: SocketStream, reply: bytes) -> None:
    try:
        with anyio.move_on_after(_PATIENCE):
            await stream.send(reply)
            await stream.send_eof()
            # Closed while something is left unread, the connection would take the page with it.
            with anyio.move_on_after(_LINGER):
                while True:
                    await stream.receive()
    except _BROKEN:
        pass
    finally:
        await anyio.aclose_forcefully(stream)


def _why_not(port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} of 127.0.0.1 is in use: end what listens there, or choose another port "
            "and add its callback address to the app's settings"
        )
    why = os.strerror(error.errno) if error.errno else str(error)
    return f"can't listen on port {port} of 127.0.0.1 ({why}): choose another port"

"""Listening: the port, the connections, and which of them end where there are too many.

Each connection takes a file of the process, and a process that has none left can take no
connection at all. So the sandbox looks whether they run out whenever somebody connects, and then
ends the connections that have been quiet for longest, on which no request is being answered.
Whoever keeps connections for later connects again. Those that never asked anything are fewer from
the start, so that they can't drive out the ones that did.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from itertools import islice
from logging import NullHandler, getLogger
from socket import socket
from ssl import SSLContext
from typing import Final, TypeAlias

from aiohttp import web

from twretweet.sandbox.half_closed import HalfClosable
from twretweet.sandbox.unreadable import Stamps, UnderstandingServer

# Where aiohttp tells of requests that are no HTTP; silent unless logging is set up.
_LOG: Final = getLogger("twretweet.sandbox")
_LOG.addHandler(NullHandler())
_CLOSING_SECONDS: Final = 0.25
_KEPT_SECONDS: Final = 75.0
"""How long a connection is kept for another request; aiohttp's own hour is too long."""
_SPARE_FILES: Final = 32
_ENDED_SHARE: Final = 8
"""One in so many of the quiet connections ends where files run out."""
_MOST_WAITING: Final = 128
"""How many connections the system holds ready; as many may come at once."""
_ROUNDS: Final = 3
"""How many rounds of the event loop take connections before the file of one that ends is free."""
MOST_SILENT: Final = 500
"""How many connections may not have sent a whole request yet, while there are files for them."""

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connections(UnderstandingServer):
    """Ends the connections that have been quiet for longest where there are too many."""

    def __init__(self, handler: Handler, stamp: Stamps) -> None:
        super().__init__(
            self._handle, access_log=None, logger=_LOG, keepalive_timeout=_KEPT_SECONDS
        )
        self.stamp = stamp
        self._answer = handler
        # Those that have not asked anything yet, in the order in which they came.
        self._silent: dict[web.RequestHandler, None] = {}
        # Those that nothing is being done for, in the order in which that began.
        self._quiet: dict[web.RequestHandler, None] = {}
        # Those that still have their files, but not for long.
        self._ending: set[web.RequestHandler] = set()

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._silent[handler] = self._quiet[handler] = None
        if len(self._silent) > MOST_SILENT:
            self._end(next(iter(self._silent)))
        elif _files_run_out(transport, len(self._ending)):
            # Who comes next takes their numbers, and says nothing of how many files there are. So
            # one at a time would be too few.
            for quiet in list(islice(self._quiet, max(1, len(self._quiet) // _ENDED_SHARE))):
                if quiet is handler:
                    # It has to begin before it can end, which aiohttp lets it do after this.
                    asyncio.get_running_loop().call_soon(self._end, quiet)
                else:
                    self._end(quiet)

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        self._forget(handler)
        self._ending.discard(handler)
        super().connection_lost(handler, exc)

    def spoke(self, handler: web.RequestHandler) -> None:
        """Note that a whole request has come."""
        self._forget(handler)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(request.protocol, HalfClosable):
            request.protocol.taken()
        try:
            return await self._answer(request)
        finally:
            if request.protocol.transport is not None:
                self._quiet.setdefault(request.protocol)

    def _end(self, handler: web.RequestHandler) -> None:
        self._forget(handler)
        if handler.transport is not None:
            self._ending.add(handler)
            # Not close, which waits for one that doesn't read what it asked for.
            handler.transport.abort()

    def _forget(self, handler: web.RequestHandler) -> None:
        self._silent.pop(handler, None)
        self._quiet.pop(handler, None)


def _most_files() -> int | None:
    """Return how many files this process may have open; ``None`` where that is not told."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  # there is none on Windows

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return None if soft == resource.RLIM_INFINITY else soft


def _waiting(most_files: int | None) -> int:
    """Return how many connections the system may hold ready."""
    return _MOST_WAITING if most_files is None else min(_MOST_WAITING, max(1, most_files // 8))


def _files_run_out(transport: asyncio.Transport, ending: int) -> bool:
    """Tell whether too few files are left for those who may come before one that ends is gone.

    asyncio takes as many connections at a time as may wait, and a connection that it takes is made
    in its next round, while the next ones are taken; one that is ended has its file until the
    round after. So three times as many may come.

    A new file gets the lowest number that is free (POSIX, ``accept``): so its number says how many
    there are at least, the ends of clients in this process among them.

    Args:
        transport: the newest connection.
        ending: how many files are about to be closed.
    """
    most = _most_files()
    connected: socket | None = transport.get_extra_info("socket")
    if most is None or connected is None:
        return False
    room = most - _ROUNDS * _waiting(most) - min(_SPARE_FILES, most // 8)
    return connected.fileno() - ending >= room


class Listener:
    """A port, and those who have connected to it.

    Args:
        handler: answers a request.
        host: the address to listen on.
        stamp: gives the headers of every reply.
        tls: what it needs to speak TLS, if it does.
    """

    def __init__(
        self, handler: Handler, host: str, stamp: Stamps, tls: SSLContext | None = None
    ) -> None:
        self._tls = tls
        self._handler = handler
        self._stamp = stamp
        self._host = host
        self._connections: _Connections | None = None
        self._runner: web.ServerRunner | None = None

    @property
    def listening(self) -> bool:
        """Whether it takes connections."""
        return self._runner is not None

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open."""
        return 0 if self._connections is None else len(self._connections.connections)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens."""
        found = [] if self._runner is None else self._runner.addresses
        return [(str(address[0]), int(address[1])) for address in found]

    async def listen(self, port: int) -> int:
        """Begin to listen, and return the port.

        Raises:
            OSError: the port is taken, or the address is not of this machine.
        """
        self._connections = _Connections(self._handler, self._stamp)
        self._runner = web.ServerRunner(self._connections, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        waiting = _waiting(_most_files())
        site = web.TCPSite(self._runner, self._host, port, backlog=waiting, ssl_context=self._tls)
        try:
            await site.start()
        except OSError:
            await self.close()
            raise
        return self.addresses[0][1]

    def spoke(self, request: web.BaseRequest) -> None:
        """Note that a request has come whole."""
        if self._connections is not None:
            self._connections.spoke(request.protocol)

    async def close(self) -> None:
        """Close the port and every connection; harmless when closed."""
        runner, self._runner = self._runner, None
        held = [] if self._connections is None else self._connections.connections
        transports = [one.transport for one in held if one.transport is not None]
        if runner is not None:
            await runner.cleanup()
        self._connections = None
        if self._tls is not None:
            # TLS waits for the other side to say goodbye, longer than the event loop may last.
            for transport in transports:
                transport.abort()
            await asyncio.sleep(0)

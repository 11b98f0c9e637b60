"""Listening: the port, the connections, and how many of them may wait without asking anything."""

import asyncio
from collections.abc import Awaitable, Callable
from logging import NullHandler, getLogger
from typing import Final, TypeAlias

from aiohttp import web

from twretweet.sandbox.unreadable import UnderstandingServer

# Where aiohttp tells of requests that are no HTTP; silent unless logging is set up.
_LOG: Final = getLogger("twretweet.sandbox")
_LOG.addHandler(NullHandler())
_CLOSING_SECONDS: Final = 0.25
MOST_SILENT: Final = 500
"""How many connections may not have sent a whole request yet. A process has room for 1024 files
by default, and who connects and says nothing must not take them all."""

Handler: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class _Connections(UnderstandingServer):
    """Ends the oldest silent connection where there are too many."""

    def __init__(self, handler: Handler) -> None:
        super().__init__(handler, access_log=None, logger=_LOG)
        # In the order in which they came.
        self._silent: dict[web.RequestHandler, None] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        self._silent[handler] = None
        if len(self._silent) > MOST_SILENT:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.force_close()

    def connection_lost(
        self, handler: web.RequestHandler, exc: BaseException | None = None
    ) -> None:
        self._silent.pop(handler, None)
        super().connection_lost(handler, exc)

    def spoke(self, handler: web.RequestHandler) -> None:
        """Note that a whole request has come."""
        self._silent.pop(handler, None)


class Listener:
    """A port, and those who have connected to it.

    Args:
        handler: answers a request.
        host: the address to listen on.
    """

    def __init__(self, handler: Handler, host: str) -> None:
        self._handler = handler
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
        self._connections = _Connections(self._handler)
        self._runner = web.ServerRunner(self._connections, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, port)
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
        if runner is not None:
            await runner.cleanup()
        self._connections = None

"""The connections of one manager, and what X's clock says by the replies that came over them."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from twretweet.auth import Send, TokenStore
from twretweet.clock import Clock
from twretweet.protocol.headers import HeaderReader, RateHeaders
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply
from twretweet.transport import Transport


class Wire:
    """What every exchange with X needs.

    Args:
        transport: the connection pool.
        clock: the local clock.
        base_url: scheme and host, in normal form, without a slash at the end.
        store: where tokens live.

    Attributes:
        offset: X's clock minus the local one, by its last ``Date`` header, in seconds.
    """

    def __init__(
        self, transport: Transport, clock: Clock, *, base_url: str, store: TokenStore
    ) -> None:
        self.transport = transport
        self.clock = clock
        self.base_url = base_url
        self.store = store
        self.offset = 0.0
        self._headers = HeaderReader()

    @property
    def timeout(self) -> float:
        """How long an exchange takes at the longest, in seconds."""
        return self.transport.timeout

    def now(self) -> float:
        """X's clock, as far as it is known, in epoch seconds."""
        return self.clock.time() + self.offset

    def heard(self, reply: Reply) -> RateHeaders:
        """Take in the time that a reply tells, and return what it says of limits."""
        headers = self._headers.read(reply.headers)
        if headers.date is not None:
            self.offset = headers.date - self.clock.time()
        return headers

    @asynccontextmanager
    async def connect(self) -> AsyncGenerator[Send]:
        """Wait for a free connection; what is yielded sends at once, without taking a slot."""
        connection = await self.transport.reserve()
        try:
            yield self._send
        finally:
            connection.release()

    async def _send(self, request: Request) -> Reply:
        reply = await self.transport.send(request)
        self.heard(reply)
        return reply

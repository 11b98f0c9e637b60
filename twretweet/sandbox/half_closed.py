"""Answering who has sent their requests and closed their side, as ``nc -N`` and others do.

aiohttp closes the whole connection when the other side's end comes, with what it was about to
answer. HTTP lets a client be done with sending and still read (RFC 9112, 9.6).
"""

import asyncio

from aiohttp import web
from aiohttp.streams import StreamReader


class HalfClosable(web.RequestHandler):
    """A connection that ends when all is answered that was asked whole.

    Attributes:
        watched: whether what is being sent has no end; who watches and goes is gone.
    """

    __slots__ = ("_half_closed", "_newest", "watched")

    _newest: StreamReader | None
    _half_closed: bool

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to read."""
        self.watched = self._half_closed = False
        self._newest = None
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes, and note the body of the newest request among them."""
        super().data_received(data)
        if self._messages:
            self._newest = self._messages[-1][1]

    def eof_received(self) -> bool | None:  # type: ignore[override]  # as asyncio has it
        """Stay for the answer if there is one to come; TLS knows no half of a connection."""
        idle = self._waiter is not None and not self._waiter.done()
        secure = self.transport is not None and self.transport.get_extra_info("sslcontext")
        if secure or idle or self.watched or self._newest is None or not self._newest.is_eof():
            return None
        self._half_closed = True
        self.taken()
        return True

    def watch(self) -> bool:
        """Note that an answer without an end begins; return whether its reader could be missed.

        Whoever has closed their side gets none: they may be gone, and nothing would tell.
        """
        self.watched = not self._half_closed
        return self.watched

    def taken(self) -> None:
        """Note that a request was taken out of those that wait; the last one ends the rest."""
        if self._half_closed and not self._messages:
            self.close()

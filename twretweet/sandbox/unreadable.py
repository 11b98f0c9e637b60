"""What is answered to bytes that are no HTTP.

aiohttp finds out by itself and answers with a text that quotes them. Here the reply is a problem
like any other, and nothing of what came goes back. Which path was meant is unknown, so it is v2's.
"""

from collections.abc import Callable
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from twretweet.sandbox.half_closed import HalfClosable
from twretweet.sandbox.headers import api_headers
from twretweet.sandbox.reply import unreadable

Stamps: TypeAlias = Callable[[], dict[str, str]]
"""Gives the headers of every reply."""
_ANYWHERE: Final = "/"


class Connection(HalfClosable):
    """A connection whose client may send anything."""

    __slots__ = ("stamp",)

    stamp: Stamps

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what could not be read, and close the connection after it."""
        # Logs, and objects if a reply has begun already.
        super().handle_error(request, status, exc, message)
        told = unreadable(_ANYWHERE, status)
        headers = {**api_headers(_ANYWHERE, None, None), **self.stamp(), **told.headers}
        reply = web.Response(
            status=told.status, body=msgspec.json.encode(told.body), headers=headers
        )
        reply.force_close()
        return reply


class UnderstandingServer(web.Server):
    """aiohttp's low-level server, but for what it says to bytes that are no HTTP."""

    stamp: Stamps

    def __call__(self) -> Connection:
        """Return what reads and answers on a new connection."""
        made = Connection(self, loop=self._loop, **self._kwargs)
        made.stamp = self.stamp
        return made

"""The admin endpoint on its socket."""

from collections.abc import Callable
from io import BytesIO
from typing import Final

import anyio.lowlevel
import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from twretweet.sandbox import page
from twretweet.sandbox.admin import PREFIX, stream
from twretweet.sandbox.admin.desk import Asked, Desk, Sent, Steps
from twretweet.sandbox.admin.guard import object_to
from twretweet.sandbox.core import Core

_SMALL: Final = 1 << 20
_LARGE: Final = 1 << 28
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


class Admin:
    """Guards and answers requests to the admin endpoint.

    Args:
        core: the sandbox.
        look: shows all of it.
        stamp: gives the headers of every reply.
    """

    def __init__(
        self, core: Core, look: Callable[[], object], stamp: Callable[[], dict[str, str]]
    ) -> None:
        self._stamp = stamp
        self._core = core
        self._look = look
        self._desk = Desk(core, look)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        if not request.raw_path.startswith(PREFIX):
            return self._page(request)
        headers = {name.lower(): value for name, value in request.headers.items()}
        objection = object_to(request.method, headers, _peer(request), request.scheme)
        if objection is not None:
            return _response(Sent(objection.status, {"error": objection.why}))
        path, _, query = request.raw_path.removeprefix(PREFIX).partition("?")
        if path == "events" and request.method == "GET":
            if self._core.changes.crowded:
                return _response(Sent(409, {"error": "too many are watching already"}))
            return await stream.send(request, self._core, self._look, self._stamp())
        try:
            body = await _read(request, _LARGE if path == "snapshot" else _SMALL)
        except (HttpProcessingError, web.RequestPayloadError):
            return _response(Sent(400, {"error": "the body was broken off"}))
        if body is None:
            return _response(Sent(413, {"error": "the body is too large"}))
        return _response(await _done(self._desk.answer(Asked(request.method, path, query, body))))

    def _page(self, request: web.BaseRequest) -> web.StreamResponse:
        # A link of another site may lead to it: there is nothing on it that could be clicked from
        # there, and nothing of it can be read.
        host = {"host": request.headers.get("host", "")}
        objection = object_to("GET", host, _peer(request), request.scheme)
        if objection is not None:
            return _response(Sent(objection.status, {"error": objection.why}))
        html = page.read()
        return web.Response(body=html, headers=page.headers(html))


async def _done(steps: Steps) -> Sent:
    """Take all steps, and let others have their turn between them."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            sent: Sent = end.value
            return sent
        await anyio.lowlevel.checkpoint()


async def _read(request: web.BaseRequest, most: int) -> bytes | None:
    """Read the body; ``None`` if it is longer than it may be."""
    body = BytesIO()  # unlike a list of parts it is never held twice
    if request.body_exists:
        while part := await request.content.readany():
            if body.tell() + len(part) > most:
                return None
            body.write(part)
    return body.getvalue()


def _peer(request: web.BaseRequest) -> str | None:
    if request.transport is None:
        return None
    address: tuple[object, ...] | str | None = request.transport.get_extra_info("peername")
    return str(address[0]) if isinstance(address, tuple) and address else None


def _response(sent: Sent) -> web.Response:
    if sent.body is None:
        return web.Response(status=sent.status, headers=_HEADERS)
    body = sent.body if isinstance(sent.body, bytes) else msgspec.json.encode(sent.body)
    return web.Response(
        body=body, status=sent.status, headers={**_HEADERS, "content-type": sent.kind}
    )

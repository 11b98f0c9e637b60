"""The thin place for I/O: HTTP in, HTTP out.

aiohttp's low-level server calls one function; routing and everything else is the sandbox's own,
so that a reply costs little and every error, down to a wrong method, has X's shape.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from twretweet.sandbox import page
from twretweet.sandbox.admin import PREFIX
from twretweet.sandbox.admin.http import Admin
from twretweet.sandbox.admin.shapes import StateView
from twretweet.sandbox.admin.views import state
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.core import Core
from twretweet.sandbox.draw import draw
from twretweet.sandbox.faults import bodies, headers, wire
from twretweet.sandbox.faults.faults import Met
from twretweet.sandbox.headers import Stamp, api_headers, gzipped, limit_headers, takes_gzip
from twretweet.sandbox.hidden import shown_body, shown_query
from twretweet.sandbox.hooks import Hooks, Outage
from twretweet.sandbox.listener import Listener
from twretweet.sandbox.oauth.desk import TOKEN_PATH
from twretweet.sandbox.records import LONGEST_BODY, Log, RecordedRequest
from twretweet.sandbox.reply import Reply, broken, crashed, unreadable
from twretweet.sandbox.tls import Tls

_KEPT_FAILURES: Final = 100
_UNTROUBLED: Final = Met()


class Server:
    """Answers over HTTP with what :class:`Core` says.

    Args:
        core: gives the answers.
        host: the address to listen on.
        tls: the certificates, if it speaks TLS.

    Attributes:
        failures: what went wrong in the sandbox itself.
        hooks: what to await around the token endpoint.
        listener: the port.
        tls: the certificates, if it speaks TLS.
    """

    def __init__(self, core: Core, host: str, tls: Tls | None = None) -> None:
        self._core = core
        self._clock = core.clock
        self._latency = core.options.quirks.latency
        self._scale = f"{core.options.window_scale:.10g}"
        self._stamp = Stamp(core.clock).headers
        self._encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
        self._host = host
        self.tls = tls
        self._bound: int | None = None
        self._admin = Admin(core, self._look, self._stamp)
        self.failures: deque[Exception] = Log(maxlen=_KEPT_FAILURES)
        self.hooks = Hooks()
        self.listener = Listener(
            self._handle, host, self._stamp, None if tls is None else tls.context
        )

    @property
    def url(self) -> str:
        """The base address.

        Raises:
            RuntimeError: it was never started.
        """
        if self._bound is None:
            raise RuntimeError("start the sandbox first: async with Sandbox() as sandbox")
        scheme = "http" if self.tls is None else "https"
        return f"{scheme}://{_reachable(self._host)}:{self._bound}"

    async def start(self, port: int) -> None:
        """Begin to listen, at the same port as before if there was one.

        Raises:
            RuntimeError: it does already.
            OSError: the port is taken.
        """
        if self.listener.listening:
            raise RuntimeError("the sandbox has been started already")
        self._bound = await self.listener.listen(self._bound or port)

    async def close(self) -> None:
        """Close the port and every connection; harmless when closed."""
        self._core.changes.end()
        await self.listener.close()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.raw_path.startswith(PREFIX) or page.is_wanted(request.method, request.raw_path):
            return await self._administer(request)
        now = self._clock.time()
        try:
            body = await request.read() if request.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            incoming = self._incoming(request, b"", now)
            answer, encoded = self._encoded(unreadable(incoming.path, 413))
        except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
            # Broken off or badly chunked: no fault of the sandbox.
            incoming = self._incoming(request, b"", now)
            answer, encoded = self._encoded(unreadable(incoming.path, 400))
        else:
            self.listener.spoke(request)
            incoming = self._incoming(request, body, now)
            try:
                incoming, answer, encoded = await self._settle(incoming)
            except Outage as outage:
                answer, encoded = self._encoded(broken(outage.status))
        return await self._send(request, incoming, answer, encoded)

    async def _send(
        self, request: web.BaseRequest, incoming: Incoming, answer: Answer, encoded: bytes
    ) -> web.StreamResponse:
        """Answer, late and in pieces if it has to be."""
        met = answer.met or _UNTROUBLED
        wait = self._latency + sum(fault.number("seconds") for fault in met.at("wait"))
        if wait:
            await self._clock.sleep(wait)
        response = self._respond(incoming, answer, encoded)
        if not answer.reply.status:
            wire.reset(request.transport)
            return response
        for fault in met.at("wire"):
            try:
                return await wire.damage(fault, request, response, self._clock)
            except ConnectionError:
                return response  # the client has gone before the fault was through
        return response

    async def _administer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.listener.spoke(request)
        try:
            response = await self._admin.handle(request)
            if not response.prepared:
                response.headers.update(self._stamp())
            return response
        except ConnectionError:
            raise  # the client has gone; aiohttp ends the rest
        except Exception as failure:  # noqa: BLE001  # whatever it is, the client gets an answer
            self.failures.append(failure)
            bug = {"error": "the sandbox failed; it has a bug"}
            return web.json_response(bug, status=500, headers=self._stamp())

    def _look(self) -> StateView:
        connections = self.listener.open_connections
        return state(self._core, self.url, len(self.failures), connections)

    async def _settle(self, incoming: Incoming) -> tuple[Incoming, Answer, bytes]:
        """Answer a request, and await the hooks around the token endpoint.

        Raises:
            Outage: a hook wants it broken.
        """
        if incoming.path != TOKEN_PATH:
            return incoming, *self._answer(incoming)
        try:
            if self.hooks.before_token is not None:
                await self.hooks.before_token()
                incoming = replace(incoming, now=self._clock.time())
            answer, encoded = self._answer(incoming)
            if self.hooks.before_token_reply is not None:
                await self.hooks.before_token_reply()
        except Outage:
            raise
        except Exception as failure:  # noqa: BLE001  # a hook's own, to be found in failures
            self.failures.append(failure)
            answer, encoded = self._encoded(crashed(incoming.path))
        return incoming, answer, encoded

    def _answer(self, incoming: Incoming) -> tuple[Answer, bytes]:
        try:
            answer = self._core.answer(incoming)
            encoded = self._body(answer.reply)
            if answer.met is not None and (faults := answer.met.at("body")):
                encoded = bodies.change(faults, encoded, token=answer.met.token)
            return answer, encoded
        except Exception as failure:  # noqa: BLE001  # whatever it is, the client gets an answer
            self.failures.append(failure)
            return self._encoded(crashed(incoming.path))

    def _encoded(self, reply: Reply) -> tuple[Answer, bytes]:
        return Answer(reply), self._body(reply)

    def _body(self, reply: Reply) -> bytes:
        return reply.body if isinstance(reply.body, bytes) else self._encode(reply.body)

    def _respond(self, incoming: Incoming, answer: Answer, body: bytes) -> web.Response:
        reply = answer.reply
        record = _record(incoming, answer, self._core.records.next_number())
        self._core.record(record)
        contents = self._core.contents
        vocabulary = answer.vocabulary or contents.state.vocabulary
        sent = {
            **api_headers(record.path, answer.caller, vocabulary),
            **self._stamp(),
            "x-transaction-id": f"{draw(contents.state.seed, record.number):016x}",
            "x-sandbox-window-scale": self._scale,
            **reply.headers,
            **limit_headers(answer.standing),
        }
        if answer.met is not None:
            headers.change(answer.met.at("headers"), sent, self._clock.time())
        if body and takes_gzip(incoming.headers.get("accept-encoding", "")):
            sent["content-encoding"] = "gzip"
            body = gzipped(body)
        return web.Response(body=body, status=reply.status or 500, headers=sent)

    def _incoming(self, request: web.BaseRequest, body: bytes, now: float) -> Incoming:
        target = request.raw_path
        if not target.isascii():
            # Bytes that are no text can't be quoted back in the reply.
            target = target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        sent = {name.lower(): value for name, value in request.headers.items()}
        ahead = self._core.ahead
        secure = self.tls is not None
        return Incoming(
            request.method, sent.get("host", ""), target, sent, body, now, ahead, secure
        )


def _record(incoming: Incoming, answer: Answer, number: int) -> RecordedRequest:
    caller, standing, met = answer.caller, answer.standing, answer.met
    path, _, query = incoming.target.partition("?")
    lost = met is not None and any(fault.kind == "lost_reply" for fault in met.faults)
    return RecordedRequest(
        time=incoming.now,
        method=incoming.method,
        path=path,
        query=shown_query(query),
        status=0 if lost else answer.reply.status,
        account=caller.label if caller is not None else None,
        remaining=standing.remaining if standing is not None else None,
        cookie=incoming.headers.get("cookie"),
        cost=answer.cost,
        faults=met.kinds if met is not None else (),
        endpoint=answer.endpoint,
        number=number,
        body=shown_body(path, incoming.body[:LONGEST_BODY]),
    )


def _reachable(host: str) -> str:
    """Return a host as it stands in an address; every address of a machine leads to loopback."""
    if host in {"0.0.0.0", "::"}:  # noqa: S104  # nobody listens here, it is compared
        return "127.0.0.1" if host == "0.0.0.0" else "[::1]"  # noqa: S104
    return f"[{host}]" if ":" in host else host

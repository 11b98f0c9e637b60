"""The thin place for I/O: HTTP in, HTTP out.

aiohttp's low-level server calls one function; routing and everything else is the sandbox's own,
so that a reply costs little and every error, down to a wrong method, has X's shape.
"""

import logging
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import msgspec
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from twretweet.clock import Clock
from twretweet.sandbox.api import Api
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.draw import draw
from twretweet.sandbox.headers import api_headers, gzipped, limit_headers, takes_gzip
from twretweet.sandbox.hooks import Hooks, Outage
from twretweet.sandbox.oauth.desk import TOKEN_PATH
from twretweet.sandbox.reply import Reply, broken, crashed, plain
from twretweet.sandbox.snowflake import http_date

# Where aiohttp tells of requests that are no HTTP; silent unless logging is set up.
_LOG: Final = logging.getLogger("twretweet.sandbox")
_LOG.addHandler(logging.NullHandler())
_KEPT_REQUESTS: Final = 10_000
_KEPT_FAILURES: Final = 100
_CLOSING_SECONDS: Final = 0.25
_TOO_MANY: Final = 429
_SECRETS: Final = re.compile(
    r"(?<![^&])((?:oauth_(?:token|verifier|signature)|state|code|code_challenge|code_verifier"
    r"|token|access_token|refresh_token|client_secret)=)[^&]+"
)


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that was answered.

    Args:
        time: when it came, in epoch seconds of the sandbox's clock.
        method: the HTTP method.
        path: the path as it was sent, without the query.
        query: the query as it was sent, without the question mark, but for the values of what
            opens something, such as ``oauth_token`` and ``state``.
        status: the status of the reply; 0 if the connection was dropped instead.
        account: the user id of the caller, ``"app"`` for the app itself, ``None`` if unknown.
        remaining: how many requests were left in the tightest window, ``None`` without one.
        cookie: the ``Cookie`` header that came with it.
        cost: what X would charge for it, in US dollars.
    """

    time: float
    method: str
    path: str
    query: str
    status: int
    account: str | None
    remaining: int | None
    cookie: str | None
    cost: float = 0.0


class Server:
    """Listens on loopback and answers with what :class:`Api` says.

    Args:
        api: gives the answers.
        clock: tells the time of requests and replies.
        latency: seconds to wait before each reply.
        window_scale: what the header ``x-sandbox-window-scale`` says.
        seed: makes the ids of replies.
    """

    def __init__(
        self, api: Api, clock: Clock, *, latency: float, window_scale: float, seed: int
    ) -> None:
        self._api = api
        self._clock = clock
        self._latency = latency
        self._scale = f"{window_scale:.10g}"
        self._seed = seed
        self._served = 0
        self._date = (0, "")
        self._encode: Callable[[object], bytes] = msgspec.json.Encoder().encode
        self._http: web.Server | None = None
        self._runner: web.ServerRunner | None = None
        self.requests: deque[RecordedRequest] = deque(maxlen=_KEPT_REQUESTS)
        self.failures: deque[Exception] = deque(maxlen=_KEPT_FAILURES)
        self.rejected = 0
        self.hooks = Hooks()

    @property
    def listening(self) -> bool:
        """Whether it takes connections."""
        return self._runner is not None

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open."""
        return 0 if self._http is None else len(self._http.connections)

    async def listen(self, port: int) -> int:
        """Begin to listen on 127.0.0.1, and return the port.

        Raises:
            OSError: the port is taken.
        """
        self._http = web.Server(self._handle, access_log=None, logger=_LOG)
        self._runner = web.ServerRunner(self._http, shutdown_timeout=_CLOSING_SECONDS)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", port)
        try:
            await site.start()
        except OSError:
            await self.close()
            raise
        return int(self._runner.addresses[0][1])

    async def close(self) -> None:
        """Close the port and every connection; harmless when closed."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self._http = None

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        now = self._clock.time()
        try:
            body = await request.read() if request.body_exists else b""
        except web.HTTPRequestEntityTooLarge:
            incoming = _incoming(request, b"", now)
            answer, encoded = self._encoded(plain(413))
        except (ConnectionError, HttpProcessingError, web.RequestPayloadError):
            # Broken off or badly chunked: no fault of the sandbox.
            incoming = _incoming(request, b"", now)
            answer, encoded = self._encoded(plain(400))
        else:
            incoming = _incoming(request, body, now)
            try:
                incoming, answer, encoded = await self._settle(incoming)
            except Outage as outage:
                answer, encoded = self._encoded(broken(outage.status))
        if self._latency:
            await self._clock.sleep(self._latency)
        response = self._respond(incoming, answer, encoded)
        if not answer.reply.status and request.transport is not None:
            request.transport.abort()
        return response

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
            answer = self._api.answer(incoming)
            return answer, self._body(answer.reply)
        except Exception as failure:  # noqa: BLE001  # whatever it is, the client gets an answer
            self.failures.append(failure)
            return self._encoded(crashed(incoming.path))

    def _encoded(self, reply: Reply) -> tuple[Answer, bytes]:
        return Answer(reply), self._body(reply)

    def _body(self, reply: Reply) -> bytes:
        return reply.body if isinstance(reply.body, bytes) else self._encode(reply.body)

    def _respond(self, incoming: Incoming, answer: Answer, body: bytes) -> web.Response:
        reply, caller, standing = answer.reply, answer.caller, answer.standing
        self._served += 1
        self.rejected += reply.status == _TOO_MANY
        path, _, query = incoming.target.partition("?")
        self.requests.append(
            RecordedRequest(
                time=incoming.now,
                method=incoming.method,
                path=path,
                query=_SECRETS.sub(r"\1…", query),
                status=reply.status,
                account=caller.label if caller is not None else None,
                remaining=standing.remaining if standing is not None else None,
                cookie=incoming.headers.get("cookie"),
                cost=answer.cost,
            )
        )
        headers = {
            **api_headers(path, caller, self._api.vocabulary),
            "date": self._now(),
            "x-transaction-id": f"{draw(self._seed, self._served):016x}",
            "x-sandbox-window-scale": self._scale,
            **reply.headers,
            **limit_headers(standing),
        }
        if body and takes_gzip(incoming.headers.get("accept-encoding", "")):
            headers["content-encoding"] = "gzip"
            body = gzipped(body)
        return web.Response(body=body, status=reply.status or 500, headers=headers)

    def _now(self) -> str:
        second = int(self._clock.time())
        if second != self._date[0]:
            self._date = (second, http_date(second))
        return self._date[1]


def _incoming(request: web.BaseRequest, body: bytes, now: float) -> Incoming:
    target = request.raw_path
    if not target.isascii():
        # Bytes that are no text can't be quoted back in the reply.
        target = target.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Incoming(request.method, headers.get("host", ""), target, headers, body, now)

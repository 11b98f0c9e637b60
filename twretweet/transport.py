"""HTTP over aiohttp: the one module that imports aiohttp's client.

It sends a finished request and returns the whole reply. It follows no redirect, sends no cookie
(those of one account must not travel with another's request), verifies TLS, sends nothing a
second time by itself, and reads no more than ``max_body`` bytes, counted after decompression.

Errors are raised outside aiohttp's frames and without its exceptions as their cause, because both
hold the headers of the request, and with them its credentials. That goes for a cancellation too,
and for Ctrl-C.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Literal, TypeAlias

import aiohttp
import anyio
from aiohttp.http import HttpProcessingError
from yarl import URL

from twretweet._version import __version__
from twretweet.errors import (
    DecodeError,
    ManagerClosed,
    QueryError,
    RequestTimeout,
    TransportError,
    TwretweetError,
)
from twretweet.interrupt import Deadlines, bare
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply

HttpSession: TypeAlias = aiohttp.ClientSession
Fault: TypeAlias = Literal["broke off", "too long"]

DEFAULT_HEADERS = {
    "User-Agent": f"twretweet/{__version__}",
    "Accept": "application/json",
    # What aiohttp can always decode; others need packages that may not be there.
    "Accept-Encoding": "gzip, deflate",
}
_DEFAULTS = tuple(DEFAULT_HEADERS.items())
# A full page of 100 tweets with every field is under 2 MiB.
MAX_BODY = 16 * 1024 * 1024
CONNECTIONS = 100
# The versions of aiohttp whose way from a request to a reply is the one that is written down here.
_KNOWN_INSIDE = ("3.12.", "3.13.", "3.14.")
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)  # the deadlines are our own
# Nothing is read from a connection while more than twice this waits to be taken, in bytes.
_BUFFER = 256 * 1024
_INTERIM = frozenset(range(100, 200)) - {101}  # another reply follows


class Transport:
    """A connection pool.

    Args:
        timeout: how long a request may take from connecting to the last byte, in seconds.
        http: the caller's own session. It is never closed here.
        max_body: the longest body that is read, in bytes.

    Raises:
        QueryError: the caller's session can't be used.

    Attributes:
        timeout: how long a request may take, in seconds.
    """

    def __init__(
        self, *, timeout: float, http: HttpSession | None = None, max_body: int = MAX_BODY
    ) -> None:
        if http is not None:
            _check(http)
        self.timeout = timeout
        self._deadlines = Deadlines(timeout)
        self._callers = http
        self._max_body = max_body
        self._http: HttpSession | None = None
        self._straight: _Straight | None = None
        self._free: anyio.Semaphore | None = None

    def open(self) -> None:
        """Make the pool, unless it is open already; needs a running event loop."""
        if self._http is not None:
            return
        connections = CONNECTIONS
        if self._callers is not None:
            _check(self._callers)
            self._http = self._callers
            if self._callers.connector is not None and self._callers.connector.limit:
                connections = self._callers.connector.limit
        else:
            connector = aiohttp.TCPConnector(limit=0)
            self._http = aiohttp.ClientSession(
                connector=connector, cookie_jar=aiohttp.DummyCookieJar()
            )
            if aiohttp.__version__.startswith(_KNOWN_INSIDE):
                self._straight = _Straight(connector)
        self._free = anyio.Semaphore(connections, fast_acquire=True)

    async def aclose(self) -> None:
        """Close the pool, but not the caller's."""
        http, self._http, self._straight = self._http, None, None
        if http is not None and http is not self._callers:
            await http.close()

    async def reserve(self) -> anyio.Semaphore:
        """Wait for a free connection; release what is returned when the request has ended.

        The wait is here, and not in aiohttp's pool, so that it takes nothing of the timeout and
        one who is cancelled meanwhile, or has been already, is known to have sent nothing.
        """
        if self._free is None:
            raise ManagerClosed("the connection pool is not open")
        await self._free.acquire()
        return self._free

    async def send(self, request: Request) -> Reply:
        """Send ``request`` and read its reply.

        A reply whose body breaks off, or is too long, is returned with its ``fault``.

        Raises:
            RequestTimeout: the timeout passed first.
            TransportError: no connection, or it broke before the reply began.
            DecodeError: what came is no HTTP, or in an encoding that can't be read.
            ManagerClosed: the pool is not open.
        """
        http = self._http
        if http is None or http.closed:
            raise ManagerClosed("the connection pool is not open")
        timed = self._deadlines.begin()
        failure: BaseException
        try:
            if self._straight is not None:
                return await self._straight.exchange(request, self._max_body)
            return await self._exchange(http, request)
        except (
            aiohttp.ClientError,
            HttpProcessingError,
            OSError,
            ValueError,
            _NotRepeatedError,
        ) as error:
            failure = self._failure(error)
        except BaseException as error:  # noqa: BLE001  # it is raised below
            late = isinstance(error, asyncio.CancelledError) and timed.take_back()
            failure = self._timed_out() if late else error
        finally:
            self._deadlines.end(timed)
        raise bare(failure)  # from here, because the frames below hold credentials

    async def _exchange(self, http: HttpSession, request: Request) -> Reply:
        response = await http.request(
            request.method,
            # What was signed has to go out byte for byte.
            URL(request.full_url, encoded=True),
            data=request.body,
            headers=(*_DEFAULTS, *request.headers),
            allow_redirects=False,
            raise_for_status=False,
            timeout=_NO_TIMEOUT,
            middlewares=(_send_once,),
        )
        async with response:
            body, fault = await _read(response.content, self._max_body)
            if fault is not None:
                response.close()
            return Reply(response.status, response.headers, body, fault)

    def _timed_out(self) -> RequestTimeout:
        return RequestTimeout(
            f"no complete reply within {self.timeout:g} s; raise timeout= or try later"
        )

    def _failure(self, error: Exception) -> TwretweetError:
        if isinstance(error, TimeoutError):
            return self._timed_out()
        if isinstance(error, _NotRepeatedError):
            return error.failure
        if isinstance(error, aiohttp.ClientResponseError | HttpProcessingError):
            encoding = "encoding" in error.message
            return DecodeError(
                f"the reply can't be read: {' '.join(error.message.split())}",
                transient=not encoding,
            )
        if isinstance(error, aiohttp.ClientError | OSError):
            return _broken(error)
        return TransportError(f"the request can't be sent: {error}", sent=False)


class _Straight:
    """Exchanges over connections of aiohttp's pool, with its parser, and without its session.

    A session also looks for cookies, proxies, passwords, redirects, traces and its own timeouts,
    none of which is ever there, makes a request and a response of many parts, and sends again what
    a closed connection swallowed, which must not be. That is more than half of what a small reply
    costs. The caller's own session may have some of it, so there this is not used; nor is it where
    aiohttp may have changed inside.

    Args:
        connector: the pool.
    """

    def __init__(self, connector: aiohttp.BaseConnector) -> None:
        self._connector = connector
        self._origins: dict[str, _Origin] = {}

    async def exchange(self, request: Request, max_body: int) -> Reply:
        """Send ``request`` and read its reply; errors are aiohttp's own."""
        address = request.url
        end = address.index("/", address.index("//") + 2)
        origin = self._origins.get(address[:end])
        if origin is None:
            origin = self._origins[address[:end]] = _Origin(address[:end])
        connection = await self._connector.connect(origin.dial, traces=[], timeout=_NO_TIMEOUT)
        protocol = connection.protocol
        if protocol is None or protocol.transport is None:
            connection.close()
            raise aiohttp.ServerDisconnectedError
        try:
            protocol.set_response_params(read_until_eof=True, read_bufsize=_BUFFER)
            # Never in a local variable: tracebacks may show these.
            protocol.transport.write(origin.rendered(request, address[end:]))
            message, content = await protocol.read()
            while message.code in _INTERIM:
                message, content = await protocol.read()
            body, fault = await _read(content, max_body)
        except BaseException:
            connection.close()
            raise
        if fault is None:
            connection.release()
        else:  # the rest is not worth reading, so neither is the connection
            connection.close()
        return Reply(message.code, message.headers, body, fault)


class _Origin:
    """A scheme and host, and what is the same in all requests to it.

    Attributes:
        dial: tells the pool where to connect to.
    """

    def __init__(self, address: str) -> None:
        url = URL(address)
        self.dial = aiohttp.ClientRequest("GET", url, loop=asyncio.get_running_loop())
        lines = [f"Host: {url.host_port_subcomponent}", *map(": ".join, _DEFAULTS)]
        self._head = " HTTP/1.1\r\n" + "\r\n".join(lines)

    def rendered(self, request: Request, path: str) -> bytes:
        """The request as bytes of HTTP/1.1; what was signed goes out byte for byte.

        Raises:
            ValueError: a header would end before its end.
        """
        query = "&".join([f"{name}={value}" for name, value in request.params])
        lines = [f"{request.method} {path}{'?' if query else ''}{query}{self._head}"]
        for name, value in request.headers:
            if "\r" in value or "\n" in value or "\0" in value:
                raise ValueError(f"the header {name} holds a line break or a null")
            lines.append(f"{name}: {value}")
        body = request.body
        if body is not None or request.method == "POST":
            lines.append(f"Content-Length: {len(body or b'')}")
        return "\r\n".join((*lines, "\r\n")).encode() + (body or b"")


async def _read(content: aiohttp.StreamReader, max_body: int) -> tuple[bytes, Fault | None]:
    """Read a body to its end, or to where it breaks off or gets too long."""
    if content.is_eof() and content.exception() is None:
        # All of it is here already, as with small replies; most writes end here.
        body = content.read_nowait()
        return body, None if len(body) <= max_body else "too long"
    chunks: list[bytes] = []
    size = 0
    try:
        while chunk := await content.readany():
            chunks.append(chunk)
            size += len(chunk)
            if size > max_body:
                return b"".join(chunks), "too long"
    except aiohttp.ClientPayloadError:
        return b"".join(chunks), "broke off"
    return b"".join(chunks), None


class _NotRepeatedError(Exception):
    """A connection broke; of a class that aiohttp does not take for a reason to send again."""

    def __init__(self, failure: TransportError) -> None:
        super().__init__()
        self.failure = failure


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself, and from sending cookies.

    X may have counted a request whose connection broke, and refuses a signature that it has
    seen: a retry needs a slot and a signature of its own, so it is the pipeline's to make.
    """
    request.headers.popall("Cookie", None)
    try:
        return await handler(request)
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _NotRepeatedError(_broken(error)) from None


def _broken(error: aiohttp.ClientError | OSError) -> TransportError:
    if isinstance(error, aiohttp.ClientConnectorError):
        cause = error.os_error
        reason = cause.strerror or str(cause) or type(cause).__name__
        return TransportError(f"no connection to {error.host}:{error.port}: {reason}", sent=False)
    if isinstance(error, aiohttp.ServerFingerprintMismatch):
        return TransportError(
            f"no connection to {error.host}:{error.port}: its certificate has another fingerprint",
            sent=False,
        )
    return TransportError(f"the connection broke: {str(error) or type(error).__name__}")


def _check(http: HttpSession) -> None:
    if http.closed:
        raise QueryError("http= is a session that is closed already")
    if http.auth is not None:
        raise QueryError("http= has auth= of its own, which would go to X in place of ours")
    if not http.auto_decompress:
        raise QueryError("http= has auto_decompress=False; replies have to be decompressed")
    if not _verifies(http):
        raise QueryError(
            "http= does not verify TLS, so it would send credentials to whoever takes X's place: "
            "leave ssl=False away; an ssl.SSLContext can trust a certificate of your own"
        )


def _verifies(http: HttpSession) -> bool:
    """Whether it makes sure that a host is who it says it is."""
    # aiohttp tells it nowhere else; what it calls by another name some day is taken for verifying.
    how: object = getattr(http.connector, "_ssl", True)
    if isinstance(how, ssl.SSLContext):
        return how.verify_mode is ssl.CERT_REQUIRED and how.check_hostname
    return how is not False

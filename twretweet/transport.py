"""HTTP over aiohttp: the one module that imports aiohttp's client.

It sends a finished request and returns the whole reply. It follows no redirect, keeps no cookie
(those of one account must not travel with another's request), verifies TLS, and reads no more
than ``max_body`` bytes, counted after decompression.
"""

from __future__ import annotations

import aiohttp
from yarl import URL

from twretweet._version import __version__
from twretweet.errors import DecodeError, ManagerClosed, RequestTimeout, TransportError
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply, excerpt

DEFAULT_HEADERS = {"User-Agent": f"twretweet/{__version__}", "Accept": "application/json"}
# A full page of 100 tweets with every field is under 2 MiB.
MAX_BODY = 16 * 1024 * 1024
_CONNECTIONS = 100


class Transport:
    """A connection pool.

    Args:
        timeout: how long a request may take from connecting to the last byte, in seconds.
        http: the caller's own session, whose connections and tracing are used. It is never
            closed here, and its cookie jar stays out of it.
        max_body: the longest body that is read, in bytes.
    """

    def __init__(
        self,
        *,
        timeout: float,
        http: aiohttp.ClientSession | None = None,
        max_body: int = MAX_BODY,
    ) -> None:
        self._timeout = aiohttp.ClientTimeout(total=timeout)
        self._callers = http
        self._max_body = max_body
        self._http: aiohttp.ClientSession | None = None

    def open(self) -> None:
        """Make the pool, unless it is open already; needs a running event loop."""
        if self._http is not None:
            return
        callers = self._callers
        connector = aiohttp.TCPConnector(limit=_CONNECTIONS) if callers is None else None
        self._http = aiohttp.ClientSession(
            connector=connector if callers is None else callers.connector,
            connector_owner=callers is None,
            trust_env=callers is not None and callers.trust_env,
            trace_configs=None if callers is None else callers.trace_configs,
            cookie_jar=aiohttp.DummyCookieJar(),
            middlewares=(_send_once,),
        )

    async def aclose(self) -> None:
        """Close the pool, but not the caller's."""
        http, self._http = self._http, None
        if http is not None:
            await http.close()

    async def send(self, request: Request) -> Reply:
        """Send ``request`` and read its reply.

        Raises:
            RequestTimeout: the timeout passed first.
            TransportError: no connection, or it broke before the reply began.
            DecodeError: the body ended early, is compressed badly, or is too long.
            ManagerClosed: the pool is not open.
        """
        http = self._http
        if http is None or http.closed:
            raise ManagerClosed("the connection pool is not open")
        chunks: list[bytes] = []
        try:
            async with http.request(
                request.method,
                # What was signed has to go out byte for byte.
                URL(request.full_url, encoded=True),
                data=request.body,
                headers={**DEFAULT_HEADERS, **dict(request.headers)},
                allow_redirects=False,
                timeout=self._timeout,
            ) as response:
                await self._read(response, chunks)
                return Reply(response.status, response.headers, b"".join(chunks))
        except TimeoutError as error:
            raise RequestTimeout(
                f"no complete reply within {self._timeout.total:g} s; raise timeout= or try later"
            ) from error
        except aiohttp.ClientPayloadError as error:
            # aiohttp's text names its own classes, which would not help the reader.
            raise DecodeError(
                "the body of the reply broke off or is compressed badly",
                excerpt=excerpt(b"".join(chunks)),
                transient=True,
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _broken(error) from error

    async def _read(self, response: aiohttp.ClientResponse, chunks: list[bytes]) -> None:
        size = 0
        async for chunk in response.content.iter_any():
            chunks.append(chunk)
            size += len(chunk)
            if size > self._max_body:
                response.close()  # the rest is not worth reading, so neither is the connection
                raise DecodeError(
                    f"the body is longer than {self._max_body} bytes",
                    status=response.status,
                    excerpt=excerpt(chunks[0]),
                )


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """Keep aiohttp from sending a request again by itself when a connection broke.

    X may have counted it, and refuses a signature that it has seen: a retry needs a slot and a
    signature of its own, so it is the pipeline's to make.
    """
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError as error:
        raise TransportError(f"no connection: {error}", sent=False) from error
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _broken(error) from error


def _broken(error: Exception) -> TransportError:
    return TransportError(f"the connection broke: {str(error) or type(error).__name__}")

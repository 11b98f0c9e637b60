"""Requests as they go on the wire.

Parameters are percent-encoded once, by RFC 3986, and kept sorted: OAuth 1.0a signs exactly these
bytes, so the bytes that are signed are the bytes that are sent.
"""

from collections.abc import Mapping
from typing import TypeAlias
from urllib.parse import quote

import msgspec
from msgspec import Struct

from twretweet.protocol.endpoints import Endpoint, Method

EncodedParams: TypeAlias = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True):
    """One HTTP request.

    Attributes:
        method: the HTTP method.
        url: scheme, host and path, without a query string.
        params: the query, percent-encoded and sorted.
        headers: what to send beside the transport's own headers.
        body: the body; its type is in ``headers``.
    """

    method: Method
    url: str
    params: EncodedParams = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None

    def __repr__(self) -> str:
        # The Authorization header is a secret, and this stands in many a traceback.
        names = ", ".join(name for name, _ in self.headers)
        return f"<Request {self.method} {self.url} with headers {names or 'none'}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # rich asks msgspec's structs for this first, and shows it in tracebacks with locals.
        names = tuple(name for name, _ in self.headers)
        return [("method", self.method), ("url", self.url), ("headers", names)]

    @property
    def full_url(self) -> str:
        """The address with its query string, encoded as it goes on the wire."""
        if not self.params:
            return self.url
        return self.url + "?" + "&".join([f"{name}={value}" for name, value in self.params])

    def with_header(self, name: str, value: str) -> "Request":
        """The same request with one header more."""
        headers = (*self.headers, (name, value))
        return Request(self.method, self.url, self.params, headers, self.body)


def escape(text: str) -> str:
    """Percent-encode by RFC 3986, section 2.1, as OAuth 1.0a demands."""
    if text.isascii() and text.isalnum():  # most are: ids, page tokens, numbers
        return text
    return quote(text, safe="")


def escape_address(url: str) -> str:
    """The same for an address in normal form: scheme, host and path, percent-encoded already.

    Of the signs that need encoding, these five are all that a base address and a path may hold.
    """
    url = url.replace("%", "%25").replace(":", "%3A").replace("/", "%2F")
    return url.replace("[", "%5B").replace("]", "%5D")


def escape_base64(text: str) -> str:
    """The same for base64, in which these three signs alone need it."""
    return text.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")


def encode_params(params: Mapping[str, str]) -> EncodedParams:
    """Percent-encode names and values and sort the pairs."""
    return tuple(sorted((escape(name), escape(value)) for name, value in params.items()))


JSON_TYPE = ("Content-Type", "application/json")
FORM_TYPE = ("Content-Type", "application/x-www-form-urlencoded")
_JSON_HEADERS = (JSON_TYPE,)
_encode = msgspec.json.Encoder().encode


def api_request(
    base_url: str,
    endpoint: Endpoint[object],
    *,
    path: Mapping[str, str],
    params: EncodedParams = (),
    json: Mapping[str, str] | None = None,
) -> Request:
    """Build the request of an endpoint.

    Args:
        base_url: scheme and host, without a slash at the end.
        endpoint: the row of the table.
        path: values for the gaps in its path; ids and usernames, which need no encoding.
        params: the query, already encoded.
        json: the body, for POST.
    """
    url = base_url + endpoint.path.format_map(path)
    if json is None:
        return Request(endpoint.method, url, params)
    return Request(endpoint.method, url, params, _JSON_HEADERS, _encode(json))

"""What a browser asks of the listener on loopback, and what it is shown. Pure.

Anybody on the machine, and any page in its browser, can send something to a port of loopback. So
little is understood: one GET, of the one path, with an answer behind it, to the very host and
port that the redirect URI names. A page under another name that was made to lead here (DNS
rebinding) has another ``Host``.
"""

from __future__ import annotations

import base64
import hashlib
from http import HTTPStatus
from string import Template

from msgspec import Struct

HEAD_END = b"\r\n\r\n"
# Browsers send along the cookies of every other program on loopback.
LONGEST_HEAD = 64 * 1024
_WORDS = 3  # method, target, version
_HTTP_PORT = ":80"

_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem;
  box-sizing: border-box; font: 1.05rem/1.5 system-ui, sans-serif; text-align: center; }
main { max-width: 32rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .5rem; }
p { margin: .5rem 0; overflow-wrap: anywhere; }
"""
_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
_PAGE = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>$title</title>
<style>$style</style>
</head>
<body>
<main>
<h1 id="title">$title</h1>
<p id="text">$text</p>
</main>
</body>
</html>
""")


class Target(Struct, frozen=True):
    """What was asked for, with an answer of X behind it; it does not show that.

    Attributes:
        address: in full, as the browser has it.
    """

    address: str

    def __repr__(self) -> str:
        return "<Target>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def read_head(head: bytes, host: str, path: str) -> Target | HTTPStatus:
    """What a request asks for; or the status to refuse it with.

    Args:
        head: the request up to the empty line.
        host: the host and port to which alone it may go.
        path: the path that alone is known.
    """
    try:
        first, *lines = head.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return HTTPStatus.BAD_REQUEST
    words = first.split(" ")
    if len(words) != _WORDS or not words[2].startswith("HTTP/1."):
        return HTTPStatus.BAD_REQUEST
    method, target, _ = words
    fields = [line.partition(":") for line in lines if line]
    if not target.isprintable() or not all(colon for _, colon, _ in fields):
        return HTTPStatus.BAD_REQUEST
    hosts = [value.strip() for name, _, value in fields if name.lower() == "host"]
    # Of the port that is http's own, browsers say nothing.
    if len(hosts) != 1 or hosts[0] not in (host, host.removesuffix(_HTTP_PORT)):
        return HTTPStatus.NOT_FOUND
    there, mark, _ = target.partition("?")
    if there != path or not mark:
        return HTTPStatus.NOT_FOUND
    if method != "GET":
        return HTTPStatus.METHOD_NOT_ALLOWED
    return Target(f"http://{host}{target}")


def page(title: str, text: str, status: HTTPStatus = HTTPStatus.OK) -> bytes:
    """A whole reply with a page: nothing is loaded, run or kept, or leaks the address it is at.

    Args:
        title: in a few words.
        text: what there is to say.
        status: of the reply.
    """
    from html import escape  # noqa: PLC0415  loads a table of all entities, for one page

    body = _PAGE.substitute(title=escape(title), text=escape(text), style=_STYLE).encode(
        "utf-8", "replace"
    )
    policy = (
        f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )
    head = [
        f"HTTP/1.1 {status.value} {status.phrase}",
        "content-type: text/html; charset=utf-8",
        f"content-length: {len(body)}",
        "connection: close",
        "cache-control: no-store",
        f"content-security-policy: {policy}",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "",
        "",
    ]
    if status is HTTPStatus.METHOD_NOT_ALLOWED:
        head.insert(1, "allow: GET")
    return "\r\n".join(head).encode() + body


def refused(status: HTTPStatus) -> bytes:
    """A whole reply to what is not understood."""
    return page(status.phrase, "A program waits here for somebody to sign in.", status)

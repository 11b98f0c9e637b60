"""HTTP by hand on one connection: as little work as possible on the side that asks."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

Json = dict[str, object]
_LIMIT = 1 << 22


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply, whose body may have broken off.

    Attributes:
        status: the status.
        headers: by names in lower case.
        body: what came of it; ``None`` if not all of it came.
    """

    status: int
    headers: dict[str, str]
    body: bytes | None


def request(method: str, url: str, token: str | None, body: Json | None = None) -> bytes:
    """The bytes of a request; ``token`` is a bearer token."""
    parts = urlsplit(url)
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    if token is not None:
        lines.append(f"Authorization: Bearer {token}")
    content = b"" if body is None else json.dumps(body).encode()
    if body is not None:
        lines += ["Content-Type: application/json", f"Content-Length: {len(content)}"]
    return "\r\n".join([*lines, "", ""]).encode() + content


class Wire:
    """One connection, opened again whenever it has broken.

    Args:
        url: where to.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._address = parts.hostname, parts.port
        self._open: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._break()

    async def ask(self, sent: bytes) -> Reply | None:
        """Send a request; ``None`` if no reply has come."""
        if self._open is None:
            self._open = await asyncio.open_connection(*self._address, limit=_LIMIT)
        reader, writer = self._open
        try:
            writer.write(sent)
            head = await reader.readuntil(b"\r\n\r\n")
        except (OSError, asyncio.IncompleteReadError):
            self._break()
            return None
        first, *rest = head.decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in rest if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        try:
            length = int(headers.get("content-length", "0"))
            body: bytes | None = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            self._break()
            body = None
        return Reply(int(first.split(" ")[1]), headers, body)

    def _break(self) -> None:
        if self._open is not None:
            self._open[1].transport.abort()
            self._open = None

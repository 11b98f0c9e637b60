"""A server that answers with the bytes it is told to, however wrong they are."""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import msgspec


@dataclass
class Seen:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedServer:
    """Answers the n-th request with the n-th reply, and the last one for ever.

    A reply of ``None`` closes the connection without an answer; ``...`` never answers.
    """

    replies: deque = field(default_factory=deque)
    requests: list[Seen] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self._tasks: set[asyncio.Task] = set()
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"http{'s' if self.tls else ''}://127.0.0.1:{port}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        return len(self._tasks)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while request := await self._read(reader):
                self.requests.append(request)
                reply = self.replies[0]
                if len(self.replies) > 1:
                    self.replies.popleft()
                if reply is ...:
                    await reader.read()
                    return
                if reply is None:
                    return
                writer.write(reply)
                await writer.drain()
                if b"connection: close" in reply[:500].lower():
                    return
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> Seen | None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.decode().split("\r\n")
        method, target, _ = first.split(" ")
        headers = {
            name.lower(): value
            for name, value in (line.split(": ", 1) for line in lines if ": " in line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return Seen(method, target, headers, body)


def reply(
    status: int,
    body: object = b"",
    headers: dict[str, str] | None = None,
    *,
    length: int | None = None,
) -> bytes:
    """A whole reply; ``body`` is bytes, or anything that becomes JSON."""
    content = body if isinstance(body, bytes) else msgspec.json.encode(body)
    kind = "text/html" if content[:1] == b"<" else "application/json"
    fields = {
        "content-type": kind,
        "content-length": str(len(content) if length is None else length),
        **(headers or {}),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    return f"HTTP/1.1 {status} X\r\n{head}\r\n".encode() + content


def cut_short(body: bytes, missing: int = 50) -> bytes:
    """A reply that promises more than it holds, and ends."""
    return reply(200, body, {"connection": "close"}, length=len(body) + missing)


def page(*ids: str, next_token: str | None = None) -> dict[str, object]:
    """A page of tweets."""
    meta: dict[str, object] = {"result_count": len(ids)}
    if next_token is not None:
        meta["next_token"] = next_token
    body: dict[str, object] = {"meta": meta}
    if ids:
        body["data"] = [{"id": each, "text": "RT"} for each in ids]
    return body

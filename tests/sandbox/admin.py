"""A client of the admin endpoint, which knows nothing of the package but the prefix."""

import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import anyio
import msgspec

from twretweet.sandbox import Sandbox


@dataclass
class Told:
    status: int
    headers: Any
    body: Any


@dataclass
class Event:
    name: str
    data: Any


class Admin:
    def __init__(self, sandbox: Sandbox, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.http = http

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        data: bytes | io.BytesIO | None = None,
        **headers: str,
    ) -> Told:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = msgspec.json.encode(body) if body is not None else data
        if sent is not None and "content-type" not in names:
            names["content-type"] = "application/json"
        url = f"{self.sandbox.url}/__sandbox__/{path}"
        async with self.http.request(method, url, data=sent, headers=names) as reply:
            raw = await reply.read()
            if raw and reply.content_type == "application/json":
                raw = msgspec.json.decode(raw)
            return Told(reply.status, reply.headers, raw)

    async def get(self, path: str) -> Any:
        told = await self.call("GET", path)
        assert told.status == 200, told
        return told.body

    async def post(self, path: str, body: Any) -> Any:
        told = await self.call("POST", path, body)
        assert told.status in {200, 201, 204}, told
        return told.body

    @asynccontextmanager
    async def events(self) -> AsyncIterator["Stream"]:
        url = f"{self.sandbox.url}/__sandbox__/events"
        async with self.http.get(url) as reply:
            assert reply.content_type == "text/event-stream"
            yield Stream(reply)


class Stream:
    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self.reply = reply

    async def next(self) -> Event:
        """The next event."""
        name = ""
        with anyio.fail_after(60):
            async for line in self.reply.content:
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    return Event(name, msgspec.json.decode(value))
        raise EOFError

    async def until(self, name: str, part: str = "") -> Event:
        """The next event of that name, which names that part."""
        while True:
            event = await self.next()
            if event.name == name and (not part or part in event.data["parts"]):
                return event

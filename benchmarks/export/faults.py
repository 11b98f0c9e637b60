"""A bad network in front of a server: slow at times, and connections that break.

It passes on one request after another. What breaks is decided by a generator with a seed, and told
apart: a request that never reached the server costs nothing, a reply that was lost on its way back
was served, and so was paid for.
"""

from __future__ import annotations

import asyncio
import random
import re
from collections import Counter
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_WALKED = re.compile(r"/2/tweets/\d+/(retweets|retweeted_by)")
FIRST = "the first page"


@dataclass(frozen=True, slots=True)
class Shares:
    """How much of what goes wrong, as shares of all requests."""

    slow: float = 0.05
    never_sent: float = 0.01
    lost: float = 0.01
    cut_short: float = 0.005
    most_delay: float = 0.03  # seconds


@dataclass(slots=True)
class Served:
    """What the server answered during one run of a client.

    Attributes:
        pages: the tokens of the pages it gave, in order.
        searches: those that it gave after it had forgotten a token, since then the client looks
            for its place from the top; a list for each time.
        lost: how many of each were lost on the way back.
        refused: how many requests it answered with 429.
        troubled: how many it answered with 5xx.
        unsent: how many requests never reached it.
    """

    pages: list[str] = field(default_factory=list)
    searches: list[list[str]] = field(default_factory=list)
    lost: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    troubled: int = 0
    unsent: int = 0

    @property
    def count(self) -> int:
        """How many pages it gave."""
        return len(self.pages) + sum(map(len, self.searches))

    def serve(self, page: str) -> None:
        """Note a page that it gave."""
        (self.searches[-1] if self.searches else self.pages).append(page)

    def refuse(self, status: int) -> None:
        """Note that it gave none."""
        self.refused += status == HTTPStatus.TOO_MANY_REQUESTS
        self.troubled += status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if status == HTTPStatus.BAD_REQUEST:
            self.searches.append([])


class Faults:
    """Listens on loopback and passes on to a server.

    Args:
        url: of the server.
        seed: of the faults.
        shares: how many of them.
    """

    def __init__(self, url: str, seed: int, shares: Shares | None = None) -> None:
        parts = urlsplit(url)
        self._upstream = (parts.hostname or "", parts.port or 80)
        self._random = random.Random(seed)
        self._shares = shares or Shares()
        self._tasks: set[asyncio.Task[None]] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._news = asyncio.Event()
        self.runs = [Served()]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def next_run(self) -> None:
        """Wait until the last client is gone and what it asked for is served; then count anew."""
        await self._idle.wait()
        self.runs.append(Served())

    async def served(self, pages: int) -> None:
        """Wait until this run was given so many pages."""
        run = self.runs[-1]
        while run.count < pages:
            self._news.clear()
            await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._idle.clear()
        run = self.runs[-1]
        upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        try:
            upstream = await asyncio.open_connection(*self._upstream)
            while await self._pass_on(run, reader, writer, *upstream):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            if upstream is not None:
                upstream[1].close()
            writer.transport.abort()
            self._tasks.discard(task)
            if not self._tasks:
                self._idle.set()

    async def _pass_on(
        self,
        run: Served,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        up_reader: asyncio.StreamReader,
        up_writer: asyncio.StreamWriter,
    ) -> bool:
        """Pass on one exchange; whether the connection still stands."""
        request = await reader.readuntil(b"\r\n\r\n")
        shares, chance = self._shares, self._random.random()
        if (chance := chance - shares.never_sent) < 0:
            run.unsent += 1
            return False
        if (chance := chance - shares.slow) < 0:
            await asyncio.sleep(self._random.random() * shares.most_delay)
        up_writer.write(request)
        head = await up_reader.readuntil(b"\r\n\r\n")
        found = _LENGTH.search(head)
        reply = head + await up_reader.readexactly(int(found[1]) if found else 0)
        page = _page(request)
        status = int(head.split(b" ", 2)[1])
        if status != HTTPStatus.OK:
            run.refuse(status)
        elif page is not None:
            run.serve(page)
            self._news.set()
        if 0 <= chance < shares.lost + shares.cut_short:
            if page is not None and status == 200:
                run.lost[page] += 1
            if chance >= shares.lost:
                writer.write(reply[: len(reply) // 2])
                await writer.drain()
            return False
        writer.write(reply)
        await writer.drain()
        return True


def _page(request: bytes) -> str | None:
    """The token of the page that is asked for; ``None`` if it is none of a walk."""
    target = urlsplit(request.split(b" ", 2)[1].decode())
    if _WALKED.fullmatch(target.path) is None:
        return None
    return parse_qs(target.query).get("pagination_token", [FIRST])[0]

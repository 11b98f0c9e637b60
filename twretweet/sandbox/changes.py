"""Telling whoever watches a sandbox what happens in it."""

from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import anyio

from twretweet.sandbox.records import RecordedRequest

Part: TypeAlias = Literal["tweets", "accounts", "buckets", "faults", "clock", "requests"]
_MOST_PENDING: Final = 1000
MOST_WATCHERS: Final = 100


@dataclass(slots=True)
class News:
    """What has happened since it was last taken.

    Args:
        requests: those that were answered.
        parts: what else is no longer as it was.
        missed: whether there were more requests than are kept.
    """

    requests: deque[RecordedRequest] = field(
        default_factory=lambda: deque[RecordedRequest](maxlen=_MOST_PENDING)
    )
    parts: set[Part] = field(default_factory=set[Part])
    missed: bool = False


class Watcher:
    """One who watches."""

    __slots__ = ("_ended", "_news", "_stirred")

    def __init__(self) -> None:
        self._news = News()
        self._stirred = anyio.Event()
        self._ended = anyio.Event()

    @property
    def ended(self) -> bool:
        """Whether no more news will come."""
        return self._ended.is_set()

    @property
    def stirred(self) -> bool:
        """Whether there are news, or no more will come."""
        return self._stirred.is_set()

    async def wait(self) -> None:
        """Return when there are news, or no more will come."""
        await self._stirred.wait()

    async def until_end(self) -> None:
        """Return when no more news will come."""
        await self._ended.wait()

    def take(self) -> News:
        """Return the news, and begin to gather again."""
        news, self._news = self._news, News()
        if not self.ended:
            self._stirred = anyio.Event()
        return news

    def hear(self, tell: Callable[[News], None]) -> None:
        """Add to the news."""
        tell(self._news)
        self._stirred.set()

    def end(self) -> None:
        """Let no more news come."""
        self._ended.set()
        self._stirred.set()


class Changes:
    """Everybody who watches a sandbox."""

    __slots__ = ("_watchers",)

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()

    @contextmanager
    def watching(self) -> Generator[Watcher, None, None]:
        """Watch for a while."""
        watcher = Watcher()
        self._watchers.add(watcher)
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)

    @property
    def crowded(self) -> bool:
        """Whether nobody else can watch."""
        return len(self._watchers) >= MOST_WATCHERS

    def answered(self, request: RecordedRequest) -> None:
        """Tell of a request that was answered."""

        def tell(news: News) -> None:
            news.missed = news.missed or len(news.requests) == _MOST_PENDING
            news.requests.append(request)

        self._tell(tell)

    def tell(self, *parts: Part) -> None:
        """Tell that parts are no longer as they were."""
        self._tell(lambda news: news.parts.update(parts))

    def end(self) -> None:
        """Tell all that no more news will come."""
        for watcher in self._watchers:
            watcher.end()

    def _tell(self, tell: Callable[[News], None]) -> None:
        for watcher in self._watchers:
            watcher.hear(tell)

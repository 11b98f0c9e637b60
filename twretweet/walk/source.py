"""What a walk needs to know of the pages it walks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Protocol, TypeVar

from twretweet.clock import Clock
from twretweet.errors import TwretweetError
from twretweet.models import Identified, Page, Problem

T = TypeVar("T", bound=Identified)


class PageSource(Protocol[T]):
    """Where a walk gets its pages from."""

    @property
    def endpoint(self) -> str:
        """The name of the endpoint."""
        ...

    @property
    def target(self) -> str:
        """The id of the tweet, or of the user, whose pages these are; ``""`` if unknown."""
        ...

    @property
    def params(self) -> Mapping[str, str]:
        """The query, without page size and page token."""
        ...

    @property
    def newest_first(self) -> bool:
        """Whether the items come in falling order of their ids."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...

    async def fetch(self, page_token: str | None, max_results: int) -> Page[T]:
        """Fetch one page of at most ``max_results`` items."""
        ...

    def report(self, problems: Iterable[Problem]) -> None:
        """Tell of what a page lacks."""
        ...

    def expired(self, last_id: str) -> None:
        """Tell that X has forgotten a page token, and what is known last."""
        ...

    def interval(self) -> float:
        """How far apart requests are to be so that the window lasts for them, in seconds."""
        ...

    def start(self, work: Callable[[], Coroutine[object, object, None]]) -> asyncio.Task[None]:
        """Run ``work`` in a task that the manager owns."""
        ...

    def stands(self, task: asyncio.Task[None]) -> bool:
        """Whether a task of :meth:`start` waits for a slot, and so has nothing on its way."""
        ...

    def located(self, error: TwretweetError) -> TwretweetError:
        """Note on ``error`` what was walked, and as whom."""
        ...

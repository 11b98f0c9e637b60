"""Looks at a walk from beside it, so that a person sees it move and sees it wait.

While a walk waits for a window it says nothing, and a page can be a quarter of an hour away. So a
second task asks the limiter ten times a second what is left and shows it.
"""

import time
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import anyio

from twretweet.cli.tally import Tally, Window, window_of
from twretweet.limits import BucketState

_TICK = 0.1

T = TypeVar("T")


class Display(Protocol):
    """What shows how far a walk is."""

    def show(self, tally: Tally, window: Window | None) -> None:
        """Show this; it may be the same as before."""
        ...


async def watched(
    work: Callable[[], Awaitable[T]],
    tally: Tally,
    states: Callable[[], list[BucketState]],
    endpoint: str,
    display: Display,
) -> T:
    """Do ``work``, and show ``tally`` and the window of ``endpoint`` meanwhile and at the end.

    An error is raised as it is, and nothing is shown after it.

    Args:
        work: what walks, and counts in ``tally``.
        tally: how far it is.
        states: tells what is left, such as ``session.rate_limits``.
        endpoint: the name of the endpoint that is walked.
        display: where to show it.
    """
    done: list[T] = []
    alone: BaseException | None = None
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(_look, tally, states, endpoint, display)
            done.append(await work())
            group.cancel_scope.cancel()
    except BaseExceptionGroup as several:
        alone, *others = several.exceptions
        if others:
            raise
    if alone is not None:
        # The group wraps even a single error, and that one is what has to reach the user.
        raise alone
    display.show(tally, window_of(states(), endpoint, time.time()))
    return done[0]


async def _look(
    tally: Tally, states: Callable[[], list[BucketState]], endpoint: str, display: Display
) -> None:
    waiting_since: float | None = None
    began = time.monotonic()
    before: Window | None = None
    while True:
        window = window_of(states(), endpoint, time.time())
        now = time.monotonic()
        tally.elapsed = now - began
        tally.learn(window, before)
        before = window
        if window is None or not window.waiting:
            waiting_since = None
        elif waiting_since is None:
            waiting_since = now
            tally.waits += 1
        else:
            tally.waited += now - waiting_since
            waiting_since = now
        display.show(tally, window)
        await anyio.sleep(_TICK)

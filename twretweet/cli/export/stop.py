"""Ctrl-C and SIGTERM: the first lets the page under way arrive, the second ends at once.

A page that was asked for is paid, so it is worth the second that it takes. A wait for a window or
for another attempt is worth nothing, and ends with the first signal. Which of the two it is, the
events of the pipeline tell.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self, TypeAlias

import anyio

from twretweet.events import Event, RequestAnswered, RequestFailed, RequestSent, Retrying

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_OK = 200
_Handler: TypeAlias = Callable[[int, FrameType | None], object] | int | None


class Stop:
    """Whether to go on, asked between pages.

    Attributes:
        asked: whether to come to an end.
        number: of the signal that asked for it.
        paying: whether a page is on its way, which is paid for.
    """

    def __init__(self) -> None:
        self.asked = False
        self.number = int(signal.SIGINT)
        self.paying = False
        self._scope: anyio.CancelScope | None = None

    def over(self, scope: anyio.CancelScope) -> None:
        """Cancel ``scope`` when it is time to stop, and nothing that is paid for is lost by it."""
        self._scope = scope
        self._end_unless_paid()

    def ask(self, number: int = signal.SIGINT) -> None:
        """Come to an end: now, or when the page under way is written."""
        self.asked, self.number = True, number
        self._end_unless_paid()

    def hear(self, event: Event) -> None:
        """Follow what happens to requests."""
        if isinstance(event, RequestSent):
            self.paying = True
        elif isinstance(event, RequestFailed | Retrying) or (
            isinstance(event, RequestAnswered) and event.status != _OK
        ):
            self.written()

    def written(self) -> None:
        """The page that was on its way is written, or came to nothing."""
        self.paying = False
        self._end_unless_paid()

    def _end_unless_paid(self) -> None:
        if self.asked and not self.paying and self._scope is not None:
            self._scope.cancel()


class Signals:
    """Turns signals into a word to ``stop`` while its block runs; a second one interrupts.

    The handlers are Python's own and not the event loop's, so that a second Ctrl-C also ends what
    holds up the loop, such as a write to a pipe that nobody reads.

    Args:
        stop: is told of the first signal.
        told: is called then, if a page is still waited for.
    """

    def __init__(self, stop: Stop, told: Callable[[], None]) -> None:
        self._stop = stop
        self._told = told
        self._before: dict[int, _Handler] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._interrupted = False

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            # A shell starts what it runs in the background with interrupts ignored.
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _: FrameType | None) -> None:
        if self._stop.asked:
            self._interrupted = True
            raise KeyboardInterrupt
        self._stop.asked, self._stop.number = True, number
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._ask, number)

    def _ask(self, number: int) -> None:
        self._stop.ask(number)
        if self._stop.paying and not self._interrupted:
            self._told()

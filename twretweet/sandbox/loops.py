"""Event loops on which the time of a virtual clock passes when everyone waits.

A :class:`VirtualLoop` follows the clock: all its timers do. A :class:`ServingLoop` runs a sandbox
in a thread of its own: what is done there on the clock, such as a late reply, waits for the clock,
and its own housekeeping goes by real time.

All loops of one clock sit at one table. Client and sandbox talk over real sockets of the loopback,
where what one side has sent is readable by the other at once. So when every loop rests, none has a
socket that is ready, and no thread of theirs is at work, everyone waits for a moment of the clock,
and the one who waits for the earliest moves it there.
"""

import asyncio
import select
import selectors
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Executor
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Final, TypeVar, TypeVarTuple

import anyio
import anyio.to_thread

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# Real seconds: what a peer in the kernel may need, and how often a thread at work is looked at.
_GRACE: Final = 0.002
_PATIENCE: Final = 0.02


@dataclass(slots=True, eq=False)
class Seat:
    """One loop at the table.

    Args:
        file: what is readable when one of its sockets is ready; ``None`` where there is no such.
        busy: whether threads of it are at work.
        resting: whether it waits.
        until: for which moment of the clock, if for one.
    """

    file: int | None
    busy: Callable[[], bool]
    resting: bool = False
    until: float | None = None


class Table:
    """The loops that share a time, and the time itself: seconds since the start."""

    __slots__ = ("_lock", "_seats", "elapsed")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seats: list[Seat] = []
        self.elapsed = 0.0

    @contextmanager
    def seated(self, seat: Seat) -> Generator[None, None, None]:
        """Take a seat for a while."""
        with self._lock:
            self._seats.append(seat)
        try:
            yield
        finally:
            with self._lock:
                self._seats.remove(seat)

    def advance(self, seconds: float) -> None:
        """Let seconds have passed."""
        with self._lock:
            self.elapsed += seconds

    def moved(self, seat: Seat) -> bool:
        """Move the time to where a seat waits for it, unless somebody else has to be first."""
        with self._lock:
            others = [other for other in self._seats if other is not seat]
            if seat.until is None or seat.busy():
                return False
            for other in others:
                sooner = other.until is not None and other.until < seat.until
                if sooner or not other.resting or other.busy():
                    return False
            # One that has been sent something rests until it gets around to noticing.
            if _any_ready([other.file for other in others if other.file is not None]):
                return False
            self.elapsed = max(self.elapsed, seat.until)
            return True


def _any_ready(files: list[int]) -> bool:
    if not files:
        return False
    ready = select.poll()  # select itself takes no number above 1023
    for file in files:
        ready.register(file, select.POLLIN)
    return bool(ready.poll(0))


class _JumpingSelector(selectors.DefaultSelector):
    """Moves the time where another selector would wait."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self._table = table
        self.seat = Seat(_file_of(self), lambda: False)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        seat = self.seat
        seat.until = None if timeout is None else self._table.elapsed + timeout
        seat.resting = True
        try:
            if seat.until is None:
                return super().select(None)
            while seat.until > self._table.elapsed and not ready:
                ready = super().select(_PATIENCE if seat.busy() else _GRACE)
                if not ready:
                    self._table.moved(seat)
            return ready
        finally:
            seat.resting = False


class _ServingSelector(selectors.DefaultSelector):
    """Waits in real time, and for moments of the clock as well.

    Args:
        table: the time.
        earliest: the next of the moments.
        wake: wakes who waits for those that have come.
    """

    def __init__(
        self, table: Table, earliest: Callable[[], float | None], wake: Callable[[], None]
    ) -> None:
        super().__init__()
        self._table = table
        self._earliest = earliest
        self._wake = wake
        self.seat = Seat(_file_of(self), lambda: False)

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        seat, end = self.seat, None if timeout is None else time.monotonic() + timeout
        seat.until = self._earliest()
        if ready or (timeout is not None and timeout <= 0) or seat.until is None:
            seat.resting = not ready and (timeout is None or timeout > 0)
            try:
                return ready or super().select(timeout)
            finally:
                seat.resting = False
        seat.resting = True
        try:
            while not ready and (end is None or time.monotonic() < end):
                ready = super().select(_GRACE)
                if not ready and (seat.until <= self._table.elapsed or self._table.moved(seat)):
                    self._wake()
                    break
            return ready
        finally:
            seat.resting = False


def _file_of(selector: selectors.BaseSelector) -> int | None:
    # That of Windows has none.
    number: Callable[[], int] | None = getattr(selector, "fileno", None)
    return None if number is None else number()


class VirtualLoop(asyncio.SelectorEventLoop):
    """A selector loop whose time is a clock's, and which knows of its threads."""

    def __init__(self, table: Table) -> None:
        selector = _JumpingSelector(table)
        super().__init__(selector)
        self.table = table
        self._seat = selector.seat
        self._seat.busy = self._busy
        self._executing = 0
        self._threads: anyio.CapacityLimiter | None = None
        self._watching: asyncio.Task[None] | None = None
        self.call_soon(self._begin)

    def time(self) -> float:
        """Return the clock's seconds since its start."""
        return self.table.elapsed

    def run_forever(self) -> None:
        """Run, with a seat at the table until it stops."""
        with self.table.seated(self._seat):
            super().run_forever()

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        """Run something in a thread, which is at work until it is done."""
        self._executing += 1
        try:
            future = super().run_in_executor(executor, func, *args)
        except BaseException:
            self._executing -= 1
            raise
        future.add_done_callback(self._executed)
        return future

    def _begin(self) -> None:
        self._watching = self.create_task(self._watch())

    async def _watch(self) -> None:
        # anyio has threads of its own, which it counts, and tells only a task of the loop.
        self._threads = anyio.to_thread.current_default_thread_limiter()

    def _executed(self, _: asyncio.Future[T]) -> None:
        self._executing -= 1

    def _busy(self) -> bool:
        threads = self._threads
        return self._executing > 0 or (threads is not None and threads.borrowed_tokens > 0)


class ServingLoop(asyncio.SelectorEventLoop):
    """A loop in real time, on which some wait for moments of a clock."""

    def __init__(self, table: Table) -> None:
        selector = _ServingSelector(table, self._earliest, self._wake)
        self.table = table
        self._moments: list[tuple[float, int, anyio.Event]] = []
        self._numbers = count()
        super().__init__(selector)
        self._seat = selector.seat

    async def rest(self, seconds: float) -> None:
        """Return when seconds of the clock have passed."""
        moment = (self.table.elapsed + seconds, next(self._numbers), anyio.Event())
        heappush(self._moments, moment)
        try:
            await moment[2].wait()
        finally:
            if moment in self._moments:
                self._moments.remove(moment)
                heapify(self._moments)

    def run_forever(self) -> None:
        """Run, with a seat at the table until it stops."""
        with self.table.seated(self._seat):
            super().run_forever()

    def _earliest(self) -> float | None:
        return self._moments[0][0] if self._moments else None

    def _wake(self) -> None:
        while self._moments and self._moments[0][0] <= self.table.elapsed:
            heappop(self._moments)[2].set()

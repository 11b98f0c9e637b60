"""The one place that waits for a slot.

A *line* is the queue of one bucket; lines come and go with their waiters. The first in a line, its
head, asks for slots in all its windows at once. Refused, it registers with the window that had no
room, and sleeps. Each window keeps those who are registered in the order in which they came, and
only the first of them, its *captain*, has an alarm set for when the window opens; an answer that
tells something new wakes the captain too. Whoever leaves, with slots or without, wakes the one
behind in the line and the next captain.

So a bucket is served strictly first come, first served; so is a window that several buckets share,
among those who lack nothing else; nobody waits behind a bucket that is not theirs; and a reset
wakes as many as it has slots for, and one more.

A waiter holds nothing while it waits, so a cancelled one only has to leave.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Generic, TypeVar

import anyio
import anyio.lowlevel

from twretweet.clock import Clock
from twretweet.errors import RateLimitExceeded
from twretweet.events import Granted, OnEvent, Waiting
from twretweet.limits.bucket import Bucket, Permit

P = TypeVar("P", bound=Permit)


class Refusal:
    """Why there was no slot.

    Attributes:
        queue: where to register for the window that had no room.
        opens_at: before when there can be no slot, monotonic; ``None`` where an answer may free
            one at any moment.
        look_at: when to ask again if no answer has woken anybody here.
    """

    __slots__ = ("look_at", "opens_at", "queue")

    def __init__(
        self, queue: Captaincy, opens_at: float | None, look_at: float | None = None
    ) -> None:
        self.queue = queue
        self.opens_at = opens_at
        self.look_at = look_at


class Waiter:
    """One caller who waits."""

    __slots__ = ("event", "registered", "ticket", "woken")

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.woken = False
        self.event: anyio.Event | None = None  # only once it sleeps: most callers never do
        self.registered: Captaincy | None = None

    def wake(self) -> None:
        """Have it ask again, now or as soon as it would sleep."""
        self.woken = True
        if self.event is not None:
            self.event.set()

    def __lt__(self, other: Waiter) -> bool:
        return self.ticket < other.ticket


class Captaincy:
    """The heads that are registered with one window, in the order in which they came."""

    __slots__ = ("_heads",)

    def __init__(self) -> None:
        self._heads: list[Waiter] = []

    def captain(self) -> Waiter | None:
        """Who came first of those who are still registered."""
        heads = self._heads
        while heads and heads[0].registered is not self:
            heapq.heappop(heads)
        return heads[0] if heads else None

    def register(self, waiter: Waiter) -> None:
        """Add a head that found no room."""
        waiter.registered = self
        heapq.heappush(self._heads, waiter)

    def wake(self) -> None:
        """Have the captain ask again."""
        captain = self.captain()
        if captain is not None:
            captain.wake()


def patience(max_wait: float | None) -> float | None:
    """How long the caller can wait: ``max_wait``, or less where ``anyio.fail_after`` says so.

    Who will be cancelled before the window opens had better hear at once when it does.
    """
    left = anyio.current_effective_deadline() - anyio.current_time()
    if not 0 < left < math.inf:
        return max_wait
    return left if max_wait is None else min(left, max_wait)


class Gate(Generic[P]):
    """All lines of one limiter.

    Args:
        clock: where time comes from.
        ask: takes slots in all windows of a bucket for the caller with that ticket, or says why
            not.
        captaincies: those of the windows of a bucket.
        on_event: is told of ``Waiting`` and ``Granted``.
    """

    __slots__ = ("_ask", "_captaincies", "_clock", "_on_event", "_tickets", "lines")

    def __init__(
        self,
        clock: Clock,
        *,
        ask: Callable[[Bucket, int], Awaitable[P | Refusal]],
        captaincies: Callable[[Bucket], Iterable[Captaincy]],
        on_event: OnEvent | None = None,
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._captaincies = captaincies
        self._on_event = on_event
        self._tickets = 0
        self.lines: dict[str, deque[Waiter]] = {}

    async def wait(self, bucket: Bucket, *, max_wait: float | None) -> P:
        """Wait at the end of the line until there are slots.

        Raises:
            RateLimitExceeded: ``max_wait`` seconds, or those of the caller's own deadline, are
                over, or will be before a slot is free.
        """
        self._tickets += 1
        waiter = Waiter(self._tickets)
        line = self.lines.get(bucket.key)
        if line is None:
            line = self.lines[bucket.key] = deque()
        ahead, since = len(line), self._clock.monotonic()
        told = measured = False
        deadline: float | None = None
        line.append(waiter)
        try:
            while True:
                refusal = None
                if line[0] is waiter:
                    answer = await self._ask(bucket, waiter.ticket)
                    if not isinstance(answer, Refusal):
                        if told:
                            self._tell_granted(answer, bucket, since)
                        return answer
                    refusal = self._register(waiter, answer)
                if not measured:
                    measured, deadline = True, self._deadline(since, max_wait)
                if not told and self._on_event is not None:
                    told = True
                    self._tell_waiting(self._on_event, bucket, ahead, refusal)
                await self._sleep(bucket, waiter, refusal, deadline, ahead)
        finally:
            self._leave(bucket, line, waiter)

    def _deadline(self, since: float, max_wait: float | None) -> float | None:
        now = self._clock.monotonic()
        left = patience(None if max_wait is None else since + max_wait - now)
        return None if left is None else now + left

    def _register(self, waiter: Waiter, refusal: Refusal) -> Refusal | None:
        """Register with the window that had no room; what to wait for, as its captain."""
        before = waiter.registered
        if before is not refusal.queue:
            refusal.queue.register(waiter)
            if before is not None:
                before.wake()  # it has another captain now
        return refusal if refusal.queue.captain() is waiter else None

    async def _sleep(
        self,
        bucket: Bucket,
        waiter: Waiter,
        refusal: Refusal | None,
        deadline: float | None,
        ahead: int,
    ) -> None:
        """Sleep until there is a reason to ask again, and no longer than the deadline."""
        now = self._clock.monotonic()
        alarm = None if refusal is None else refusal.opens_at
        look = None if refusal is None else refusal.look_at
        if deadline is not None and (now >= deadline or (alarm is not None and alarm > deadline)):
            raise self.refusal(bucket, now, deadline if alarm is None else alarm, ahead)
        until = min((at for at in (alarm, look, deadline) if at is not None), default=None)
        if not waiter.woken:
            waiter.event = anyio.Event()
            if until is None:
                await waiter.event.wait()
            else:
                await self._clock.wait(waiter.event, until - now)
        waiter.woken, waiter.event = False, None
        # Woken and cancelled at once: take nothing that would have to be given back.
        await anyio.lowlevel.checkpoint_if_cancelled()

    def _tell_waiting(
        self, on_event: OnEvent, bucket: Bucket, ahead: int, refusal: Refusal | None
    ) -> None:
        until = None if refusal is None else refusal.opens_at
        if until is not None:
            until += self._clock.time() - self._clock.monotonic()
        on_event(Waiting(bucket=bucket.label, ahead=ahead, until=until))

    def _tell_granted(self, permit: P, bucket: Bucket, since: float) -> None:
        try:
            if self._on_event is not None:
                waited = self._clock.monotonic() - since
                self._on_event(Granted(bucket=bucket.label, waited=waited))
        except BaseException:
            permit.give_back()
            raise

    def _leave(self, bucket: Bucket, line: deque[Waiter], waiter: Waiter) -> None:
        was_head = line[0] is waiter
        if was_head:
            line.popleft()
        else:
            line.remove(waiter)
        waiter.registered = None
        if not line:
            del self.lines[bucket.key]
        elif was_head:
            line[0].wake()
        if was_head:
            for captaincy in self._captaincies(bucket):
                captaincy.wake()

    def refusal(self, bucket: Bucket, now: float, until: float, ahead: int) -> RateLimitExceeded:
        """The error of a caller who may not wait until ``until``, monotonic."""
        wait = max(until - now, 0.0)
        others = f" behind {ahead} others" if ahead else ""
        when = f"the next is {wait:.1f} s away" if wait else "X has not said when the next comes"
        return RateLimitExceeded(
            f"{bucket.label} has no slot left{others}: {when}, and max_wait allows no more; try "
            "again then, or allow a longer wait",
            bucket=bucket.label,
            reset_at=self._clock.time() + wait,
            wait=wait,
            ahead=ahead,
        )

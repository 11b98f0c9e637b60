"""Lines of waiters, and who of them watches over a window. Nothing here waits or asks."""

from __future__ import annotations

import asyncio
import heapq
from collections import deque

import anyio

from twretweet.limits.bucket import Bucket, Permit


class Waiter:
    """One caller who waits.

    Attributes:
        ticket: lower than that of whoever came later.
        woken: whether it was woken since it last asked.
        gone: whether it has left its line, though it may still stand in it.
        handed: slots that it was given while it slept.
        registered: with which window, if it is a head that found no room.
    """

    __slots__ = ("asleep", "event", "gone", "handed", "registered", "ticket", "woken")

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.woken = self.gone = False
        # Only once it sleeps: most callers never do. Those with an alarm have an event, and the
        # many who have none a bare future, for a third of what an event costs.
        self.event: anyio.Event | None = None
        self.asleep: asyncio.Future[None] | None = None
        self.handed: Permit | None = None
        self.registered: Captaincy | None = None

    def hand(self, slots: Permit) -> None:
        """Give it slots, and wake it."""
        self.handed = slots
        self.wake()

    def wake(self) -> None:
        """Have it ask again, now or as soon as it would sleep."""
        self.woken = True
        if self.asleep is not None:
            if not self.asleep.done():  # it may be cancelled
                self.asleep.set_result(None)
        elif self.event is not None:
            self.event.set()

    def __lt__(self, other: Waiter) -> bool:
        return self.ticket < other.ticket


class Line:
    """Those who wait for slots of one bucket, in the order in which they came."""

    __slots__ = ("_gone", "_waiters", "bucket")

    def __init__(self, bucket: Bucket) -> None:
        self.bucket = bucket
        self._waiters: deque[Waiter] = deque()
        self._gone = 0  # how many of them have left; never the first

    def __len__(self) -> int:
        return len(self._waiters) - self._gone

    @property
    def head(self) -> Waiter:
        """Whose turn it is."""
        return self._waiters[0]

    def join(self, waiter: Waiter) -> None:
        """Stand behind the others."""
        self._waiters.append(waiter)

    def leave(self, waiter: Waiter) -> bool:
        """Go; whether it was the head."""
        waiter.gone = True
        self._gone += 1
        if self._waiters[0] is not waiter:
            return False
        self._drop_gone()
        return True

    def pop(self) -> Waiter:
        """Have the head go."""
        head = self._waiters.popleft()
        self._drop_gone()
        return head

    def _drop_gone(self) -> None:
        waiters = self._waiters
        while waiters and waiters[0].gone:
            waiters.popleft()
            self._gone -= 1


class Captaincy:
    """The heads that are registered with one window, in the order in which they came."""

    __slots__ = ("_gone", "_heads")

    def __init__(self) -> None:
        self._heads: list[Waiter] = []
        self._gone = 0  # how many of them have left meanwhile, about

    def captain(self) -> Waiter | None:
        """Who came first of those who are still registered."""
        heads = self._heads
        while heads and heads[0].registered is not self:
            heapq.heappop(heads)
            self._gone -= 1
        return heads[0] if heads else None

    def register(self, waiter: Waiter) -> None:
        """Add a head that found no room."""
        waiter.registered = self
        heapq.heappush(self._heads, waiter)

    def leave(self, waiter: Waiter) -> bool:
        """Remove a head; whether it was the captain."""
        was_captain = self._heads[0] is waiter
        waiter.registered = None
        self._gone += 1
        if not was_captain and 2 * self._gone > len(self._heads):
            here = (head for head in self._heads if head.registered is self)
            self._heads = list(dict.fromkeys(here))  # who left and came again is there twice
            self._gone = 0
            heapq.heapify(self._heads)
        return was_captain

    def wake(self) -> bool:
        """Have the captain ask again; whether there is one."""
        captain = self.captain()
        if captain is None:
            return False
        captain.wake()
        return True

"""The one place that waits for a slot.

A *line* is the queue of one bucket. Its first waiter, the head, asks the store for a slot and,
refused, sleeps until the store says that there may be one, or until it is woken because an answer
came that leaves room, or tells when there will be; the others sleep until they are the head. So
the order is strictly first come, first served within a bucket, no bucket waits behind another,
and a reset wakes as many as it has slots for: each head that gets its slot wakes the next.

A waiter holds nothing while it waits. Cancelled, it leaves the line, and if it was the head it
wakes the one behind it.
"""

from __future__ import annotations

from collections import deque
from typing import Protocol, TypeVar

import anyio

from twretweet.clock import Clock
from twretweet.errors import RateLimitExceeded

# Each answer tells X's clock a little better; sleepers need not know each time, in seconds.
_WORTH_WAKING = 0.05

P = TypeVar("P")
P_co = TypeVar("P_co", covariant=True)


class Turn(Protocol[P_co]):
    """What a line asks on behalf of its head."""

    def take(self) -> P_co | None:
        """Take the slots, all or none; ``None`` if there is no room now."""
        ...

    def opens_at(self) -> float | None:
        """When to ask again, monotonic; ``None``: when an answer arrives."""
        ...

    def left(self) -> None:
        """The head has gone, with its slots or without: others may be next."""
        ...


class _Waiter:
    __slots__ = ("event", "ticket")

    def __init__(self, ticket: int) -> None:
        self.ticket = ticket
        self.event = anyio.Event()


class Line:
    """The callers who wait for one bucket, in the order in which they came."""

    __slots__ = ("_until", "_waiters", "clock", "label")

    def __init__(self, label: str, clock: Clock) -> None:
        self.label = label
        self.clock = clock
        self._waiters: deque[_Waiter] = deque()
        self._until: float | None = None  # when the head asks again if nobody wakes it

    def __len__(self) -> int:
        return len(self._waiters)

    @property
    def ticket(self) -> int:
        """The number of the head; only of a line that is not empty."""
        return self._waiters[0].ticket

    def wake(self) -> None:
        """Have the head ask again."""
        if self._waiters:
            self._waiters[0].event.set()

    def reset_alarm(self, until: float | None) -> None:
        """Have the head ask again if it sleeps longer than ``until``, or for an answer only."""
        if until is not None and (self._until is None or until < self._until - _WORTH_WAKING):
            self.wake()

    async def wait(self, turn: Turn[P], ticket: int, *, max_wait: float | None) -> P:
        """Wait at the end of the line until ``turn`` gives a slot.

        Raises:
            RateLimitExceeded: ``max_wait`` seconds are over, or will be before a slot is free.
        """
        waiter = _Waiter(ticket)
        ahead = len(self._waiters)
        deadline = None if max_wait is None else self.clock.monotonic() + max_wait
        self._waiters.append(waiter)
        try:
            while True:
                is_head = self._waiters[0] is waiter
                if is_head and (permit := turn.take()) is not None:
                    return permit
                until = turn.opens_at() if is_head else None
                if is_head:
                    self._until = until
                await self._rest(waiter, until, deadline, ahead)
        finally:
            was_head = self._waiters[0] is waiter
            if was_head:
                self._waiters.popleft()
                self.wake()
            else:
                self._waiters.remove(waiter)
            turn.left()

    async def _rest(
        self, waiter: _Waiter, until: float | None, deadline: float | None, ahead: int
    ) -> None:
        """Sleep until there is a reason to look again, and no longer than the deadline."""
        now = self.clock.monotonic()
        if deadline is not None and (now >= deadline or (until is not None and until > deadline)):
            raise self.refusal(now, deadline if until is None else until, ahead)
        wake_at = min((at for at in (until, deadline) if at is not None), default=None)
        if wake_at is None:
            await waiter.event.wait()
        else:
            await self.clock.wait(waiter.event, wake_at - now)
        if waiter.event.is_set():
            waiter.event = anyio.Event()
        # Woken and cancelled at once: take nothing that would have to be given back.
        await anyio.lowlevel.checkpoint_if_cancelled()

    def refusal(self, now: float, until: float, ahead: int) -> RateLimitExceeded:
        """The error of a caller who may not wait until ``until``."""
        wait = max(until - now, 0.0)
        others = f" behind {ahead} others" if ahead else ""
        return RateLimitExceeded(
            f"{self.label} has no slot left{others}: the next is {wait:.1f} s away, longer than "
            "max_wait allows; try again then, or allow a longer wait",
            bucket=self.label,
            reset_at=self.clock.time() + wait,
            wait=wait,
            ahead=ahead,
        )

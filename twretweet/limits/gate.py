"""The one place that waits for a slot.

A *line* is the queue of one bucket; lines come and go with their waiters. The first in a line, its
head, asks for slots in all its windows at once. Refused, it registers with the window that had no
room, and sleeps. Each window keeps those who are registered in the order in which they came, and
only the first of them, its *captain*, has an alarm set for when the window opens; an answer that
tells something new wakes the captain too. A head that leaves, with slots or without, hands slots
to those behind it for as long as some are known to be free and nobody in another line can have
come before, and then wakes the next, which asks for itself; and it wakes the next captain.

So a bucket is served strictly first come, first served; so is a window that several buckets share,
among those who lack nothing else; nobody waits behind a bucket that is not theirs; and a reset
wakes as many as it has slots for, and one more.

A waiter holds nothing while it waits, so a cancelled one only has to leave; one that was handed
slots in the same moment gives them back.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar, cast

import anyio

from twretweet.clock import Clock
from twretweet.errors import RateLimitExceeded
from twretweet.events import Granted, OnEvent, Waiting
from twretweet.interrupt import heed
from twretweet.limits.bucket import Bucket, Permit
from twretweet.limits.line import Captaincy, Line, Waiter

P = TypeVar("P", bound=Permit)


class Refusal:
    """Why there was no slot.

    Attributes:
        queue: where to register for the window that had no room.
        opens_at: before when there can be no slot, monotonic; ``None`` where an answer may free
            one at any moment. The captain asks again then.
        look_at: when the captain asks again if no answer has woken it before.
    """

    __slots__ = ("look_at", "opens_at", "queue")

    def __init__(
        self, queue: Captaincy, opens_at: float | None, look_at: float | None = None
    ) -> None:
        self.queue = queue
        self.opens_at = opens_at
        self.look_at = look_at


def _patience(max_wait: float | None) -> float | None:
    """How long the caller can wait: ``max_wait``, or less where ``anyio.fail_after`` says so.

    Who will be cancelled before the window opens had better hear at once when it does.
    """
    deadline = anyio.current_effective_deadline()
    if deadline == math.inf:
        return max_wait
    left = deadline - anyio.current_time()
    if left <= 0:
        return max_wait
    return left if max_wait is None else min(left, max_wait)


class Gate(Generic[P]):
    """All lines of one limiter.

    Args:
        clock: where time comes from.
        ask: takes slots in all windows of a bucket for the caller with that ticket, or says why
            not.
        opens: the first moment at which there may be slots for a caller of a bucket, if so many
            are ahead of it; the last argument is the present moment.
        granted: called with the slots that a caller got, to wake who may go on behind it.
        hand: slots for the next caller of a bucket, where they are known to be free and nobody
            of another bucket may have come before; ``None``: that is never known without asking.
        on_event: is told of ``Waiting`` and ``Granted``.
    """

    __slots__ = ("_ask", "_clock", "_granted", "_hand", "_on_event", "_opens", "_tickets", "lines")

    def __init__(
        self,
        clock: Clock,
        *,
        ask: Callable[[Bucket, int], Awaitable[P | Refusal]],
        opens: Callable[[Bucket, int, float], float],
        granted: Callable[[P], None],
        hand: Callable[[Bucket], P | None] | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._clock = clock
        self._ask = ask
        self._opens = opens
        self._granted = granted
        self._hand = hand
        self._on_event = on_event
        self._tickets = 0
        self.lines: dict[str, Line] = {}

    async def wait(self, bucket: Bucket, *, max_wait: float | None) -> P:
        """Wait at the end of the line until there are slots.

        Raises:
            RateLimitExceeded: ``max_wait`` seconds, or those of the caller's own deadline, are
                over, or will be before a slot is free.
        """
        line = self.lines.get(bucket.key)
        ahead = 0 if line is None else len(line)
        deadline = self._deadline(bucket, ahead, max_wait)
        self._tickets += 1
        waiter = Waiter(self._tickets)
        if line is None:
            line = self.lines[bucket.key] = Line(bucket)
        line.join(waiter)
        try:
            slots = await self._until_granted(bucket, line, waiter, deadline)
        except BaseException:
            if waiter.handed is not None:
                waiter.handed.give_back()
            raise
        finally:
            if waiter.handed is None:
                self._leave(line, waiter)
        if waiter.handed is None:
            self._granted(slots)
        return slots

    async def _until_granted(
        self, bucket: Bucket, line: Line, waiter: Waiter, deadline: float | None
    ) -> P:
        ahead, since, told = len(line) - 1, self._clock.monotonic(), False
        while True:
            refusal, is_captain = None, False
            if line.head is waiter:
                answer = await self._ask(bucket, waiter.ticket)
                if not isinstance(answer, Refusal):
                    if told:
                        try:
                            self._tell_granted(bucket, since)
                        except BaseException:
                            answer.give_back()
                            raise
                    return answer
                refusal, is_captain = answer, self._register(waiter, answer.queue)
            if not told and self._on_event is not None:
                told = True
                self._tell_waiting(self._on_event, bucket, ahead, refusal)
            alarm = self._alarm(bucket, refusal, deadline, ahead, is_captain=is_captain)
            await self._sleep(waiter, alarm)
            if waiter.handed is not None:
                if told:
                    self._tell_granted(bucket, since)
                return cast("P", waiter.handed)

    def _deadline(self, bucket: Bucket, ahead: int, max_wait: float | None) -> float | None:
        """When the caller gives up; raise if those ahead alone will use up all its time."""
        left = _patience(max_wait)
        if left is None:
            return None
        now = self._clock.monotonic()
        opens = self._opens(bucket, ahead, now)
        if opens - now > left:
            raise self._refusal(bucket, now, opens, ahead)
        return now + left

    @staticmethod
    def _register(waiter: Waiter, queue: Captaincy) -> bool:
        """Register with the window that had no room; whether as its captain."""
        before = waiter.registered
        if before is not queue:
            if before is not None and before.leave(waiter):
                before.wake()
            queue.register(waiter)
        return queue.captain() is waiter

    def _alarm(
        self,
        bucket: Bucket,
        refusal: Refusal | None,
        deadline: float | None,
        ahead: int,
        *,
        is_captain: bool,
    ) -> float | None:
        """When to ask again at the latest; raise if the deadline comes before any slot."""
        opens = None if refusal is None else refusal.opens_at
        if deadline is not None:
            now = self._clock.monotonic()
            if now >= deadline or (opens is not None and opens > deadline):
                raise self._refusal(bucket, now, deadline if opens is None else opens, ahead)
        if refusal is None or not is_captain:
            return deadline
        alarms = (opens, refusal.look_at, deadline)
        return min((at for at in alarms if at is not None), default=None)

    async def _sleep(self, waiter: Waiter, alarm: float | None) -> None:
        """Sleep until there is a reason to ask again, or the alarm rings."""
        if not waiter.woken:
            if alarm is None:
                waiter.asleep = asyncio.get_running_loop().create_future()
                await waiter.asleep
            else:
                waiter.event = anyio.Event()
                await self._clock.wait(waiter.event, alarm - self._clock.monotonic())
        waiter.woken, waiter.event, waiter.asleep = False, None, None
        if waiter.handed is not None:
            return
        # Woken and cancelled at once: take nothing that would have to be given back.
        await heed()

    def _tell_waiting(
        self, on_event: OnEvent, bucket: Bucket, ahead: int, refusal: Refusal | None
    ) -> None:
        until = None if refusal is None else refusal.opens_at
        if until is not None:
            until += self._clock.time() - self._clock.monotonic()
        on_event(Waiting(bucket=bucket.label, ahead=ahead, until=until))

    def _tell_granted(self, bucket: Bucket, since: float) -> None:
        if self._on_event is not None:
            waited = self._clock.monotonic() - since
            self._on_event(Granted(bucket=bucket.label, waited=waited))

    def _leave(self, line: Line, waiter: Waiter) -> None:
        was_head = line.leave(waiter)
        queue = waiter.registered
        was_captain = queue is not None and queue.leave(waiter)
        if was_head:
            self._serve(line)
        if not line:
            del self.lines[line.bucket.key]
        elif was_head:
            # The next one stands where this one stood, so that nobody who comes before it has had
            # its turn takes the windows for free.
            if queue is not None and line.head.registered is None:
                self._register(line.head, queue)
            line.head.wake()
        if queue is not None and was_captain:
            queue.wake()

    def _serve(self, line: Line) -> None:
        """Hand slots to those in front, as long as some are known to be free."""
        hand = self._hand
        while hand is not None and line and not line.head.woken:
            slots = hand(line.bucket)
            if slots is None:
                return
            line.pop().hand(slots)

    def _refusal(self, bucket: Bucket, now: float, until: float, ahead: int) -> RateLimitExceeded:
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

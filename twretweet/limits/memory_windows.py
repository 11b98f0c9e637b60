"""A window in the memory of one process: who waits for it, and what a restart keeps of it."""

from __future__ import annotations

from twretweet.limits.line import Captaincy
from twretweet.limits.spec import Pace, WindowMemory, WindowSpec
from twretweet.limits.unknowns import Trouble
from twretweet.limits.window import FixedWindow


class SharedWindow(FixedWindow):
    """A window, and those who are registered with it."""

    __slots__ = ("captaincy", "endpoint", "key", "waited_for_by")

    def __init__(self, spec: WindowSpec, pace: Pace) -> None:
        super().__init__(spec, pace)
        self.key = spec.key
        self.endpoint: str | None = None  # that used it first; None: a snapshot told of it
        self.captaincy: Captaincy | None = None  # while anybody waits
        self.waited_for_by: str | None = None  # the key of a bucket; "" once there were several

    def wait_for(self, bucket: str) -> None:
        """Note that callers of a bucket will wait for it."""
        if self.waited_for_by is None:
            self.waited_for_by = bucket
        elif self.waited_for_by != bucket:
            self.waited_for_by = ""

    def wait_no_more(self, bucket: str) -> None:
        """Note that no caller of a bucket waits for it any longer."""
        if self.waited_for_by == bucket:
            self.waited_for_by = None

    def waiting_room(self) -> Captaincy:
        """Where those register who found no room."""
        if self.captaincy is None:
            self.captaincy = Captaincy()
        return self.captaincy

    def remember(self, now: float, epoch: float) -> WindowMemory | None:
        """What a restarted program has to know; ``epoch`` is ``now`` in epoch seconds."""
        end, trouble = self.ends_at(now), self._trouble
        closed = trouble.until if trouble is not None and trouble.until > now else None
        last = end if end is not None else closed
        if last is None:
            return None
        return WindowMemory(
            key=self.key,
            limit=self.limit,
            seconds=self.seconds,
            used=self.used(now),
            ends_at=last - now + epoch,
            reset=self._reset,
            closed_until=None if closed is None else closed - now + epoch,
            backoff=0.0 if trouble is None else trouble.backoff,
        )

    def recall(self, memory: WindowMemory, now: float, epoch: float) -> None:
        """Take over what :meth:`remember` told, unless more is known by now."""
        end = memory.ends_at - epoch + now
        if self._end is None and now < end:
            self.limit = memory.limit
            # It had begun by then, whatever the clocks of two runs make of it.
            self._open(min(end, now + self._memory), memory.reset, fuzz=0.0)
            self._base = self._landed = memory.used
        if self._trouble is None and memory.closed_until is not None:
            until = min(memory.closed_until - epoch, self.seconds) + now
            if until > now:
                self._trouble = Trouble(now, until, min(memory.backoff, self.seconds))
        self._refresh()

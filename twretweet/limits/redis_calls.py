"""How a process asks Redis for slots, and how Redis hears what has become of them.

A call carries what is pending for its shard. What a call that failed has carried is told again,
in the same order. A Redis that has lost windows is told first what this process knows of them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from twretweet.clock import Clock
from twretweet.errors import LimiterUnavailable
from twretweet.limits.redis_mirror import Mirror
from twretweet.limits.redis_script import (
    MICROSECONDS,
    Forgotten,
    KeyOccupied,
    RedisTime,
    Reply,
    Script,
)
from twretweet.limits.redis_slots import memories
from twretweet.limits.redis_windows import CANCEL, Correction, Shard, compose

_FLUSHES_AT_ONCE = 32


class Calls:
    """All calls of one process.

    Args:
        script: asks Redis.
        clock: where time comes from.
        lease: after how many seconds a request counts as lost of which nothing was heard.
        queued: called when there is something for :meth:`flush`.
    """

    def __init__(
        self, script: Script, clock: Clock, *, lease: float, queued: Callable[[], None]
    ) -> None:
        self._script = script
        self._now = clock.monotonic
        self._lease = lease
        self._lease_in_redis = round(lease * MICROSECONDS)
        self._queued = queued
        self.time = RedisTime(clock)
        self.unsent: dict[Shard, None] = {}  # those with corrections

    async def ask(
        self,
        shard: Shard,
        mirrors: list[Mirror],
        name: str,
        ticket: int,
    ) -> Reply:
        """Tell Redis what is pending, and ask for a slot in each of ``mirrors``.

        Args:
            shard: where they lie.
            mirrors: the windows.
            name: of the request; ``""`` asks for nothing.
            ticket: of the caller, who needs not be woken.

        Raises:
            LimiterUnavailable: Redis did not answer; it is not known what it has done.
            KeyOccupied: one of the windows can't be kept; Redis has done nothing.
        """
        some = mirrors or list(shard.mirrors.values())[:1]
        try:
            with suppress(Forgotten):
                try:
                    return await self._carry(shard, mirrors, name, ticket)
                except KeyOccupied:
                    if not shard.pending:
                        raise
                # It may be a correction that speaks of such a key.
                await self._tell(shard, ticket)
                return await self._call(shard, some, name, ticket, [])
            await self._tell_again(shard, ticket)
            await self._tell(shard, ticket, lost=True)
            return await self._call(shard, some, name, ticket, [])
        except BaseException:
            if name and shard.pending:  # else it is the courier that calls
                self._queued()
            raise

    async def flush(self, before: float) -> bool:
        """Tell Redis what has been pending since ``before``; whether all of that got there."""
        waiting = [shard for shard in self.unsent if shard.since <= before]
        for at in range(0, len(waiting), _FLUSHES_AT_ONCE):
            some = waiting[at : at + _FLUSHES_AT_ONCE]
            if not all(await asyncio.gather(*(self._flush(shard) for shard in some))):
                return False
        return True

    async def probe(self, shard: Shard) -> bool:
        """Whether Redis answers."""
        try:
            await self.ask(shard, list(shard.mirrors.values())[:1], "", 0)
        except KeyOccupied:
            return True
        except LimiterUnavailable:
            return False
        return True

    def queue(self, shard: Shard, correction: Correction) -> None:
        """Have Redis hear of it, with the next call or in a moment."""
        shard.queue(correction)
        self.unsent[shard] = None
        self._queued()

    async def _flush(self, shard: Shard) -> bool:
        longest = max((mirror.seconds for mirror in shard.mirrors.values()), default=0.0)
        shard.forget_until(self._now() - max(longest, self._lease) - 1.0)
        try:
            while shard.pending:
                with suppress(KeyOccupied):  # all was told that can be
                    await self.ask(shard, [], "", 0)
        except LimiterUnavailable:
            return False
        self.unsent.pop(shard, None)
        return True

    async def _carry(
        self,
        shard: Shard,
        mirrors: list[Mirror],
        name: str,
        ticket: int,
        *,
        lost: bool = False,
    ) -> Reply:
        """Ask, and tell as much of what is pending as one call carries."""
        corrections = self._take(shard)
        try:
            reply = await self._call(shard, mirrors, name, ticket, corrections, lost=lost)
        except BaseException:  # Redis may not have got them: they are told again
            self._keep(shard, corrections)
            raise
        for correction in corrections:
            shard.forget(correction)
        return reply

    async def _tell(self, shard: Shard, ticket: int, *, lost: bool = False) -> None:
        """Tell all that is pending, but for what speaks of a key that can't be kept."""
        while shard.pending:
            try:
                await self._carry(shard, [], "", ticket, lost=lost)
                continue
            except KeyOccupied:
                pieces = deque(piece for each in self._take(shard) for piece in each.split())
            try:
                while pieces:
                    with suppress(KeyOccupied):
                        await self._call(shard, [], "", ticket, [pieces[0]], lost=lost)
                    shard.forget(pieces.popleft())
            finally:
                self._keep(shard, pieces)

    async def _tell_again(self, shard: Shard, ticket: int) -> None:
        """Tell a Redis that has lost its data what it has to know.

        It hears all of a window at once, for as soon as there is something in its key others may
        ask; and it hears of all windows at once, unless one of them can't be kept.
        """
        mirrors = list(shard.mirrors.values())
        try:
            await self._recall(shard, mirrors, ticket)
        except KeyOccupied:
            for mirror in mirrors:
                with suppress(KeyOccupied):
                    await self._recall(shard, [mirror], ticket)

    async def _recall(self, shard: Shard, mirrors: list[Mirror], ticket: int) -> None:
        told = memories(shard, mirrors, self._now())
        if told:  # if that fails it is not kept: whoever asks next finds the data lost, or told
            await self._call(shard, [], "", ticket, told, lost=True)

    async def _call(
        self,
        shard: Shard,
        mirrors: list[Mirror],
        name: str,
        ticket: int,
        corrections: list[Correction],
        *,
        lost: bool = False,
    ) -> Reply:
        sent = self._now()
        windows, request = compose(
            mirrors, corrections, name, self._lease_in_redis, self.time, now=None if lost else sent
        )
        for mirror in windows:
            mirror.pending += 1  # not to be swept out meanwhile
        try:
            reply = await self._script.run([mirror.redis_key for mirror in windows], request)
        except (KeyOccupied, Forgotten):
            raise
        except BaseException:
            if name:
                self.queue(
                    shard, Correction(name, sent, sent, [(m, CANCEL, None) for m in mirrors])
                )
            raise
        finally:
            for mirror in windows:
                mirror.pending -= 1
        self.time.observe(reply.now, sent, self._now())
        for number, mirror in enumerate(windows):
            mirror.show(reply.now, reply.window(number), self.time)
        for correction in corrections:
            for mirror, _, _ in correction.acts:
                if mirror.captaincy is not None:
                    captain = mirror.captaincy.captain()
                    if captain is not None and captain.ticket != ticket:
                        captain.wake()
        return reply

    def _take(self, shard: Shard) -> list[Correction]:
        corrections = shard.take()
        if not shard.pending:
            self.unsent.pop(shard, None)
        return corrections

    def _keep(self, shard: Shard, corrections: Sequence[Correction]) -> None:
        shard.put_back(corrections)
        if shard.pending:
            self.unsent[shard] = None

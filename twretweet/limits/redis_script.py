"""Asking Redis: the script, the client that runs it, Redis's clock, and what can go wrong."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Sequence
from importlib import resources
from typing import Protocol, cast

import anyio
import msgspec
from redis.exceptions import NoScriptError, ResponseError

from twretweet.clock import Clock
from twretweet.errors import LimiterUnavailable
from twretweet.interrupt import Deadlines
from twretweet.limits.redis_wire import WireBroken
from twretweet.limits.redis_wires import Wires
from twretweet.limits.skew import DRIFT

MICROSECONDS = 1e6
# A client's pool may hold few connections, and fails whoever finds none.
_CALLS_AT_ONCE = 32
_HEAD = 6  # numbers of a reply before those of the windows
PER_WINDOW = 5
_OCCUPIED = "OCCUPIED "
_FORGOTTEN = "FORGOTTEN "


class RedisClient(Protocol):
    """What is needed of ``redis.asyncio.Redis`` and ``redis.asyncio.RedisCluster``."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        """Run a script that the server knows."""
        ...

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        """Run a script, and have the server remember it."""
        ...


class RedisTime:
    """Redis's clock, as an interval of its offset from the local monotonic one.

    A call sent at ``s`` and answered at ``r`` (local) that read the time ``t`` in Redis proves
    that the offset lies between ``t - r`` and ``t - s``. What all calls prove together is
    narrower than each; it widens with time, since clocks drift apart. A call that proves
    something else means that a clock was set, and is believed.
    """

    __slots__ = ("_at", "_high", "_low", "jumps")

    def __init__(self, clock: Clock) -> None:
        self.jumps = 0  # how often a clock was set
        # Until Redis has answered: both clocks are right.
        self._at = clock.monotonic()
        self._low = self._high = (clock.time() - self._at) * MICROSECONDS

    def observe(self, redis: int, sent: float, received: float) -> None:
        """Take in the time that a call read.

        Args:
            redis: in microseconds of Redis's clock.
            sent: when the call went out, monotonic seconds.
            received: when its answer was there, monotonic seconds.
        """
        low, high = redis - received * MICROSECONDS, redis - sent * MICROSECONDS
        drift = (received - self._at) * MICROSECONDS * DRIFT
        if low <= self._high + drift and high >= self._low - drift:
            low, high = max(low, self._low - drift), min(high, self._high + drift)
        else:
            self.jumps += 1
        self._low, self._high, self._at = low, high, received

    @property
    def doubt(self) -> int:
        """How much earlier than :meth:`to_redis` says a moment may be, in microseconds."""
        return round(self._high - self._low)

    def to_local(self, redis: float) -> float:
        """The latest monotonic moment that ``redis`` may be, so that nobody comes early."""
        return (redis - self._low) / MICROSECONDS

    def to_redis(self, monotonic: float) -> int:
        """The latest moment of Redis's clock that ``monotonic`` may be."""
        return round(monotonic * MICROSECONDS + self._high)


class Reply:
    """What the script answered.

    Attributes:
        granted: whether there is a slot in every window.
        now: Redis's clock, in microseconds.
        full: the number of the window without room, from 0.
        opens_in: how many microseconds until it opens; negative where only an answer can tell.
        for_flights: whether it would have room but for requests in flight.
        windows: per window the limit or -1, how many slots are taken, how many microseconds until
            it ends or -1, how many requests are in flight, and X's name for its end.
    """

    __slots__ = ("for_flights", "full", "granted", "now", "opens_in", "windows")

    def __init__(self, numbers: list[int], windows: int) -> None:
        if len(numbers) != _HEAD + PER_WINDOW * windows:
            raise ValueError(f"{len(numbers)} numbers for {windows} windows")
        self.granted = numbers[0] == 1
        self.now = numbers[1] * 1_000_000 + numbers[2]
        self.full = numbers[3] - 1
        self.opens_in = numbers[4]
        self.for_flights = numbers[5] == 1
        self.windows = numbers
        if not (self.granted or -1 <= self.full < windows):
            raise ValueError(f"window {self.full + 1} of {windows} is full")

    def window(self, number: int) -> Sequence[int]:
        """What was told about one window."""
        at = _HEAD + PER_WINDOW * number
        return self.windows[at : at + PER_WINDOW]


class KeyOccupied(LimiterUnavailable):
    """Something else has written to the key of a window; Redis itself is there."""


class Forgotten(LimiterUnavailable):
    """Redis has lost a window that this process knows; it has done nothing."""


class Script:
    """The rules in ``window.lua``, run by whoever answers for the keys."""

    __slots__ = (
        "_client",
        "_deadlines",
        "_decode",
        "_encode",
        "_free",
        "_sha",
        "_text",
        "_timeout",
        "_wires",
    )

    def __init__(self, client: RedisClient, timeout: float) -> None:
        self._client = client
        self._wires = Wires(client, timeout)
        self._timeout = timeout
        self._text = resources.files("twretweet.limits").joinpath("window.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()
        self._deadlines = Deadlines(timeout)
        self._free = anyio.Semaphore(_CALLS_AT_ONCE)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.json.Decoder(list[int]).decode

    async def run(self, keys: Sequence[str], request: object) -> Reply:
        """Run the script once.

        Raises:
            LimiterUnavailable: there was no answer, or none that makes sense.
        """
        argument, count = self._encode(request), len(keys)
        wire = self._wires.to(keys[0]) if keys else None
        if wire is not None:
            try:
                try:
                    answer = await wire.ask(("EVALSHA", self._sha, count, *keys, argument))
                except NoScriptError:
                    answer = await wire.ask(("EVAL", self._text, count, *keys, argument))
                return Reply(self._decode(cast("bytes | str", answer)), count)
            except WireBroken:
                await wire.aclose()  # a pool may hold no other connection
            except ResponseError as error:
                if str(error).startswith((_OCCUPIED, _FORGOTTEN)):
                    raise _unavailable(error, self._timeout) from error
                # The client may know what to do about it: in a cluster, keys move.
            except Exception as error:
                raise _unavailable(error, self._timeout) from error
        try:
            self._free.acquire_nowait()
        except anyio.WouldBlock:
            await self._free.acquire()
        try:
            return await self._ask_client(keys, argument)
        finally:
            self._free.release()

    async def _ask_client(self, keys: Sequence[str], argument: bytes) -> Reply:
        """Have redis-py do it all, with its retries and redirections."""
        count, timed = len(keys), self._deadlines.begin()
        try:
            try:
                answer = await self._client.evalsha(self._sha, count, *keys, argument)
            except NoScriptError:
                answer = await self._client.eval(self._text, count, *keys, argument)
            # Anything but bytes or text raises TypeError here.
            reply = Reply(self._decode(cast("bytes | str", answer)), count)
        except asyncio.CancelledError as error:
            if timed.take_back():
                raise _unavailable(TimeoutError(), self._timeout) from error
            raise
        except Exception as error:
            raise _unavailable(error, self._timeout) from error
        finally:
            self._deadlines.end(timed)
        await timed.hear()
        return reply

    async def aclose(self) -> None:
        """Give back the connections."""
        await self._wires.aclose()


def _unavailable(error: Exception, timeout: float) -> LimiterUnavailable:
    if isinstance(error, ResponseError) and str(error).startswith(_OCCUPIED):
        key = str(error).removeprefix(_OCCUPIED)
        return KeyOccupied(
            f"a key of a window holds something else ({key}), so nothing was sent: delete it, or "
            "pass a prefix= that nobody else uses"
        )
    if isinstance(error, ResponseError) and str(error).startswith(_FORGOTTEN):
        return Forgotten(
            "Redis has lost its data, again and again, so nothing was sent: check that it has "
            "enough memory, and that nobody deletes its keys"
        )
    if isinstance(error, TimeoutError):
        what = f"Redis did not answer within {timeout:g} s"
    elif isinstance(error, msgspec.MsgspecError | ValueError | TypeError):
        what = f"Redis answered what makes no sense ({error})"
    else:
        what = f"Redis could not be asked ({type(error).__name__}: {error})"
    return LimiterUnavailable(
        f"{what}, so nothing was sent: check that the client leads to a Redis server of version 5 "
        "or later that may be written to and lets it run scripts; or pass on_outage='local' to go "
        "on with a share of the limits meanwhile"
    )

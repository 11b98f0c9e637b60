"""Many calls at once over one connection of redis-py's to one server.

redis-py gives every command a connection of its own, with a lock, a timer and often a task around
it, which costs more than all that a limiter does. Here those who ask share a connection: each
writes its question as it comes, and the n-th answer is the n-th question's. Who asks alone reads
the answer itself; where more are under way, one task reads for all. The rules:

1. The client stays redis-py's: its pool or cluster says which connection, and how to log in and
   find the master; its connection packs, writes, reads and parses.
2. Who is cancelled leaves its place; the answer that comes there is thrown away, so nobody gets
   somebody else's.
3. Whatever goes wrong with the connection ends it for all who are under way on it. They hear
   :class:`WireBroken`, and may ask the client itself, which tries again, follows a cluster's
   redirections and asks the Sentinels as it was told to.
4. The time that an answer may take runs from when its question is written. If it is over, those
   who are still to be written hear so too, for they stand behind it.
5. The connection goes back to where it came from when nobody has asked for a moment, and now and
   then in between, since it is there that redis-py renews what has to be renewed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeAlias, TypeVar, cast

from redis.asyncio.connection import AbstractConnection
from redis.exceptions import ResponseError

from twretweet.interrupt import Interruptible

# What is written at once stays below what makes a transport ask for patience (64 KiB), as a rule.
_MOST_UNDER_WAY = 128
_IDLE = 0.25
_AGE = 30.0

Word: TypeAlias = str | bytes | int
C = TypeVar("C", bound=AbstractConnection)


class WireBroken(Exception):
    """The connection ended before the answer came; whether the question got there is not known."""


class _Call:
    __slots__ = ("answer", "command", "due", "reads")

    def __init__(self, command: Sequence[Word], answer: asyncio.Future[object]) -> None:
        self.command = command
        self.answer = answer
        self.due = 0.0
        self.reads: Interruptible | None = None  # the caller itself, if it reads its answer


class Wire(Generic[C]):
    """One connection, for as long as somebody asks.

    Args:
        get: takes a connection that is connected.
        release: gives it back.
        timeout: how long an answer may take, in seconds.
    """

    __slots__ = (
        "_connection",
        "_get",
        "_loop",
        "_outbox",
        "_reading",
        "_release",
        "_since",
        "_stopped",
        "_task",
        "_tick",
        "_timeout",
        "_timer",
        "_under_way",
        "_used",
        "_work",
        "closed",
    )

    def __init__(
        self,
        get: Callable[[], Awaitable[C]],
        release: Callable[[C], Awaitable[object]],
        timeout: float,
    ) -> None:
        self._get = get
        self._release = release
        self._timeout = timeout
        self._loop = asyncio.get_running_loop()
        self._connection: C | None = None
        self._outbox: deque[_Call] = deque()  # those that are not written yet
        self._under_way: deque[_Call] = deque()
        self._since = self._used = self._loop.time()
        self.closed = False  # to new questions
        self._stopped = False  # our task is ending
        self._reading = True  # somebody reads, or will first of all
        self._work = self._loop.create_future()
        self._tick = min(_IDLE, timeout / 4)
        self._timer = self._loop.call_at(self._since + self._tick, self._look)
        self._task = self._loop.create_task(self._run(), name="twretweet redis")

    def serves(self) -> bool:
        """Whether one may ask here."""
        return not self.closed and self._loop is asyncio.get_running_loop()

    def gone(self) -> bool:
        """Whether the connection was given back, or the loop has ended in which that was done."""
        return self._task.done() or self._loop is not asyncio.get_running_loop()

    async def ask(self, command: Sequence[Word]) -> object:
        """Have a server run a command.

        Raises:
            ResponseError: it is the answer.
            TimeoutError: there was none in time.
            WireBroken: there was none, and will be none here.
        """
        if self.closed:  # meanwhile; the connection may serve somebody else by now
            raise WireBroken("the connection was given back")
        call = _Call(command, self._loop.create_future())
        connection = self._connection
        if connection is None or self._outbox or len(self._under_way) >= _MOST_UNDER_WAY:
            self._outbox.append(call)
            return await call.answer
        try:
            await self._write(connection, [call])
        except BaseException as error:
            if not isinstance(error, Exception):
                call.answer.cancel()
            self._break(error)
            if not isinstance(error, Exception):
                raise
        if self._reading or self._stopped or self._under_way[0] is not call:
            return await call.answer
        return await self._read_own(connection, call)

    async def aclose(self) -> None:
        """Answer those who have asked, and give the connection back."""
        self._end()
        await asyncio.wait([self._task])

    async def _write(self, connection: C, calls: list[_Call]) -> None:
        self._used = self._loop.time()
        due = self._used + self._timeout
        for call in calls:
            call.due = due
        self._under_way.extend(calls)
        if not connection.is_connected:  # it would connect, while somebody reads
            raise WireBroken("the connection was closed")
        if len(calls) == 1:
            packed = connection.pack_command(*calls[0].command)
        else:
            packed = connection.pack_commands([call.command for call in calls])
        # This waits only where the socket takes no more; cancelled there, it disconnects.
        await connection.send_packed_command(packed, check_health=False)

    async def _read_own(self, connection: C, call: _Call) -> object:
        """Read one's own answer, which is the next: our task would take one turn more."""
        part = call.reads = Interruptible()
        self._reading = True
        try:
            await self._read(connection)
        except asyncio.CancelledError:
            if not part.take_back():
                call.answer.cancel()
                raise
        except BaseException as error:
            call.reads = None  # it waits no more
            self._break(error)
            if not isinstance(error, Exception):
                raise
        finally:
            part.close()
            call.reads = None
            self._reading = bool(self._under_way or self._outbox or self.closed)
            if self._reading and not self._work.done():
                self._work.set_result(None)
        return call.answer.result()

    async def _read(self, connection: C) -> None:
        """One answer; whoever is cancelled here has lost nothing of it for the next."""
        try:
            answer = cast("object", await connection.read_response(disconnect_on_error=False))
        except ResponseError as error:
            call = self._under_way.popleft()
            if not call.answer.done():
                call.answer.set_exception(error)
        else:
            call = self._under_way.popleft()
            if not call.answer.done():
                call.answer.set_result(answer)

    # -- our task ---------------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            self._connection = connection = await self._get()
        except BaseException as error:
            self._fail(error)
            if isinstance(error, Exception):
                return
            raise
        its_timeout, connection.socket_timeout = connection.socket_timeout, None
        try:
            await self._serve(connection)
        except BaseException as error:
            self._fail(error)
            if not isinstance(error, Exception):
                raise
        finally:
            self.closed = self._stopped = True
            self._timer.cancel()
            connection.socket_timeout = its_timeout
            self._connection = None
            if self._under_way:
                await connection.disconnect(nowait=True)
            await self._release(connection)

    async def _serve(self, connection: C) -> None:
        under_way, outbox = self._under_way, self._outbox
        while True:
            if outbox and len(under_way) < _MOST_UNDER_WAY:
                some = min(len(outbox), _MOST_UNDER_WAY - len(under_way))
                calls = [outbox.popleft() for _ in range(some)]
                await self._write(connection, [c for c in calls if not c.answer.done()])
            elif under_way:
                await self._read(connection)
            elif self.closed:
                return
            else:  # until somebody asks who can't read the answer itself
                self._reading = False
                self._work = self._loop.create_future()
                await self._work
                self._reading = True

    def _end(self) -> None:
        self.closed = True
        if not self._under_way and not self._outbox:
            self._stop()

    def _break(self, error: BaseException) -> None:
        self._fail(error)
        self._stop()

    def _stop(self) -> None:
        if not self._stopped:
            self._stopped = True
            self._task.cancel()

    def _fail(self, error: BaseException) -> None:
        """Nobody gets an answer here any more."""
        self.closed = True
        self._timer.cancel()
        late = isinstance(error, TimeoutError)
        now, calls = self._loop.time(), [*self._under_way, *self._outbox]
        self._outbox.clear()
        for call in calls:
            if call.answer.done():
                continue
            if not isinstance(error, Exception):
                call.answer.set_exception(WireBroken("who wrote or read was cancelled"))
            elif self._connection is None or (late and call.due <= now):
                call.answer.set_exception(error)
            else:
                call.answer.set_exception(WireBroken(str(error)))
            if call.reads is not None:
                call.reads.interrupt()

    def _look(self) -> None:
        """Whether an answer is late, or nobody asks any more."""
        now = self._loop.time()
        if self._connection is None:
            late = now - self._since >= self._timeout
        else:
            late = bool(self._under_way) and self._under_way[0].due <= now
        if late:
            self._break(TimeoutError())
            return
        idle = not self._under_way and not self._outbox and now - self._used >= _IDLE
        if idle or now - self._since >= _AGE:
            self._end()
        if not self._stopped:
            self._timer = self._loop.call_at(now + self._tick, self._look)

"""A budget in Redis, for services of many processes and machines.

The rules of ``ledger.py`` are one script (``spend.lua``) that runs atomically, once to reserve and
once to settle.

1. Each reservation has a name, so a call that is repeated because its answer was lost changes
   nothing.
2. If a call that reserves fails or is cancelled, Redis may have set the money aside all the same:
   so it is told to release it. What Redis could not be told is told before the next reservation,
   or by :meth:`RedisBudget.aclose`.
3. What a process that died had reserved stays set aside, since X may have charged for it. After a
   lease it counts as spent.
"""

from __future__ import annotations

import hashlib
import math
import os
import secrets
from collections.abc import Awaitable, Sequence
from importlib import resources
from types import TracebackType
from typing import Protocol, Self, cast

import anyio
from msgspec import Struct
from redis.exceptions import NoScriptError

from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Bill, Tariff, dollars, exceeded
from twretweet.errors import BudgetUnavailable, QueryError
from twretweet.interrupt import Interruptible
from twretweet.protocol.charges import Most, Returned
from twretweet.protocol.prices import PRICES, Charge, PriceList, Usd, micros_down

__all__ = ["RedisBudget", "RedisClient"]

# A day's resources are of no use after the day; clocks and late replies have another to spare.
_REMEMBERED = 2 * 86_400


class RedisClient(Protocol):
    """What is needed of ``redis.asyncio.Redis`` and ``redis.asyncio.RedisCluster``."""

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        """Run a script that the server knows."""
        ...

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        """Run a script, and have the server remember it."""
        ...


class _Call(Struct, frozen=True):
    """One run of the script."""

    keys: tuple[str, ...]
    arguments: tuple[str, ...]


class _Answer(Struct, frozen=True):
    first: int
    amount: int
    spent: int
    reserved: int


class RedisBudget:
    """A budget that all processes share which give it the same name.

    Use it with ``async with``, or call :meth:`aclose` in the end. The client stays yours; it is
    never closed here. What is spent stays in Redis until you delete it; each process brings its
    own cap, prices and ``count_includes``, so they had better be the same. Otherwise it is as
    :class:`twretweet.Budget`.

    Args:
        client: a ``redis.asyncio.Redis`` or a ``redis.asyncio.RedisCluster``.
        usd: what may be spent by all of them together, in US dollars; ``None``: any amount.
        name: which budget it is.
        prefix: begins every key.
        prices: what X charges: one list, or several, of which each holds from its ``as_of`` on.
        count_includes: whether objects that expansions add to a reply are counted.
        timeout: how long Redis may take to answer, in seconds.
        lease: after how many seconds a request of which nothing was heard counts as spent in full;
            longer than any request takes. A process that is killed with a request on its way
            leaves it behind like that, since X may have charged for it.

    Raises:
        QueryError: an argument is out of range.
    """

    def __init__(
        self,
        client: RedisClient,
        usd: Usd | None = None,
        *,
        name: str,
        prefix: str = "twretweet",
        prices: PriceList | Sequence[PriceList] = PRICES,
        count_includes: bool = True,
        timeout: float = 5.0,
        lease: float = 3600.0,
    ) -> None:
        for argument, seconds in (("timeout", timeout), ("lease", lease)):
            if not 0 < seconds < math.inf:
                raise QueryError(f"{argument} is {seconds}: it must be above 0, in seconds")
        if not name or set("{}") & set(name + prefix):
            raise QueryError(f"name is {name!r}: it must not be empty, nor hold braces")
        self._client = client
        self._timeout = timeout
        self._lease = math.ceil(lease)
        self._tariff = Tariff(prices, count_includes=count_includes)
        self._cap = None if usd is None else micros_down(usd, what="usd")
        # All keys of one budget lie in one slot of a cluster.
        self._key = f"{prefix}:budget:{{{name}}}"
        self._text = resources.files("twretweet.budget").joinpath("spend.lua").read_text("utf-8")
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()
        self._self = secrets.token_hex(8)
        self._made = 0
        self._untold: dict[str, _Call] = {}
        self._last = _Answer(0, 0, 0, 0)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Tell Redis what it has not heard yet.

        Raises:
            BudgetUnavailable: it can't be told, so what was reserved last stays set aside.
        """
        await self._tell_rest()

    @property
    def cap(self) -> float | None:
        """What may be spent, in US dollars; ``None``: any amount. Set it to go on after it."""
        return None if self._cap is None else dollars(self._cap)

    @cap.setter
    def cap(self, usd: Usd | None) -> None:
        self._cap = None if usd is None else micros_down(usd, what="cap")

    @property
    def spent(self) -> float:
        """What was spent by all, in US dollars, as Redis answered last; see :meth:`refresh`."""
        return dollars(self._last.spent)

    @property
    def reserved(self) -> float:
        """What requests on their way may cost, in US dollars, as Redis answered last."""
        return dollars(self._last.reserved)

    @property
    def left(self) -> float:
        """What may still be spent, in US dollars, as Redis answered last."""
        if self._cap is None:
            return math.inf
        return dollars(max(self._cap - self._last.spent - self._last.reserved, 0))

    async def refresh(self) -> None:
        """Ask Redis what is spent and reserved.

        Raises:
            BudgetUnavailable: there was no answer, or none that makes sense.
        """
        await self._run(self._call("look", "", self._lease))

    async def check(self, most: Most, day: int) -> None:
        """See whether a request could be borne now; for the pipeline.

        Redis is asked only where its last answer left too little.

        Raises:
            BudgetExceeded: not even the fewest items that it may be made for can be afforded.
            BudgetUnavailable: Redis can't be asked.
        """
        cap, quote = self._cap, self._tariff.quote(most, day)
        needed = quote.of(quote.least)
        if cap is None or needed <= cap - self._last.spent - self._last.reserved:
            return
        await self._tell_rest()
        await self.refresh()
        spent, reserved = self._last.spent, self._last.reserved
        if needed > cap - spent - reserved:
            raise exceeded(most, quote, cap=cap, spent=spent, reserved=reserved)

    async def reserve(self, most: Most, day: int) -> _Held:
        """Set aside the most that a request can cost; for the pipeline.

        Args:
            most: what it asks for.
            day: the UTC day by X's clock, counted from 1970-01-01.

        Raises:
            BudgetExceeded: not even the fewest items that it may be made for can be afforded.
            BudgetUnavailable: Redis can't be asked. Nothing was sent.
        """
        await self._tell_rest()
        self._made += 1
        # A process that was forked counts on from the same number.
        name = f"{self._self}:{os.getpid()}:{self._made}"
        quote = self._tariff.quote(most, day)
        cap = -1 if self._cap is None else self._cap
        numbers = (quote.fixed, quote.each, quote.items, quote.least, cap, self._lease)
        call = self._call("reserve", name, *numbers)
        try:
            answer = await self._run(call)
        except BaseException:
            self._untold[name] = self._call("release", name)
            raise
        if not answer.first:
            raise exceeded(most, quote, cap=cap, spent=answer.spent, reserved=answer.reserved)
        return _Held(self, name, day, answer)

    # -- for what is held -------------------------------------------------------------------

    async def release(self, name: str) -> None:
        """Nothing was charged."""
        await self._tell(name, self._call("release", name))

    async def keep(self, name: str) -> None:
        """All of it may have been charged."""
        await self._tell(name, self._call("keep", name))

    async def settle(self, name: str, returned: Returned, day: int | None, sent: int) -> int:
        """What was returned is charged; how much that is, in micro-dollars."""
        bill = self._tariff.bill(returned, sent if day is None else day)
        # All of it, by the rules of a day that can't be told.
        full = Ledger(None).settle(0, bill, None)
        if day is None:
            call = self._call("settle", name, full, _REMEMBERED)
        else:
            call = self._bill(name, bill, day)
        answer = await self._tell(name, call)
        return full if answer is None else answer.first

    def _bill(self, name: str, bill: Bill, day: int) -> _Call:
        fixed, keys = bill.fixed, list(self._keys())
        lines: list[str] = []
        for line in bill.lines:
            known = list(filter(None, line.ids))
            fixed += line.price * (len(line.ids) - len(known))
            if known:
                keys.append(self._seen(day, line.charge))
                lines += [str(line.price), str(len(known)), *known]
        call = self._call("settle", name, fixed, _REMEMBERED)
        return _Call(tuple(keys), (*call.arguments, *lines))

    async def _tell(self, name: str, call: _Call) -> _Answer | None:
        """Tell Redis now if that is possible, and else before the next reservation."""
        answer: _Answer | None = None
        try:
            # Whoever is cancelled here has its reply already, or never sent a request.
            with anyio.CancelScope(shield=True):
                answer = await self._run(call)
        except BudgetUnavailable:
            self._untold[name] = call
        except BaseException:
            self._untold[name] = call
            raise
        return answer

    async def _tell_rest(self) -> None:
        for name, call in list(self._untold.items()):
            await self._run(call)
            self._untold.pop(name, None)

    # -- asking Redis -----------------------------------------------------------------------

    def _call(self, operation: str, name: str, *numbers: int) -> _Call:
        return _Call(self._keys(), (operation, name, *map(str, numbers)))

    def _keys(self) -> tuple[str, str]:
        return (f"{self._key}:money", f"{self._key}:held")

    def _seen(self, day: int, charge: Charge) -> str:
        return f"{self._key}:{day}:{charge}"

    async def _run(self, call: _Call) -> _Answer:
        words, count = (*call.keys, *call.arguments), len(call.keys)
        part = Interruptible()
        try:
            with anyio.fail_after(self._timeout):
                try:
                    raw = await self._client.evalsha(self._sha, count, *words)
                except NoScriptError:
                    raw = await self._client.eval(self._text, count, *words)
            self._last = _Answer(*map(int, cast("list[int]", raw)))
        except Exception as error:
            raise _unavailable(error, self._timeout) from error
        await part.hear()
        return self._last


class _Held:
    """Money set aside in Redis."""

    __slots__ = ("_budget", "_day", "_name", "amount", "items")

    def __init__(self, budget: RedisBudget, name: str, day: int, answer: _Answer) -> None:
        self._budget = budget
        self._name = name
        self._day = day
        self.items = answer.first
        self.amount = answer.amount

    async def release(self) -> None:
        await self._budget.release(self._name)

    async def keep(self) -> None:
        await self._budget.keep(self._name)

    async def settle(self, returned: Returned, day: int | None) -> int:
        return await self._budget.settle(self._name, returned, day, self._day)


def _unavailable(error: Exception, timeout: float) -> BudgetUnavailable:
    if isinstance(error, TimeoutError):
        what = f"Redis did not answer within {timeout:g} s"
    elif isinstance(error, ValueError | TypeError):
        what = f"Redis answered what makes no sense ({error})"
    else:
        what = f"Redis could not be asked ({type(error).__name__}: {error})"
    return BudgetUnavailable(
        f"{what}, so the budget is not known and nothing was sent: check that the client leads to "
        "a Redis server of version 5 or later that may be written to and lets it run scripts"
    )

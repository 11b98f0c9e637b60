"""What a call may cost, and the budgets that bear it: reserve → send → settle, once per attempt.

Each attempt reserves for itself, since X may charge each, and only when it has its slot: so money
is not set aside for a request that waits for its window, and it counts by the day and the prices
of when it is sent. Before the wait it is seen whether a budget could bear it at all; who can't pay
need not wait to hear so. What becomes of a reservation:

- Nothing was sent: it is released.
- A reply that can be read: what it returned is spent.
- X refused a read: nothing was returned, so nothing is spent. It turned a write away without a
  look at it (429, 402): neither. Any other refusal of a write may be charged, "per request".
- No reply, or one that can't be read: X may have charged all of it, so all of it is spent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from operator import gt
from typing import TypeVar

from twretweet.budget import AnyBudget, Reservation
from twretweet.budget.tariff import dollars
from twretweet.errors import (
    APIError,
    CreditsDepleted,
    DecodeError,
    ManagerClosed,
    TooManyRequests,
    TransportError,
    UsageCapExceeded,
)
from twretweet.events import BudgetReserved, BudgetSettled, OnEvent, Whose
from twretweet.protocol.charges import Most, returned
from twretweet.protocol.request import Request

T = TypeVar("T")

_DAY = 86_400.0
_OK = range(200, 300)
_TURNED_AWAY = (TooManyRequests, UsageCapExceeded, CreditsDepleted)


class Spending:
    """What one call may cost, over all of its attempts.

    Args:
        most: what each attempt can cost.
        budgets: who bears it, and whose each is.
        label: the method and path, for events.
        sized: the request for so many items; needed where ``most.fewest`` says that there may be
            fewer of them.

    Attributes:
        items: for how many the last attempt was made.
        spare: whether it cost less than was set aside for it.
        sent: whether the attempt under way may have reached X; the pipeline says so.
        paid: what the call has cost by the first of ``budgets``, in US dollars.
    """

    __slots__ = ("_budgets", "_label", "_most", "_sized", "items", "paid", "sent", "spare")

    def __init__(
        self,
        most: Most,
        budgets: tuple[tuple[Whose, AnyBudget], ...],
        *,
        label: str,
        sized: Callable[[int], Request] | None = None,
    ) -> None:
        self._most = most
        self._budgets = budgets
        self._label = label
        self._sized = sized
        self.items = most.items
        self.spare = False
        self.sent = False
        self.paid = 0.0

    async def check(self, now: float) -> None:
        """See whether the budgets could bear an attempt, and set nothing aside.

        Args:
            now: X's clock, in epoch seconds.

        Raises:
            BudgetExceeded: a budget can't bear it.
            BudgetUnavailable: a budget can't be asked.
        """
        for _, budget in self._budgets:
            await budget.check(self._most, int(now // _DAY))

    async def pay(
        self,
        send: Callable[[Request], Awaitable[T]],
        request: Request,
        *,
        unsent: Callable[[], None],
        now: Callable[[], float],
        on_event: OnEvent | None,
    ) -> T:
        """Make one attempt.

        Args:
            send: makes it.
            request: for as many items as are wished for.
            unsent: is told, in place of ``send``, if there is no money.
            now: X's clock, in epoch seconds.
            on_event: is told of ``BudgetReserved`` and ``BudgetSettled``.

        Raises:
            BudgetExceeded: a budget can't bear it. Nothing was sent.
            BudgetUnavailable: a budget can't be asked. Nothing was sent.
        """
        self.sent = False
        day = int(now() // _DAY)
        try:
            held, self.items = await self._reserve(day, on_event)
        except BaseException:
            unsent()
            raise
        try:
            if self.items < self._most.items and self._sized is not None:
                request = self._sized(self.items)
            reply = await send(request)
            charged = returned(self._most.charge, reply)
        except BaseException as error:
            free = not self.sent or _is_free(error, is_read=self._most.is_read)
            await _each([each.release if free else each.keep for each in held])
            self._tell(on_event, [0 if free else each.amount for each in held])
            if held and not free:
                self.paid += dollars(held[0].amount)
            raise
        # Which of two days a resource is charged on can't be told if midnight came in between.
        today = day if int(now() // _DAY) == day else None
        if len(held) == 1:  # as nearly always, and once for every request
            paid = [await held[0].settle(charged, today)]
        else:
            paid = await _each([partial(each.settle, charged, today) for each in held])
        self._tell(on_event, paid)
        amounts = [each.amount for each in held]
        self.spare = any(map(gt, amounts, paid))
        self.paid += dollars(paid[0])
        return reply

    async def _reserve(self, day: int, on_event: OnEvent | None) -> tuple[list[Reservation], int]:
        most, held = self._most, list[Reservation]()
        try:
            for _, budget in self._budgets:
                reservation = await budget.reserve(most, day)
                held.append(reservation)
                if reservation.items < most.items:
                    most = most.for_fewer(reservation.items)
        except BaseException:
            await _each([reservation.release for reservation in held])
            raise
        if on_event is not None:
            for (whose, budget), reservation in zip(self._budgets, held, strict=True):
                on_event(
                    BudgetReserved(
                        endpoint=self._label,
                        whose=whose,
                        usd=dollars(reservation.amount),
                        items=most.items,
                        spent=budget.spent,
                        reserved=budget.reserved,
                        cap=budget.cap,
                    )
                )
        return held, most.items

    def _tell(self, on_event: OnEvent | None, paid: Sequence[int]) -> None:
        if on_event is None:
            return
        for (whose, budget), micros in zip(self._budgets, paid, strict=True):
            on_event(
                BudgetSettled(
                    endpoint=self._label,
                    whose=whose,
                    usd=dollars(micros),
                    spent=budget.spent,
                    reserved=budget.reserved,
                    cap=budget.cap,
                )
            )


async def _each(calls: Sequence[Callable[[], Awaitable[T]]]) -> list[T]:
    """Make every call, whatever happens during one of them: each of them holds money."""
    answers: list[T] = []
    interrupted: BaseException | None = None
    for call in calls:
        try:
            answers.append(await call())
        except BaseException as error:  # noqa: BLE001  # raised below
            interrupted = error
    if interrupted is not None:
        raise interrupted
    return answers


def _is_free(error: BaseException, *, is_read: bool) -> bool:
    """Whether X charges nothing for an attempt that failed after it may have been sent."""
    if isinstance(error, TransportError):
        return not error.sent
    if isinstance(error, DecodeError):
        return is_read and error.status not in _OK and error.status != 0
    if isinstance(error, APIError):
        return is_read or isinstance(error, _TURNED_AWAY)
    return isinstance(error, ManagerClosed)

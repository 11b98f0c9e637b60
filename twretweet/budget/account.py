"""What the pipeline asks of a budget. Implement it to keep one somewhere else."""

from __future__ import annotations

from typing import Protocol

from twretweet.protocol.charges import Most, Returned


class Reservation(Protocol):
    """Money set aside for one request. Exactly one of the methods has to be called, once.

    None of them fails: what a budget can't note now, it notes later.
    """

    @property
    def items(self) -> int:
        """How many items may be asked for."""
        ...

    @property
    def amount(self) -> int:
        """How much is set aside, in micro-dollars."""
        ...

    async def release(self) -> None:
        """Nothing was sent, or X charges nothing for what it answered."""
        ...

    async def keep(self) -> None:
        """X may have charged all of it: the reply was lost, or can't be read."""
        ...

    async def settle(self, returned: Returned, day: int | None) -> int:
        """A reply came; what it cost, in micro-dollars.

        Args:
            returned: what X charges for.
            day: the UTC day on which X answered, counted from 1970-01-01; ``None`` where that can
                be one of two. Then everything is counted, and nothing remembered as paid.
        """
        ...


class AnyBudget(Protocol):
    """A cap on what is spent, wherever it is kept."""

    @property
    def cap(self) -> float | None:
        """What may be spent, in US dollars; ``None``: any amount, and it is only counted."""
        ...

    @property
    def spent(self) -> float:
        """What was spent, in US dollars."""
        ...

    @property
    def reserved(self) -> float:
        """What requests on their way may cost, in US dollars."""
        ...

    @property
    def left(self) -> float:
        """What may still be spent, in US dollars."""
        ...

    async def check(self, most: Most, day: int) -> None:
        """See whether a request could be borne now, and set nothing aside.

        It is asked before the wait for a slot, so that who can't pay need not wait to hear so.

        Raises:
            BudgetExceeded: not even the fewest items can be afforded.
        """
        ...

    async def reserve(self, most: Most, day: int) -> Reservation:
        """Set aside the most that a request can cost.

        Args:
            most: what it asks for. Where not all can be afforded, the reservation is for fewer
                items, and no fewer than ``most.fewest`` allows.
            day: the UTC day by X's clock, counted from 1970-01-01.

        Raises:
            BudgetExceeded: not even the fewest items can be afforded. Nothing was set aside.
        """
        ...

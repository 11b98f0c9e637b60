"""What a window is by the table, and what a program remembers of one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from twretweet.errors import QueryError

Pace: TypeAlias = Literal["burst", "even"]


class WindowSpec(Struct, frozen=True):
    """One window that a request is counted in.

    Attributes:
        key: names the window; requests with one key share it.
        limit: how many requests it holds by the table; ``None`` where only headers can tell.
        seconds: how long it lasts by the table.

    Raises:
        QueryError: a limit below 1, or a window that does not last.
    """

    key: str
    limit: int | None
    seconds: float

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise QueryError(f"the limit of {self.key} is {self.limit}: it must be 1 or more")
        if not self.seconds > 0:
            raise QueryError(f"the window of {self.key} is {self.seconds} s: it must be longer")


class WindowMemory(Struct, frozen=True, kw_only=True):
    """What a restarted program has to know of a window. Times are epoch seconds, local clock.

    Raises:
        QueryError: a number is out of range.
    """

    key: str
    limit: int
    seconds: float
    used: int
    ends_at: float
    reset: int

    def __post_init__(self) -> None:
        WindowSpec(self.key, self.limit, self.seconds)
        if self.used < 0:
            raise QueryError(f"the window of {self.key} has {self.used} slots used")

"""What a window is by the table, and what a program remembers of one."""

from __future__ import annotations

from typing import Literal, TypeAlias

from msgspec import Struct

from twretweet.errors import QueryError

# https://docs.x.com/x-api/fundamentals/rate-limits: none is longer than 24 hours.
_LONGEST = 86_400.0

Pace: TypeAlias = Literal["burst", "even"]


class WindowSpec(Struct, frozen=True):
    """One window that a request is counted in.

    Attributes:
        key: names the window; requests with one key share it.
        limit: how many requests it holds by the table; ``None`` where only headers can tell.
        seconds: how long it lasts by the table, a day at the most.

    Raises:
        QueryError: a limit below 1, or a window that does not last, or longer than X has any.
    """

    key: str
    limit: int | None
    seconds: float

    def __post_init__(self) -> None:
        if self.limit is not None and self.limit < 1:
            raise QueryError(f"the limit of {self.key} is {self.limit}: it must be 1 or more")
        if not self.seconds > 0:
            raise QueryError(f"the window of {self.key} is {self.seconds} s: it must be longer")
        if self.seconds > _LONGEST:
            raise QueryError(f"the window of {self.key} is {self.seconds} s: X has none so long")


class WindowMemory(Struct, frozen=True, kw_only=True):
    """What a restarted program has to know of a window. Times are epoch seconds, local clock.

    Attributes:
        key: of the window.
        limit: how many requests it holds, as X said last or by the table; ``None``: not known.
        seconds: how long it lasts.
        used: how many of its slots were taken.
        ends_at: when it ends.
        reset: the same as X wrote it.
        closed_until: until when no request is to be sent after a 429 without a usable reset.
        backoff: how many seconds that was, the next being twice as long.

    Raises:
        QueryError: a number is out of range.
    """

    key: str
    limit: int | None
    seconds: float
    used: int
    ends_at: float
    reset: int
    closed_until: float | None = None
    backoff: float = 0.0

    def __post_init__(self) -> None:
        WindowSpec(self.key, self.limit, self.seconds)
        if self.used < 0:
            raise QueryError(f"the window of {self.key} has {self.used} slots used")
        if self.backoff < 0:
            raise QueryError(f"the window of {self.key} is closed for {self.backoff} s")

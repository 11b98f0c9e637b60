"""The update limit: how much one account may post in a day, retweets among it.

v1.1 refuses with 403 and code 185 what goes beyond it (POST statuses/retweet/:id). What v2 answers
is not documented, so v2 counts towards it and is not refused.
Source: https://help.x.com/en/rules-and-policies/x-limits
"""

from collections.abc import Iterator
from typing import Final

from twretweet.sandbox.windows import DAY, Slot, Window, Windows

A_DAY: Final = 2400
"""How many updates X allows."""


class Updates:
    """Counts what accounts post.

    Args:
        limit: how many updates an account has in a day.
        scale: by how much a day is longer than X's; below 1 it is shorter.
    """

    __slots__ = ("_limit", "_windows")

    def __init__(self, limit: int = A_DAY, scale: float = 1.0) -> None:
        self._limit = limit
        self._windows = Windows(scale)

    def exhausted(self, user_id: int, now: float) -> bool:
        """Tell whether a user has no update left."""
        return self._windows.left(self._slot(user_id), now) < 1

    def count(self, user_id: int, now: float) -> None:
        """Note an update of a user."""
        self._windows.take([self._slot(user_id)], now)

    def opened(self, now: float) -> Iterator[tuple[int, int, int]]:
        """Go through who has posted: their id, how much, and when their day ends."""
        for key, window in self._windows.opened(now):
            yield int(key[0]), window.used, window.end

    def restore(self, user_id: int, used: int, end: int) -> None:
        """Let a user have posted so much."""
        self._windows.restore(self._slot(user_id).key, Window(self._limit, end, used))

    def _slot(self, user_id: int) -> Slot:
        return Slot((str(user_id),), self._limit, DAY)

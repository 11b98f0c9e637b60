"""The retweets of one tweet, oldest first, without an object for each.

The ones a sandbox starts with are computed: the retweet at position ``i`` was made by user ``i``
of the crowd, and its id lies in the ``i``-th of equal stretches of ids. So position and id lead to
each other by arithmetic. The ones that were really sent follow, in arrays; ids only grow, so all
of them are above the computed ones.
"""

from array import array
from bisect import bisect_left
from typing import Protocol

from twretweet.sandbox.draw import draw


class Ranked(Protocol):
    """Something that can be paged through: ids in ascending order."""

    def __len__(self) -> int: ...

    def id_at(self, position: int) -> int:
        """Return the id at ``position``, 0 being the oldest."""
        ...

    def rank(self, snowflake: int) -> int:
        """Return how many ids are below ``snowflake``."""
        ...


class IdList:
    """A short :class:`Ranked`, from a list in ascending order."""

    __slots__ = ("_ids",)

    def __init__(self, ids: list[int]) -> None:
        self._ids = ids

    def __len__(self) -> int:
        return len(self._ids)

    def id_at(self, position: int) -> int:
        """Return the id at ``position``."""
        return self._ids[position]

    def rank(self, snowflake: int) -> int:
        """Return how many ids are below ``snowflake``."""
        return bisect_left(self._ids, snowflake)


class Retweets:
    """Who retweeted a tweet, and when.

    Args:
        crowd: how many retweets there are from the start.
        first: all ids are above this one.
        gap: the length of the stretch of ids that each of them has, at least 1.
        seed: decides where in its stretch an id lies.
    """

    __slots__ = ("_by_user", "_crowd", "_first", "_gap", "_live_ids", "_live_users", "_seed")

    def __init__(self, *, crowd: int = 0, first: int = 0, gap: int = 1, seed: int = 0) -> None:
        self._crowd = crowd
        self._first = first + 1
        self._gap = gap
        self._seed = seed
        self._live_ids = array("Q")
        self._live_users = array("Q")
        self._by_user: dict[int, int] = {}

    def __len__(self) -> int:
        return self._crowd + len(self._live_ids)

    @property
    def crowd(self) -> int:
        """How many of them are the crowd's: those at the positions below this one."""
        return self._crowd

    def id_at(self, position: int) -> int:
        """Return the id of the retweet at ``position``."""
        if position >= self._crowd:
            return self._live_ids[position - self._crowd]
        start = self._first + position * self._gap
        return start + draw(self._seed, position) % self._gap

    def live_user_at(self, position: int) -> int:
        """Return who made the retweet at ``position``, which is not the crowd's."""
        return self._live_users[position - self._crowd]

    def rank(self, snowflake: int) -> int:
        """Return how many of them have an id below ``snowflake``."""
        if self._live_ids and snowflake > self._live_ids[0]:
            return self._crowd + bisect_left(self._live_ids, snowflake)
        stretch = (snowflake - self._first) // self._gap
        if stretch < 0:
            return 0
        if stretch >= self._crowd:
            return self._crowd
        return stretch + (self.id_at(stretch) < snowflake)

    def position_of(self, snowflake: int) -> int | None:
        """Return where the retweet with this id is, ``None`` if it is none of these."""
        position = self.rank(snowflake)
        if position < len(self) and self.id_at(position) == snowflake:
            return position
        return None

    def by_user(self, user_id: int) -> int | None:
        """Return the id of this user's retweet; the crowd's are not looked at."""
        return self._by_user.get(user_id)

    def add(self, user_id: int, now: int) -> int:
        """Add a retweet of ``user_id``, at the id ``now`` or the next free one, and return it."""
        snowflake = max(now, self.id_at(len(self) - 1) + 1) if len(self) else now
        self._live_ids.append(snowflake)
        self._live_users.append(user_id)
        self._by_user[user_id] = snowflake
        return snowflake

    def remove(self, user_id: int) -> bool:
        """Take this user's retweet back; return whether there was one."""
        snowflake = self._by_user.pop(user_id, None)
        if snowflake is None:
            return False
        place = bisect_left(self._live_ids, snowflake)
        del self._live_ids[place]
        del self._live_users[place]
        return True

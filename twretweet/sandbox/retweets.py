"""The retweets of one tweet, oldest first, without an object for each.

The ones a sandbox starts with are computed: the retweet at position ``i`` was made by user ``i``
of the crowd, and its id lies in the ``i``-th of equal stretches of ids. So position and id lead to
each other by arithmetic. The ones that were really sent follow, in arrays; ids only grow, so all
of them are above the computed ones.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, Protocol

from twretweet.sandbox.draw import draw

_MASK: Final = (1 << 64) - 1


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


class LiveIndex:
    """Which tweet each retweet is of, for those that were really sent, by their ids."""

    __slots__ = ("_ids", "_tweets")

    def __init__(self) -> None:
        self._ids = array("Q")
        self._tweets = array("Q")

    def add(self, snowflake: int, tweet_id: int) -> None:
        """Add a retweet; ids mostly come in ascending order."""
        place = len(self._ids)
        if place and snowflake < self._ids[-1]:
            place = bisect_left(self._ids, snowflake)
        self._ids.insert(place, snowflake)
        self._tweets.insert(place, tweet_id)

    def find(self, snowflake: int) -> int | None:
        """Return the id of the tweet."""
        place = bisect_left(self._ids, snowflake)
        found = place < len(self._ids) and self._ids[place] == snowflake
        return self._tweets[place] if found else None

    def remove(self, snowflake: int) -> None:
        """Take a retweet away, if it is there."""
        place = bisect_left(self._ids, snowflake)
        if place < len(self._ids) and self._ids[place] == snowflake:
            del self._ids[place]
            del self._tweets[place]


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
        self._seed = seed & _MASK
        self._live_ids = array("Q")
        self._live_users = array("Q")
        self._by_user: dict[int, int] = {}

    def __len__(self) -> int:
        return self._crowd + len(self._live_ids)

    @property
    def crowd(self) -> int:
        """How many of them are the crowd's: those at the positions below this one."""
        return self._crowd

    @property
    def stretch(self) -> tuple[int, int]:
        """Where the ids of the crowd's lie: from the first to before the second."""
        return self._first, self._first + self._crowd * self._gap

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
        stretch = (snowflake - self._first) // self._gap
        if 0 <= stretch < self._crowd and self.id_at(stretch) == snowflake:
            return stretch
        place = bisect_left(self._live_ids, snowflake)
        if place < len(self._live_ids) and self._live_ids[place] == snowflake:
            return self._crowd + place
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

    def put(self, user_id: int, snowflake: int) -> None:
        """Add a retweet whose id is known, which lies above all the computed ones.

        Raises:
            ValueError: the id lies elsewhere or is taken, or the user has retweeted already.
        """
        if self._crowd and snowflake <= self.id_at(self._crowd - 1):
            raise ValueError(f"retweet {snowflake} is older than those of the crowd")
        if user_id in self._by_user or self.position_of(snowflake) is not None:
            raise ValueError(f"retweet {snowflake} by {user_id} is there already")
        place = bisect_left(self._live_ids, snowflake)
        self._live_ids.insert(place, snowflake)
        self._live_users.insert(place, user_id)
        self._by_user[user_id] = snowflake

    def live(self) -> Iterator[tuple[int, int]]:
        """Go through those that were really sent, oldest first: id and user."""
        return zip(self._live_ids, self._live_users, strict=True)

    def live_copy(self) -> "array[int]":
        """Return who made those, oldest first, in an array that stays as it is."""
        return self._live_users[:]

    def live_users(self) -> Iterator[int]:
        """Go through who made those, newest first."""
        return reversed(self._live_users)

    @property
    def recipe(self) -> tuple[int, int, int, int]:
        """What the computed ones follow from: how many, first, gap and seed."""
        return self._crowd, self._first - 1, self._gap, self._seed

    def remove(self, user_id: int) -> bool:
        """Take this user's retweet back; return whether there was one."""
        snowflake = self._by_user.pop(user_id, None)
        if snowflake is None:
            return False
        place = bisect_left(self._live_ids, snowflake)
        del self._live_ids[place]
        del self._live_users[place]
        return True

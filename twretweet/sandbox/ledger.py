"""What X would charge for the requests that were answered, and how many posts were read.

Reads are charged per resource returned, the same one once per UTC day; writes per request. That
resources among the ``includes`` are charged is not documented, so they are counted.
Sources: https://docs.x.com/x-api/getting-started/pricing (2026-08),
https://docs.x.com/x-api/usage/introduction
"""

from collections.abc import Iterator
from typing import Final, Literal, TypeAlias, cast

from twretweet.sandbox.reply import Reply
from twretweet.sandbox.windows import DAY

Charge: TypeAlias = Literal["posts", "users", "create", "delete", "free"]
"""What an endpoint is charged for: the posts or the users it gives, or that it changes."""

KEPT_DAYS: Final = 90

# In thousandths of a US dollar, so that sums are exact.
_POST: Final = 5
_USER: Final = 10
_WRITES: Final[dict[Charge, int]] = {"create": 15, "delete": 10}
_OK: Final = 200

_Object: TypeAlias = dict[str, str]
"""A post or a user, as far as it is looked at here."""


class Ledger:
    """Counts what all requests of one app cost.

    Attributes:
        thousandths: what everything cost so far, in thousandths of a US dollar.
        today: the day of the last read, counted from the epoch.
        posts: the ids of the posts that were read on it.
        users: those of the users.
        days: how many posts were read on each day.
    """

    __slots__ = ("days", "posts", "thousandths", "today", "users")

    def __init__(self) -> None:
        self.thousandths = 0
        self.today = 0
        self.posts: set[int] = set()
        self.users: set[int] = set()
        self.days: dict[int, int] = {}

    @property
    def total(self) -> float:
        """What everything cost so far, in US dollars."""
        return self.thousandths / 1000

    @property
    def is_empty(self) -> bool:
        """Whether nothing was read or charged yet."""
        return not (self.thousandths or self.days)

    def restore(self, thousandths: int, today: int, days: dict[int, int]) -> None:
        """Go on from the counts of another ledger."""
        self.thousandths, self.today, self.days = thousandths, today, days

    def charge(self, charge: Charge, reply: Reply, now: float) -> float:
        """Note what a reply costs, and return it.

        Args:
            charge: what its endpoint is charged for.
            reply: the reply; errors are free.
            now: epoch seconds.

        Returns:
            US dollars.
        """
        body = reply.body
        if reply.status != _OK or charge == "free" or isinstance(body, bytes):
            return 0.0
        written = _WRITES.get(charge)
        cost = self._read(charge, body, int(now // DAY)) if written is None else written
        self.thousandths += cost
        return cost / 1000

    def posts_on(self, day: int) -> int:
        """Return how many posts were read on a day, counted from the epoch."""
        return self.days.get(day, 0)

    def posts_since(self, day: int) -> int:
        """Return how many posts were read from a day on."""
        return sum(count for each, count in self.days.items() if each >= day)

    def _read(self, charge: Charge, body: dict[str, object], day: int) -> int:
        if day != self.today:
            self.today = day
            self.posts.clear()
            self.users.clear()
            self.days = {d: n for d, n in self.days.items() if d > day - KEPT_DAYS}
        posts, users = self.posts, self.users
        had = len(posts), len(users)
        data = cast("list[_Object] | _Object", body.get("data", []))
        (posts if charge == "posts" else users).update(
            _ids(data if isinstance(data, list) else [data])
        )
        includes = cast("dict[str, list[_Object]]", body.get("includes", {}))
        users.update(_ids(includes.get("users", [])))
        posts.update(_ids(includes.get("tweets") or includes.get("posts") or []))
        read = len(posts) - had[0]
        self.days[day] = self.days.get(day, 0) + read
        return read * _POST + (len(users) - had[1]) * _USER


def _ids(found: list[_Object]) -> Iterator[int]:
    return (int(item["id"]) for item in found)

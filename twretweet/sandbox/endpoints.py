"""The endpoints, a row each: who may call, with which scopes, how often.

The numbers are those of the reference pages and of X's table of limits:
https://docs.x.com/x-api/fundamentals/rate-limits
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias, get_args
from urllib.parse import unquote

from twretweet.sandbox import reads, usage, v1, writes
from twretweet.sandbox.accounts import AuthKind, Caller
from twretweet.sandbox.call import Call, State
from twretweet.sandbox.faults.place import Place, check
from twretweet.sandbox.ledger import Charge
from twretweet.sandbox.reply import Refused, Reply, not_found, wrong_method
from twretweet.sandbox.windows import DAY, QUARTER_HOUR, THREE_HOURS, Slot
from twretweet.vocabulary import Vocabulary

Handler: TypeAlias = Callable[[State, Call], Reply]
Per: TypeAlias = Literal["user", "app-only", "app"]
"""Whom a limit counts."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A window that an endpoint has.

    Args:
        per: ``"user"`` counts each signed-in user, ``"app-only"`` the app where it calls as
            itself, ``"app"`` all that comes through the app.
        requests: how many it allows.
        seconds: how long it lasts; one of 24 hours is told in headers of its own,
            ``x-user-limit-24hour-…`` or ``x-app-limit-24hour-…``.
        shared: a name under which several endpoints share it; empty if this one has its own.

    Raises:
        ValueError: it can't be counted.
    """

    per: Per
    requests: int
    seconds: int = QUARTER_HOUR
    shared: str = ""

    def __post_init__(self) -> None:
        if self.per not in get_args(Per):
            raise ValueError(f"per is {self.per!r}: it must be one of {', '.join(get_args(Per))}")
        if self.requests < 0 or self.seconds <= 0:
            raise ValueError(
                f"requests is {self.requests} and seconds is {self.seconds}: requests must be 0 or"
                " more, and seconds more than 0"
            )

    @property
    def told(self) -> str:
        """How the headers begin that tell of it; those of a day have sets of their own."""
        if self.seconds != DAY:
            return "x-rate-limit"
        return f"x-{'user' if self.per == 'user' else 'app'}-limit-24hour"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row.

    Args:
        method: the HTTP method.
        path: the path, with names in braces for what varies.
        handler: what answers.
        kinds: how a caller may sign in.
        scopes: what a user's bearer token needs.
        limits: its windows.
        charge: what X charges for.
        vocabulary: the one to answer in where a request leaves it open; ``None`` if the reply has
            the names of 2.159, as far as both don't have them.
    """

    method: str
    path: str
    handler: Handler
    kinds: tuple[AuthKind, ...]
    scopes: frozenset[str]
    limits: tuple[Limit, ...]
    charge: Charge
    vocabulary: Vocabulary | None = None

    @property
    def name(self) -> str:
        """Method and path."""
        return f"{self.method} {self.path}"

    def slots(self, caller: Caller) -> list[Slot]:
        """Return the windows in which a request of ``caller`` needs a slot."""
        own = self.name
        taken: list[Slot] = []
        for limit in self.limits:
            name = (limit.shared or own) + _in_time(limit.seconds)
            if limit.per == "app":
                key: tuple[str, ...] = (name, caller.app)
            elif (limit.per == "app-only") == (caller.account is None):
                key = (name, caller.app, caller.label)
            else:
                continue
            taken.append(Slot(key, limit.requests, limit.seconds, limit.told))
        return taken


def _in_time(seconds: int) -> str:
    """What a window is called besides, so that each of an endpoint counts for itself."""
    if seconds == QUARTER_HOUR:
        return ""
    return " in 24 hours" if seconds == DAY else f" in {seconds} seconds"


UNSTATED: Final = 40_000
"""What the headers say where no limit is stated, seen in recorded replies: a 403 that no limit of
an endpoint has to do with tells of 39,999 left of these, for 15 minutes."""

_USER: Final[tuple[AuthKind, ...]] = ("oauth1", "oauth2")
_ANYONE: Final[tuple[AuthKind, ...]] = ("oauth1", "oauth2", "app-only")
_APP: Final[tuple[AuthKind, ...]] = ("app-only",)
_V1: Final[tuple[AuthKind, ...]] = ("oauth1",)
_NEWER: Final[Vocabulary] = "post"
_NONE: Final[frozenset[str]] = frozenset()
_READ: Final = frozenset({"tweet.read", "users.read"})
_WRITE: Final = frozenset({"tweet.read", "tweet.write", "users.read"})
_TIMELINE: Final = frozenset({"timeline.read", "tweet.read"})
_FIFTY: Final = (Limit("user", 50),)
_SEVENTY_FIVE: Final = (Limit("user", 75), Limit("app-only", 75))
# 300 in three hours for each user and again for the app, together with statuses/update
# (POST statuses/retweet/:id).
_STATUSES: Final = (
    Limit("user", 300, THREE_HOURS, "statuses"),
    Limit("app", 300, THREE_HOURS, "statuses"),
)

ENDPOINTS: Final = (
    # Nothing in a write or a question for usage tells of a vocabulary, and they are answered as
    # 2.167 has it: who expects the older reply to a write passes over its rest_id, and X's own xdk
    # refuses numbers of usage that are not text.
    Endpoint(
        "POST",
        "/2/users/{id}/retweets",
        writes.retweet,
        _USER,
        _WRITE,
        _FIFTY,
        "create",
        _NEWER,
    ),
    Endpoint(
        "DELETE",
        "/2/users/{id}/retweets/{source_tweet_id}",
        writes.undo,
        _USER,
        _WRITE,
        _FIFTY,
        "delete",
        _NEWER,
    ),
    Endpoint(
        "GET", "/2/tweets/{id}/retweets", reads.retweets, _ANYONE, _READ, _SEVENTY_FIVE, "posts"
    ),
    Endpoint(
        "GET",
        "/2/tweets/{id}/retweeted_by",
        reads.retweeted_by,
        _ANYONE,
        _READ,
        _SEVENTY_FIVE,
        "users",
    ),
    Endpoint(
        "GET",
        "/2/tweets/{id}/quote_tweets",
        reads.quote_tweets,
        _ANYONE,
        _READ,
        _SEVENTY_FIVE,
        "posts",
    ),
    Endpoint(
        "GET",
        "/2/users/reposts_of_me",
        reads.reposts_of_me,
        _USER,
        _TIMELINE,
        (Limit("user", 75),),
        "posts",
    ),
    Endpoint("GET", "/2/users/me", reads.me, _USER, _READ, (Limit("user", 75),), "users"),
    Endpoint(
        "GET",
        "/2/tweets/{id}",
        reads.tweet,
        _ANYONE,
        _READ,
        (Limit("user", 900), Limit("app-only", 450)),
        "posts",
    ),
    Endpoint(
        "GET",
        "/2/users/by/username/{username}",
        reads.user_by_username,
        _ANYONE,
        _READ,
        (Limit("user", 900), Limit("app-only", 300)),
        "users",
    ),
    Endpoint(
        "GET",
        "/2/usage/tweets",
        usage.tweets,
        _APP,
        _NONE,
        (Limit("app-only", 50),),
        "free",
        _NEWER,
    ),
    Endpoint(
        "POST", "/1.1/statuses/retweet/{id}.json", v1.retweet, _V1, _NONE, _STATUSES, "create"
    ),
    Endpoint(
        "POST",
        "/1.1/statuses/unretweet/{id}.json",
        v1.unretweet,
        _V1,
        _NONE,
        # X states no limit for this one.
        (Limit("user", UNSTATED),),
        "delete",
    ),
    # What a written post costs is no part of the prices of retweets.
    Endpoint("POST", "/1.1/statuses/update.json", v1.update, _V1, _NONE, _STATUSES, "free"),
)


def elsewhere(caller: Caller) -> Slot:
    """Return the window of what a caller asks that is no endpoint, or none for such callers."""
    return Slot(("anything else", caller.app, caller.label), UNSTATED, QUARTER_HOUR)


def with_limits(limits: Mapping[str, Sequence[Limit]]) -> tuple[Endpoint, ...]:
    """Return all endpoints, some with other windows.

    Args:
        limits: the windows, by endpoints such as ``"POST /2/users/:id/retweets"``. They replace
            the ones that count the same, so that a user's leave the app's as they are; with none
            in the list, an endpoint has no limit.

    Raises:
        ValueError: there is no such endpoint, or two of its windows count the same in the same
            time.
    """
    names = [endpoint.name for endpoint in ENDPOINTS]
    rows = list(ENDPOINTS)
    for name, given in limits.items():
        try:
            place = check(name, names)
        except ValueError as error:
            raise ValueError(f"limits: {error}") from error
        if twice := _twice(given):
            raise ValueError(
                f"limits: {name} has two of {twice.per!r} for {twice.seconds} seconds"
            )
        replaced = {limit.per for limit in given}
        for number, row in enumerate(rows):
            if place.covers(Place.read(row.name)):
                kept = (limit for limit in row.limits if given and limit.per not in replaced)
                rows[number] = replace(row, limits=(*given, *kept))
    return tuple(rows)


def _twice(limits: Iterable[Limit]) -> Limit | None:
    """Return a limit that would take the window of one before it."""
    seen: set[tuple[str, int, str]] = set()
    for limit in limits:
        window = (limit.per, limit.seconds, limit.shared)
        if window in seen:
            return limit
        seen.add(window)
    return None


class Router:
    """Finds the endpoint of a path.

    Args:
        endpoints: the rows.
    """

    __slots__ = ("_rows",)

    def __init__(self, endpoints: Iterable[Endpoint] = ENDPOINTS) -> None:
        self._rows = [(_pattern(endpoint.path), endpoint) for endpoint in endpoints]

    def find(self, method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
        """Return the endpoint, and what stands for the names in its path.

        Raises:
            Refused: there is none, or none with this method.
        """
        allowed: list[str] = []
        for pattern, endpoint in self._rows:
            if match := pattern.fullmatch(path):
                if endpoint.method == method:
                    found = match.groupdict().items()
                    return endpoint, {name: unquote(text) for name, text in found}
                allowed.append(endpoint.method)
        if allowed:
            raise Refused(wrong_method(path, allowed))
        raise Refused(not_found(path))


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    return re.compile(
        "".join(
            f"(?P<{part}>[^/]+?)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
    )

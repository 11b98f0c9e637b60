"""Which endpoint a fault is bound to: a method, a path, or both."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
_VARIABLE: Final = re.compile(r"\{\w+\}|:\w+")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fault may strike.

    Args:
        method: the HTTP method; empty for all.
        path: the path with ``{}`` for what varies; empty for all.
    """

    method: str
    path: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Read ``"GET /2/tweets/:id/retweets"``, either half of it, or nothing.

        What varies may be written ``:id`` or ``{id}``, as X's two kinds of pages do.

        Raises:
            ValueError: it is neither a method nor a path.
        """
        first, _, rest = text.strip().partition(" ")
        method, path = (first.upper(), rest.strip()) if first.upper() in METHODS else ("", first)
        if (not method and rest) or (path and not path.startswith("/")):
            raise ValueError(
                f"endpoint is {text!r}: write a method, a path or both, such as"
                " 'GET /2/tweets/:id/retweets'"
            )
        return cls(method, _VARIABLE.sub("{}", path))

    def covers(self, other: Self) -> bool:
        """Tell whether ``other``, which has both, is here."""
        return self.method in {"", other.method} and self.path in {"", other.path}


def check(text: str, endpoints: Iterable[str]) -> Place:
    """Read a place, and make sure that some endpoint is there.

    Raises:
        ValueError: it is no place, or there is nothing.
    """
    known = list(endpoints)
    place = Place.read(text)
    if not any(place.covers(Place.read(one)) for one in known):
        raise ValueError(f"no endpoint is at {text!r}; there are: {', '.join(known)}")
    return place

"""What a page includes: a table to find it in, and what is known of it before it is read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeVar

from msgspec import Struct

T = TypeVar("T")
R_co = TypeVar("R_co", covariant=True)


class IncludedIds(Struct, frozen=True):
    """The ids of what X charges for, each object once.

    Attributes:
        tweets: of tweets.
        users: of users.
        media: keys of media.
    """

    tweets: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    media: tuple[str, ...] = ()


class Unread(Protocol[R_co]):
    """Includes as they came."""

    def read(self) -> R_co:
        """The includes.

        Raises:
            DecodeError: they can't be read.
        """
        ...

    def ids(self) -> IncludedIds:
        """Their ids, for a small part of what it takes to read all; errors as of :meth:`read`."""
        ...


class Table(dict[str | None, T | None]):
    """Objects by their key; ``table[key]`` is ``None`` where there is none, and for no key.

    A dict, so that looking up what is there calls no Python: a walk looks up each author.
    """

    __slots__ = ()

    def __missing__(self, key: str | None) -> None:
        return None

    def all(self, keys: Iterable[str]) -> tuple[T, ...]:
        """The items of those keys, in the order of the keys, without those that are missing."""
        return tuple([item for item in [self[key] for key in keys] if item is not None])

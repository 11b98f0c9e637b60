"""What a page includes: a table to find it in, and what is known of it before it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar, cast

from msgspec import Struct

T = TypeVar("T")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class Identified(Protocol):
    """What has an id."""

    @property
    def id(self) -> str:
        """The id."""
        ...


class Keyed(Protocol):
    """What has a media key."""

    @property
    def media_key(self) -> str:
        """The key."""
        ...


def ids_in(items: Iterable[Identified]) -> list[str]:
    """The id of each."""
    return [item.id for item in items]  # half of what map() and attrgetter() take


def keys_in(items: Iterable[Keyed]) -> list[str]:
    """The key of each."""
    return [item.media_key for item in items]


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

    @property
    def ids(self) -> IncludedIds:
        """Their ids, for a small part of what it takes to read all; errors as of :meth:`read`."""
        ...

    def read(self) -> R_co:
        """The includes.

        Raises:
            DecodeError: they can't be read.
        """
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


class Index(Generic[R]):
    """Includes, and the tables in which their objects are found.

    Args:
        includes: what a page includes, or nothing.
        unread: the includes as they came, if they came unread. They are read when they are first
            looked at.

    Attributes:
        unread: the includes as they came, until they are read.
    """

    __slots__ = ("_includes", "_tables", "unread")

    def __init__(self, includes: R, unread: Unread[R] | None = None) -> None:
        self.unread = unread
        self._includes = includes
        self._tables: dict[str, Table[object]] | None = None

    @property
    def includes(self) -> R:
        """What the page includes.

        Raises:
            DecodeError: it can't be read.
        """
        if self.unread is not None:
            self._includes = self.unread.read()
            self.unread = None
        return self._includes

    def table(
        self, name: str, items: tuple[T, ...], keys: Callable[[tuple[T, ...]], list[str]]
    ) -> Table[T]:
        """The table of that name, made when it is first asked for.

        Args:
            name: what it is kept as.
            items: what is in it.
            keys: what each of them is found by.
        """
        tables = self._tables
        if tables is None:
            tables = self._tables = {}
        table = cast("Table[T] | None", tables.get(name))
        if table is None:
            table = Table(zip(keys(items), items, strict=True))
            table.pop("", None)  # nothing refers to what has no id
            tables[name] = cast("Table[object]", table)
        return table

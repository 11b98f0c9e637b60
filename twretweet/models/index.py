"""A table that is built when it is first read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class LazyTable(Generic[T]):
    """Finds one of ``items`` by its key in constant time; until asked, costs nothing.

    Args:
        items: what to find.
        key: gives the key of an item. Of two items with one key, the later is found.
    """

    __slots__ = ("_items", "_key", "_table")

    def __init__(self, items: tuple[T, ...], key: Callable[[T], str]) -> None:
        self._items = items
        self._key = key
        self._table: dict[str, T] | None = None

    def get(self, key: str | None) -> T | None:
        """The item of that key; ``None`` where there is none, or no key."""
        if not key:
            return None
        if (table := self._table) is None:
            table = self._table = {self._key(item): item for item in self._items}
        return table.get(key)

    def all(self, keys: tuple[str, ...]) -> tuple[T, ...]:
        """The items of those keys, in the order of the keys, without those that are missing."""
        return tuple(item for item in map(self.get, keys) if item is not None)

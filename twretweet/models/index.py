"""A table of what a page includes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

T = TypeVar("T")


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

"""Finding the stretches of ids that an id lies in, without looking at all of them.

Each stretch is entered under the smallest power of two that is no shorter, in the cells of that
size which it touches: two at most. So an id is looked for in one cell of each size there is,
however many stretches lie elsewhere.
"""

from collections.abc import Iterator
from typing import TypeAlias

_Cell: TypeAlias = dict[int, tuple[int, int]]


class Stretches:
    """Stretches of ids, each with a number of its own; they may overlap."""

    __slots__ = ("_sizes",)

    def __init__(self) -> None:
        self._sizes: dict[int, dict[int, _Cell]] = {}

    def add(self, name: int, low: int, high: int) -> None:
        """Enter the stretch from ``low`` to before ``high``."""
        size = (high - low).bit_length()
        cells = self._sizes.setdefault(size, {})
        for place in range(low >> size, (high >> size) + 1):
            cells.setdefault(place, {})[name] = low, high

    def remove(self, name: int, low: int, high: int) -> None:
        """Take a stretch out that was entered."""
        size = (high - low).bit_length()
        cells = self._sizes[size]
        for place in range(low >> size, (high >> size) + 1):
            del cells[place][name]
            if not cells[place]:
                del cells[place]
        if not cells:
            del self._sizes[size]

    def around(self, snowflake: int) -> Iterator[int]:
        """Go through those that the id lies in."""
        for size, cells in self._sizes.items():
            for name, (low, high) in cells.get(snowflake >> size, {}).items():
                if low <= snowflake < high:
                    yield name

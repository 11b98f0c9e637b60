"""How large numbers may be: the same for what is chosen, put up, and read from a snapshot.

So whatever a sandbox comes to hold can be saved, and what was saved can be loaded.
"""

from typing import Final

MOST: Final = 100_000_000
"""How many there may be of anything."""

LATEST: Final = 1 << 40
"""The last moment at which anything ends, in epoch seconds."""


def within(name: str, number: int, least: int, most: int = MOST) -> int:
    """Return a number that is within bounds.

    Raises:
        ValueError: it is not.
    """
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}: it must be between {least} and {most}")
    return number

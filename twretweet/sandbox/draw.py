"""Numbers that look random and are the same in every run.

State that can be computed from a seed and a position need not be stored: a tweet with a million
retweets costs nothing until somebody reads a page of it.
"""

from typing import Final

_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def draw(*values: int) -> int:
    """Mix ``values`` into 64 bits; the steps are those of SplitMix64."""
    state = 0
    for value in values:
        state = ((state ^ value) + _GOLDEN) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state


def chance(share: float, *values: int) -> bool:
    """Say yes in ``share`` of all cases, always the same for the same ``values``."""
    return share > 0 and draw(*values) < share * (_MASK + 1)

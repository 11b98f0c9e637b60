"""How small a page may be when there is not enough money for all of it, pure.

A page may cost less than the most that it can. So after one that was cut to what a budget could
bear, there may be money for a smaller one, then for one that is smaller still: each takes a slot
of the window, for a few items in the end. So the first may be as small as it has to be, and after
it none is worth asking for that holds less than a tenth of the largest.
"""

from __future__ import annotations

_WORTH = 10


class Sizes:
    """The sizes of the pages of one walk.

    Attributes:
        fewest: items that the next page has to hold, unless there are no more.
    """

    __slots__ = ("_largest", "fewest")

    def __init__(self) -> None:
        self._largest = 0
        self.fewest = 1

    def note(self, granted: int, asked: int, *, spare: bool) -> None:
        """Note what became of a page.

        Args:
            granted: for how many items there was money.
            asked: of how many.
            spare: whether it cost less than it could have.
        """
        self._largest = max(self._largest, granted)
        trickles = spare and granted < asked
        self.fewest = max(self._largest // _WORTH, 1) if trickles else 1

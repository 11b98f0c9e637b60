"""An even pace through a window, so that its last slot is taken just before its end. Pure."""

from __future__ import annotations


class EvenPace:
    """When the next slot of a window is due."""

    __slots__ = ("_next_at",)

    def __init__(self) -> None:
        self._next_at = float("-inf")

    def is_due(self, now: float) -> bool:
        """Whether a slot may be taken at this moment, as far as the pace goes."""
        return now >= self._next_at

    def took(self, now: float, left: int, end: float) -> None:
        """A slot was taken, of ``left`` that there were until ``end``."""
        self._next_at = now + (end - now) / max(left, 1)

    def hear(self, now: float, left: int, end: float) -> None:
        """The end became known: it may be nearer than was thought when the last slot was taken."""
        self._next_at = min(self._next_at, now + (end - now) / max(left, 1))

    def due_at(self, now: float, ahead: int, left: int, end: float | None) -> float | None:
        """Before when none of ``left`` slots is due for a caller with ``ahead`` others before it.

        ``None``: one may be due now. Where no ``end`` is known, it may come at any moment, and
        those ahead be served at once.
        """
        first = max(now, self._next_at)
        if end is not None:
            first += ahead * max(end - first, 0.0) / max(left, 1)
        return first if first > now else None

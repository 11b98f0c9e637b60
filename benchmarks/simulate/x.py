"""X's rate limits, exactly.

A window is fixed: it opens at the first request that is counted in it, and ends ``seconds`` later,
moved up to a whole second, because ``x-rate-limit-reset`` is one. Then the whole allowance is back
at once, and the next request opens another. A request takes a slot in each of its windows or in
none; one that is refused takes none. It shares no code with the client that it judges.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rule:
    """One window that a request is counted in: which, how many requests, how many seconds."""

    key: str
    limit: int
    seconds: float


@dataclass(slots=True)
class OpenWindow:
    """A window from its first request to its end, and what became of its slots."""

    rule: Rule
    opened: float
    end: int
    ours: int = 0
    strangers: int = 0
    refused: int = 0  # requests of ours that were answered 429 because of this window

    @property
    def used(self) -> int:
        return self.ours + self.strangers


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a request was counted, and how its windows stood after it, in the rules' order."""

    granted: bool
    remaining: tuple[int, ...]
    resets: tuple[int, ...]


class X:
    """All windows.

    Args:
        on_open: told of every window that opens, at that moment.
    """

    __slots__ = ("_on_open", "_windows", "counted", "refused")

    def __init__(self, on_open: Callable[[OpenWindow], None] | None = None) -> None:
        self._windows: dict[str, OpenWindow] = {}
        self._on_open = on_open
        self.counted = 0
        self.refused = 0

    def count(self, rules: Sequence[Rule], now: float, *, stranger: bool = False) -> Verdict:
        """A request arrives.

        Args:
            rules: the windows it is counted in.
            now: epoch seconds of X's clock.
            stranger: it is not one of those whose client is judged.
        """
        windows = [self.standing(rule, now) for rule in rules]
        full = [each for each in windows if each.used >= each.rule.limit]
        if full:
            self.refused += not stranger
            full[0].refused += not stranger
        else:
            self.counted += not stranger
            for window in windows:
                self._take(window, stranger=stranger)
        return Verdict(
            not full,
            tuple([each.rule.limit - each.used for each in windows]),
            tuple([each.end for each in windows]),
        )

    def standing(self, rule: Rule, now: float) -> OpenWindow:
        """The window of ``rule`` at this moment; a new one has no slot taken yet."""
        window = self._windows.get(rule.key)
        if window is None or now >= window.end:
            return OpenWindow(rule, now, math.ceil(now + rule.seconds))
        return window

    def _take(self, window: OpenWindow, *, stranger: bool) -> None:
        is_new = not window.used
        if stranger:
            window.strangers += 1
        else:
            window.ours += 1
        if is_new:
            self._windows[window.rule.key] = window
            if self._on_open is not None:
                self._on_open(window)

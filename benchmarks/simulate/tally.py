"""Who waited, who was served, and what became of the slots that X granted."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field

from benchmarks.simulate.loop import EPOCH
from benchmarks.simulate.x import OpenWindow, Rule, X


@dataclass(slots=True, eq=False)
class Line:
    """The callers of one bucket in one process."""

    bucket: str
    rules: tuple[Rule, ...]
    waiting: int = 0
    asked: int = 0  # callers so far
    served: int = 0  # the highest number of a caller that was served
    inversions: int = 0
    slots: int = 0  # requests that X counted


@dataclass(slots=True)
class Family:
    """The contested windows of one kind: those at whose end somebody waited for nothing else."""

    windows: int = 0
    granted: int = 0
    ours: int = 0
    strangers: int = 0
    refused: int = 0  # 429s in all windows, contested or not
    refused_most: int = 0  # in one window
    refused_again: int = 0  # windows with more than one
    period: float = 0.0  # seconds from opening to next opening, summed over `periods`
    periods: int = 0
    least: float = 0.0  # the same, had each window opened the moment the last was over
    full: dict[str, int] = field(default_factory=Counter)  # contested windows of each key

    @property
    def used(self) -> float:
        """Share of the slots strangers left that were used."""
        return self.ours / max(self.granted - self.strangers, 1)


class Tally:
    """Watches X's windows and the lines of all processes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.x = X(self._opened)
        self.lines: list[Line] = []
        self._lines_of: dict[str, list[Line]] = {}
        self._over: dict[str, OpenWindow] = {}  # contested ones whose successor has not opened
        self.families: dict[str, Family] = {}

    @property
    def server_time(self) -> float:
        return EPOCH + self._loop.time()

    def line(self, bucket: str, rules: tuple[Rule, ...]) -> Line:
        """The callers of one bucket in one process."""
        line = Line(bucket, rules)
        self.lines.append(line)
        for rule in rules:
            self._lines_of.setdefault(rule.key, []).append(line)
        return line

    @staticmethod
    def came(line: Line) -> int:
        """A caller joins the line; returns its number."""
        line.waiting += 1
        line.asked += 1
        return line.asked

    @staticmethod
    def went(line: Line, number: int) -> None:
        """The caller with that number was let through."""
        line.waiting -= 1
        if number < line.served:
            line.inversions += 1
        line.served = max(number, line.served)

    def _opened(self, window: OpenWindow) -> None:
        before = self._over.pop(window.rule.key, None)
        if before is not None:
            family = self._family(window)
            family.period += window.opened - before.opened
            family.least += window.rule.seconds
            family.periods += 1
        self._loop.call_at(window.end - EPOCH, self._closed, window)

    def _closed(self, window: OpenWindow) -> None:
        family = self._family(window)
        family.refused += window.refused
        family.refused_most = max(family.refused_most, window.refused)
        family.refused_again += window.refused > 1
        if not self._contested(window):
            return
        family.windows += 1
        family.granted += window.rule.limit
        family.ours += window.ours
        family.strangers += window.strangers
        family.full[window.rule.key] += 1
        self._over[window.rule.key] = window

    def _contested(self, window: OpenWindow) -> bool:
        """Whether somebody waits who could be served but for this window."""
        now = self.server_time
        for line in self._lines_of[window.rule.key]:
            if line.waiting and not any(
                rule.key != window.rule.key and self._is_full(rule, now) for rule in line.rules
            ):
                return True
        return False

    def _is_full(self, rule: Rule, now: float) -> bool:
        return self.x.standing(rule, now).used >= rule.limit

    def _family(self, window: OpenWindow) -> Family:
        return self.families.setdefault(window.rule.key.partition(":")[0], Family())

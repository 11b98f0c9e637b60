"""Rows that hold ours against every other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.report import Goal, Row, broken
from benchmarks.rounds import Ratio, Samples
from benchmarks.speed.roster import Entry

Answers = Samples[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Aim:
    """What is aimed at against one variant: at least, or at most, so many times it."""

    times: float
    least: bool = True

    def goal(self, ratio: Ratio) -> Goal:
        """The goal, and whether it was met."""
        word = "at least" if self.least else "at most"
        met = ratio.middle >= self.times if self.least else ratio.middle <= self.times
        return Goal(f"{word} {self.times:g}", met, measured=str(ratio))


def rows(
    answers: Answers,
    entries: Sequence[Entry],
    *,
    number: Callable[[dict[str, Any]], float],
    cells: Callable[[dict[str, float]], tuple[str, ...]],
    ours: Callable[[Entry], Entry | None],
    aims: Mapping[str, Aim],
    cpu: bool = False,
) -> tuple[Row, ...]:
    """A row for each variant: its medians, and ours against it within the rounds.

    Args:
        answers: what was measured.
        entries: in the order of the table.
        number: what is compared; more is better.
        cells: what is shown of the medians of all that was measured.
        ours: which of ours is held against a variant, if any.
        aims: what is aimed at, by the variant's name.
        cpu: compare CPU time too, which says more where others keep the machine busy.
    """
    compared = answers.of(number)
    by_cpu = answers.of(lambda answer: 1.0 / float(answer["cpu"]))
    made = []
    for entry in entries:
        kept = answers.values.get(entry.name)
        if not kept:
            made.append(broken(entry.name, ours=entry.ours))
            continue
        medians = {
            key: answers.of(lambda answer, key=key: float(answer[key])).median(entry.name) or 0.0
            for key, value in kept[0].items()
            if isinstance(value, int | float)
        }
        own = ours(entry)
        ratio = None if own is None else compared.ratio(own.name, entry.name)
        data, shown = dict(medians), ["" if ratio is None else str(ratio)]
        if ratio is not None:
            data |= {"ours": ratio.middle, "ours_low": ratio.low, "ours_high": ratio.high}
        if cpu:
            less = None if own is None else by_cpu.ratio(own.name, entry.name)
            shown.append("" if less is None else f"{less.middle:.2f}")
            data |= {} if less is None else {"ours_cpu": less.middle}
        aim = aims.get(entry.name)
        made.append(
            Row(
                entry.name,
                (*cells(medians), *shown),
                data,
                None if aim is None or ratio is None else aim.goal(ratio),
            )
        )
    return tuple(made)


def notes(answers: Answers) -> tuple[str, ...]:
    """Which variants are missing, and why."""
    return tuple(f"{name} is not measured: {why}" for name, why in answers.broken.items())

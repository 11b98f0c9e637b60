"""Walking pages one after the other, and holding what was walked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.report import Goal, Row, Section
from benchmarks.speed import roster, table
from benchmarks.speed.field import Field, play
from benchmarks.speed.roster import Entry
from benchmarks.speed.table import Aim

_WALK = (
    roster.BARE,
    roster.LOOP,
    roster.OURS,
    roster.OURS_ALL,
    roster.PRECOMPUTED,
    roster.SIGNING,
    roster.OURS_SIGNED,
    roster.OURS_ALL_SIGNED,
    roster.HTTPX,
    *roster.PEERS,
)
_WALK_AIMS = {
    roster.LOOP.name: Aim(0.97),
    roster.PRECOMPUTED.name: Aim(0.97),
    roster.TWEEPY.name: Aim(7),
    roster.XDK.name: Aim(12),
    roster.PEONY.name: Aim(4),
}
_SIGNED = (roster.PRECOMPUTED, roster.SIGNING)
_OURS = (
    roster.OURS,
    roster.OURS_SIGNED,
    roster.OURS_ALL,
    roster.OURS_ALL_SIGNED,
    roster.OURS_COLLECTED,
    roster.OURS_UNLOOKED,
)
_HOLD = (
    roster.BARE,
    roster.LOOP,
    roster.LISTS,
    roster.OURS_ALL,
    roster.OURS_COLLECTED,
    roster.OURS_UNLOOKED,
    roster.TWEEPY,
    roster.XDK,
    roster.PEONY,
)
_MB = 1e6
_PEAK = 75.0


def _own(entry: Entry) -> Entry | None:
    if entry in _OURS:
        return None
    return roster.OURS_ALL_SIGNED if entry in _SIGNED else roster.OURS_ALL


def _speed(answer: dict[str, Any]) -> float:
    return 1.0 / float(answer["seconds"])


def _cells(medians: dict[str, float]) -> tuple[str, ...]:
    return f"{1 / medians['seconds']:.0f}", f"{medians['cpu'] * 1e3:.3f}"


def walk(field: Field, *, quick: bool, entries: Sequence[Entry] = _WALK) -> Section:
    """Pages a second, one walk at a time."""
    pages, rounds = (4, 2) if quick else (100, 15)

    def one(entry: Entry) -> dict[str, Any]:
        # Untimed, and each time: it is the same code that is timed next.
        digest = field.ask(entry, do="check", pages=2)
        return field.ask(entry, do="walk", pages=max(pages // entry.slowness, 2)) | digest

    entries = field.players(entries)
    answers = play(entries, one, rounds)
    return Section(
        "Walking",
        "189 KB pages of 100 retweets and 100 authors, over loopback; each retweet and its author "
        f"is looked at. {answers.rounds} rounds of {pages} pages, fewer for the slow; medians.",
        ("pages/s", "CPU ms/page", "ours against it", "by CPU"),
        table.rows(
            answers, entries, number=_speed, cells=_cells, ours=_own, aims=_WALK_AIMS, cpu=True
        ),
        ("Ours, everything on: limits, retries, a budget and events.", *table.notes(answers)),
    )


def hold(field: Field, *, quick: bool) -> Section:
    """The same, keeping everything."""
    pages, rounds = (6, 1) if quick else (200, 7)
    entries = field.players(_HOLD)
    answers = play(entries, lambda entry: field.ask_fresh(entry, do="hold", pages=pages), rounds)

    def cells(medians: dict[str, float]) -> tuple[str, ...]:
        return *_cells(medians), f"{medians['bytes'] / _MB:.0f}"

    made = table.rows(
        answers,
        entries,
        number=_speed,
        cells=cells,
        ours=_own,
        aims={roster.LOOP.name: Aim(0.97)},
        cpu=True,
    )
    return Section(
        f"Holding {pages * 100:,} retweets and their authors",
        f"Walked as above, and kept. {answers.rounds} rounds, a fresh process each; medians.",
        ("pages/s", "CPU ms/page", "peak MB", "ours against it", "by CPU"),
        tuple(_with_goals(row, answers) for row in made),
        ("Peak: what the process grew by since it was ready.", *table.notes(answers)),
    )


def _with_goals(row: Row, answers: table.Answers) -> Row:
    if row.name == roster.OURS_ALL.name and row.data:
        peak = row.data["bytes"] / _MB
        goal = Goal(f"peak at most {_PEAK:.0f} MB", peak <= _PEAK, measured=f"{peak:.0f} MB")
        return Row(row.name, row.cells, row.data, goal)
    ratio = answers.of(_speed).ratio(roster.OURS_UNLOOKED.name, roster.LOOP.name)
    if row.name == roster.OURS_UNLOOKED.name and ratio is not None:
        shown = f"{ratio} of the loop"
        data = row.data | {"loop": ratio.middle, "loop_low": ratio.low, "loop_high": ratio.high}
        goal = Goal("at least 1.2 of the loop", ratio.middle >= 1.2, measured=str(ratio))
        return Row(row.name, (*row.cells[:-2], shown), data, goal)
    return row

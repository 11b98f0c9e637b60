"""Retweets, many at a time."""

from __future__ import annotations

from typing import Any

from benchmarks.report import Section
from benchmarks.speed import roster, table
from benchmarks.speed.field import Field, play
from benchmarks.speed.roster import Entry
from benchmarks.speed.table import Aim

_ENTRIES = (
    roster.BARE,
    roster.PRECOMPUTED,
    roster.SIGNING,
    roster.OURS,
    roster.OURS_ALL,
    roster.HTTPX,
    *roster.PEERS,
)
_OURS = (roster.OURS, roster.OURS_ALL)
_FEWEST = 300  # retweets that say something
_AIMS = {roster.BARE.name: Aim(0.85), roster.TWEEPY.name: Aim(2.4)}


def write(field: Field, *, quick: bool) -> Section:
    """Writes a second."""
    count, at_once, rounds = (20, 10, 2) if quick else (1000, 50, 11)
    entries = field.players(_ENTRIES)

    def share(entry: Entry) -> int:
        if entry.name in _AIMS:
            return count
        return max(count // entry.slowness, min(count, _FEWEST))

    answers = play(
        entries,
        lambda entry: field.ask(entry, do="write", count=share(entry), at_once=at_once),
        rounds,
    )

    def cells(medians: dict[str, float]) -> tuple[str, ...]:
        return f"{1 / medians['seconds']:.0f}", f"{medians['cpu'] * 1e6:.0f}"

    def speed(answer: dict[str, Any]) -> float:
        return 1.0 / float(answer["seconds"])

    def own(entry: Entry) -> Entry | None:
        return None if entry in _OURS else roster.OURS_ALL

    return Section(
        f"{count:,} retweets, {at_once} at a time",
        "POST with OAuth 1.0a, but for the bare loop and httpx, which sign nothing. "
        f"{answers.rounds} rounds, the slow without a goal with fewer retweets; medians. What is "
        "sync sends one at a time.",
        ("writes/s", "CPU µs", "ours against it", "by CPU"),
        table.rows(answers, entries, number=speed, cells=cells, ours=own, aims=_AIMS, cpu=True),
        table.notes(answers),
    )

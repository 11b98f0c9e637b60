"""What grows with the number of pages and of accounts: nothing should but memory.

With everything on, and no id comes twice: a budget remembers each until the day is over.
"""

from __future__ import annotations

from statistics import median
from typing import Any

from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import Broken
from benchmarks.speed import roster, table
from benchmarks.speed.field import Field, play
from benchmarks.speed.roster import Entry

_CROWD = "benchmarks.speed.variants.crowd:Busy"
_IDLE = (
    roster.LOOP,
    roster.OURS,
    roster.TWEEPY,
    roster.TWEEPY_SYNC,
    roster.XDK,
)
_FLAT = 0.05


def accounts(field: Field, *, quick: bool) -> Section:
    """Bytes for each account, at rest; CPU for a page, with more and more of them."""
    count = 200 if quick else 10_000
    sizes = (1, 20) if quick else (1, 100, 10_000, 100_000)
    pages, rounds = (4, 2) if quick else (100, 11)
    crowds = {f"{size:,} account{'s' * (size > 1)}": size for size in sizes}
    entries = [Entry(name, _CROWD) for name in crowds]
    answers = play(
        entries,
        lambda entry: field.ask(
            entry, do="pages of all", pages=pages, accounts=crowds[entry.name]
        ),
        rounds,
    )
    compared, rows = answers.of(lambda answer: float(answer["cpu"])), []
    for entry in entries:
        middle, ratio = compared.median(entry.name), compared.ratio(entry.name, entries[0].name)
        if middle is None or ratio is None:
            rows.append(broken(f"a page, {entry.name}", ours=True))
            continue
        flat = Goal(f"at most {1 + _FLAT:g}", ratio.middle <= 1 + _FLAT, measured=str(ratio))
        goal = None if entry is entries[0] else flat
        cells = ("", f"{middle * 1e3:.3f}", str(ratio))
        data = {"cpu": middle, "ratio": ratio.middle}
        rows.append(Row(f"a page, {entry.name}", cells, data, goal))
    idle, missing = _idle(field, count)
    return Section(
        "As accounts grow",
        f"Everything on; {pages} pages a round, each by an account drawn from all; "
        f"{answers.rounds} rounds; medians of CPU time. Bytes at rest: of {count:,} accounts in "
        "one program, by tracemalloc.",
        ("bytes each", "CPU ms/page", "against 1 account"),
        (*rows, *idle),
        (*table.notes(answers), *missing),
    )


def _idle(field: Field, count: int) -> tuple[list[Row], list[str]]:
    rows, missing = [], []
    for entry in field.players(_IDLE):
        try:
            share = max(count // entry.slowness**2, 20)
            size = field.ask_fresh(entry, do="accounts", count=share)["bytes"]
        except Broken as error:
            rows.append(broken(f"at rest: {entry.name}", ours=entry.ours))
            missing.append(f"{entry.name} is not measured: {error}")
            continue
        rows.append(Row(f"at rest: {entry.name}", (f"{size:,.0f}",), {"bytes": size}))
    return rows, missing


def pages(field: Field, *, quick: bool) -> Section:
    """CPU for a page of one walk that gets longer, beside walks of ten pages."""
    length, steps = (100, 2) if quick else (10_000, 10)
    entry = Entry("long and short walks", _CROWD)
    try:
        answer = field.ask(entry, do="long and short", pages=length, steps=steps, accounts=1)
    except Broken as error:
        row = broken(entry.name, ours=True)
        return Section("As a walk grows", "", ("",), (row,), (str(error),))
    rows = [_step(number, length // steps, *cpu) for number, cpu in enumerate(answer["steps"], 1)]
    later: list[float] = [row.data["ratio"] for row in rows[steps // 2 :]]
    half = median(later)
    flat = Goal(f"at most {1 + _FLAT:g}", half <= 1 + _FLAT, measured=f"{half:.3f}")
    summary = Row("the second half", ("", "", f"{half:.3f}"), {"ratio": half}, flat)
    return Section(
        "As a walk grows",
        f"One walk of {length:,} pages, and by turns walks of ten; everything on, and no id comes "
        "twice; CPU time.",
        ("CPU ms/page", "of ten pages", "ratio"),
        (*rows, summary),
    )


def _step(number: int, pages: int, long: float, short: float) -> Row:
    cells = (f"{long * 1e3:.3f}", f"{short * 1e3:.3f}", f"{long / short:.3f}")
    data: dict[str, Any] = {"long": long, "short": short, "ratio": long / short}
    return Row(f"pages {(number - 1) * pages + 1:,} to {number * pages:,}", cells, data)

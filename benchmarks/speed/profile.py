"""Where the time of a page and of a write goes, layer by layer."""

from __future__ import annotations

from typing import Any

from benchmarks.report import Goal, Row, Section, broken
from benchmarks.rounds import Broken
from benchmarks.speed import roster, stacks
from benchmarks.speed.field import Field
from benchmarks.speed.roster import Entry

_SHARE = 0.06
_SHOWN = 6
_OWN = (stacks.OURS, stacks.LIMITS, stacks.SIGN)


def profile(field: Field, *, quick: bool) -> list[Section]:
    """A page with a bearer token, a page that is signed, and a write."""
    pages, writes = (100, 400) if quick else (3_000, 20_000)
    jobs = (
        ("A page, everything on", roster.OURS_ALL, "page", pages),
        ("A page, OAuth 1.0a", roster.OURS_ALL_SIGNED, "page", pages),
        ("A write, OAuth 1.0a", roster.OURS_ALL, "write", writes),
    )
    return [_section(field, *job) for job in jobs]


def _section(field: Field, title: str, entry: Entry, what: str, times: int) -> Section:
    try:
        answer = field.ask(entry, do="profile", what=what, times=times)
    except Broken as error:
        return Section(title, "", ("",), (broken(entry.name, ours=entry.ours),), (str(error),))
    cpu, layers, ours = answer["cpu"], answer["layers"], answer["ours"]
    samples = sum(layers.values())
    rows = [_row(layer, count, samples, cpu) for layer, count in _most(layers)]
    share = sum(layers.get(layer, 0) for layer in _OWN) / max(samples, 1)
    goal = None
    if entry is roster.OURS_ALL and what == "page":
        goal = Goal(f"under {_SHARE:.0%}", share < _SHARE, measured=f"{share:.1%}")
    cells = (f"{share * cpu * 1e6:.1f}", f"{share:.1%}")
    rows.append(Row("our own share: ours, limits and sign", cells, {"share": share}, goal))
    rows += [_row(f"  {module}", count, samples, cpu) for module, count in _most(ours)[:_SHOWN]]
    return Section(
        title,
        f"{samples:,} samples of the stack over {times:,} times, {cpu * 1e6:.0f} µs of CPU each."
        + " No id comes twice." * (what == "page"),
        ("µs", "share"),
        tuple(rows),
    )


def _most(counts: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda each: -each[1])


def _row(name: str, count: int, samples: int, cpu: float) -> Row:
    share = count / max(samples, 1)
    data: dict[str, Any] = {"samples": count, "share": share}
    return Row(name, (f"{share * cpu * 1e6:.1f}", f"{share:.1%}"), data)

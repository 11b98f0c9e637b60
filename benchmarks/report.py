"""One page of what was measured, and the same as JSON."""

from __future__ import annotations

import json
import os
import platform
import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "twretweet",
    "aiohttp",
    "msgspec",
    "oauthlib",
    "uvloop",
    "httpx",
    "orjson",
    "tweepy",
    "xdk",
    "peony-twitter",
    "python-twitter-v2",
    "aiolimiter",
    "limits",
    "pyrate-limiter",
    "redis",
)


@dataclass(frozen=True, slots=True)
class Goal:
    """What was aimed at.

    Attributes:
        text: the goal in a few words.
        met: whether it was reached.
        must: it is about being correct, so that missing it fails the run; others are about speed.
        measured: what came out, for tables that show nothing else.
    """

    text: str
    met: bool
    must: bool = False
    measured: str = ""

    @property
    def verdict(self) -> str:
        return f"{'met   ' if self.met else 'MISSED'} ({self.text})"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its name, a cell per column, the numbers behind them, and the goal."""

    name: str
    cells: tuple[str, ...]
    data: dict[str, float] = field(default_factory=dict)
    goal: Goal | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """One table, and what is measured in it."""

    title: str
    what: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def broken(name: str, why: str = "broken", *, ours: bool) -> Row:
    """The row of one that could not be measured.

    Args:
        name: of the row.
        why: its only cell.
        ours: it is twretweet itself. A peer may break and the rest goes on; when ours does, what
            was aimed at is not shown at all, so the run fails.
    """
    return Row(name, (why,), {}, Goal("has to work", met=False, must=True) if ours else None)


def failed(sections: Sequence[Section]) -> bool:
    """Whether a goal was missed that is about being correct."""
    goals = [row.goal for section in sections for row in section.rows if row.goal is not None]
    return any(goal.must and not goal.met for goal in goals)


def page(sections: Sequence[Section]) -> str:
    """The tables as text."""
    return "\n\n".join([_headline(), *[_table(section) for section in sections]])


def as_json(sections: Sequence[Section], seconds: float) -> str:
    """The same for programs: with date, machine and versions."""
    return json.dumps(
        {
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": f"{platform.system()} {platform.machine()}",
            "cpu": machine(),
            "python": platform.python_version(),
            "versions": versions(),
            "seconds": round(seconds, 1),
            "sections": [asdict(section) for section in sections],
        },
        indent=1,
    )


def machine() -> str:
    """The processor and how many of its cores there are for us."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    models = [line.partition(":")[2].strip() for line in text.splitlines() if "model name" in line]
    model = models[0] if models else platform.machine()
    allowed = getattr(os, "sched_getaffinity", None)
    cores = len(allowed(0)) if allowed else os.cpu_count() or 1
    return f"{model}, {cores} core{'s' * (cores > 1)}"


def _headline() -> str:
    found = ", ".join(f"{name} {number}" for name, number in versions().items())
    return textwrap.fill(f"Python {platform.python_version()} on {machine()}; {found}", 100)


def versions() -> dict[str, str]:
    """What is installed of all that is compared."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def _table(section: Section) -> str:
    lines = [("", *section.columns, "goal")]
    for row in section.rows:
        cells = row.cells + ("",) * (len(section.columns) - len(row.cells))
        lines.append((row.name, *cells, row.goal.verdict if row.goal else ""))
    if not any(line[-1] for line in lines[1:]):
        lines = [line[:-1] for line in lines]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join(
        [
            f"== {section.title} ==",
            textwrap.fill(section.what, 100),
            "",
            *[_aligned(line, widths) for line in lines],
            *section.notes,
        ]
    )


def _aligned(line: Sequence[str], widths: Sequence[int]) -> str:
    last = len(line) - 1
    cells = [
        cell.ljust(width) if column in {0, last} else cell.rjust(width)
        for column, (cell, width) in enumerate(zip(line, widths, strict=True))
    ]
    return "  ".join(cells).rstrip()

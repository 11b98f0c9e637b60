"""The table in the README: what was aimed at, and what came out, written between two marks."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.report import Section, machine, versions

BEGIN = "<!-- benchmarks: begin -->"
END = "<!-- benchmarks: end -->"


class NoPlace(Exception):
    """There is no place for the table."""


def write(path: Path, sections: Sequence[Section]) -> None:
    """Put the table in the place of the one that is there.

    Raises:
        NoPlace: see :func:`around`.
    """
    before, after = around(path)
    path.write_text(
        f"{before}{BEGIN}\n{table(sections)}\n{END}{after}", encoding="utf-8", newline="\n"
    )


def around(path: Path) -> tuple[str, str]:
    """What stands before and after the place of the table.

    Raises:
        NoPlace: the file can't be read, or does not have both marks, each once.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NoPlace(f"{path.name} can't be read: {error}") from error
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        raise NoPlace(
            f"{path.name} has no place for the table: put the lines {BEGIN} and {END} there, once"
        )
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before, after


def table(sections: Sequence[Section]) -> str:
    """All goals that say what came out, in the order of the tables, and where that was."""
    lines = ["| measured | against, or of | goal | result | |", "|---|---|---|---|---|"]
    for section in sections:
        for row in section.rows:
            goal = row.goal
            if goal is not None and goal.measured:
                met = "" if goal.met else "missed"
                cells = (section.title, row.name, goal.text, goal.measured, met)
                lines.append(f"| {' | '.join(map(_cell, cells))} |")
    found = [f"{name} {number}" for name, number in versions().items() if number[:1].isdigit()]
    where = f"{datetime.now(UTC):%Y-%m-%d}, {machine()}, Python {platform.python_version()}"
    what = "Ratios are medians of at least three rounds; in brackets, the least and the most."
    return "\n".join([*lines, "", f"{where}; {', '.join(found)}. {what}"])


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|")

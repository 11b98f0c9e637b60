"""What `python -m benchmarks NAME --quick` prints, as a user runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Printed:
    """One run.

    Attributes:
        page: what it printed.
        numbers: what it kept with ``--json``.
        code: how it ended.
    """

    page: str
    numbers: dict[str, Any]
    code: int

    @property
    def rows(self) -> dict[str, dict[str, Any]]:
        """Every row of every table, by its name."""
        return {
            row["name"]: row for section in self.numbers["sections"] for row in section["rows"]
        }


def printed(name: str, folder: Path) -> Printed:
    """Run a benchmark in seconds; it must have nothing to complain of."""
    kept = folder / "numbers.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", name, "--quick", "--json", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert not done.stderr
    return Printed(done.stdout, json.loads(kept.read_text(encoding="utf-8")), done.returncode)

"""How much memory an export takes, by its length and its format.

The sandbox is a process of its own, and so is each export; what is compared is the most that the
export held, as Linux tells it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.report import Goal, Row, Section

_MOST = 1.2  # times the memory of the short one
_KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
_KINDS = ("jsonl", "csv", "parquet")
_WHAT = (
    "The most memory that `twretweet retweets --author public_metrics --fields created_at` held, "
    "100 to a page,\nagainst a sandbox whose windows last a second. Seconds include the waits for "
    "them: 75 pages each."
)
# In a process of its own: what it held before it became the export counts in no other way.
_PROGRAM = """
import sys
from twretweet.cli import main
code = main(sys.argv[1:])
for line in open("/proc/self/status"):
    if line.startswith("VmHWM"):
        print(line.split()[1])
sys.exit(code)
"""


class Failed(Exception):
    """An export failed."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One export.

    Attributes:
        megabytes: the most that it held.
        rows: how many it wrote.
        size: of the file, in bytes.
    """

    megabytes: float
    rows: int
    size: int


def run(quick: bool) -> list[Section]:
    """Measure short and long exports of each format."""
    short, long = (1_000, 10_000) if quick else (10_000, 1_000_000)
    rows: list[Row] = []
    for kind in _KINDS:
        with sandbox(short) as facts:
            one = export(facts, kind)
        with sandbox(long) as facts:
            other = export(facts, kind)
        rows.append(row(kind, one, other, judged=not quick))
    columns = (f"{short:,}: MB", f"{long:,}: MB", "ratio", "file, MB")
    return [Section("Memory of an export", _WHAT, columns, tuple(rows))]


def row(kind: str, one: Measured, other: Measured, *, judged: bool) -> Row:
    """A short and a long export side by side.

    Args:
        kind: the format of both.
        one: the short one.
        other: the long one.
        judged: whether the short one is long enough to be compared with: a thousand rows don't
            fill what is held at once, such as a row group of Parquet.
    """
    ratio = other.megabytes / one.megabytes
    return Row(
        kind,
        (
            f"{one.megabytes:.1f}",
            f"{other.megabytes:.1f}",
            f"{ratio:.2f}",
            f"{other.size / 1e6:,.0f}",
        ),
        {"short": one.megabytes, "long": other.megabytes, "ratio": ratio},
        Goal(f"at most {_MOST} times", ratio <= _MOST, must=True) if judged else None,
    )


@contextmanager
def sandbox(retweets: int, *options: str) -> Iterator[dict[str, str]]:
    """A sandbox in a process of its own, and what it says of itself."""
    words = ["sandbox", "--json", "--retweets", str(retweets), "--window-scale", "1e-6", *options]
    with subprocess.Popen(
        [sys.executable, "-m", "twretweet", *words], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        try:
            yield json.loads(server.stdout.readline())
        finally:
            server.terminate()


def export(facts: dict[str, str], kind: str) -> Measured:
    """Export all of a sandbox's retweets.

    Raises:
        Failed: it did not end well.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"rows.{kind}"
        words = ["retweets", facts["tweet_id"], "--out", str(file), "--fields", "created_at"]
        env = {
            "HOME": folder,
            "PATH": os.environ["PATH"],
            "TWRETWEET_BASE_URL": facts["url"],
            **{f"TWRETWEET_{name.upper()}": facts[name] for name in _KEYS},
        }
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM, *words, "--author", "public_metrics"],
            env=env,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Failed(done.stderr)
        place = json.loads(Path(f"{file}.checkpoint").read_text())
        return Measured(int(done.stdout) / 1024, place["rows"], file.stat().st_size)

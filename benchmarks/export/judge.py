"""What exports that were killed have left, and what was paid for it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from benchmarks.export.faults import Served
from twretweet.cli.export.parquet import journal_of
from twretweet.cli.export.place import beside


@dataclass(slots=True)
class Outcome:
    """What became of it.

    Attributes:
        kills: how often it was killed.
        complete: whether the file holds every retweet once, in order.
        pages: how many pages there were.
        again: how many pages were served again because of a kill.
        too_often: how many more than that.
        passed: how many pages a search for a lost place passed by.
        lost: how many replies the network lost.
        refused: how many requests came back with 429.
        troubled: how many came back with 503.
        searches: how often X had forgotten a page token.
        early: how many kills came before the first page.
        converting: how many came while a Parquet file was made of its journal.
        counted: what the export has counted, in micro-dollars.
        charged: what X has charged, in micro-dollars.
        excuse: how much more may have been counted, for replies that were lost.
        readable: how often the file was whole up to its checkpoint, after a kill.
        seconds: how long it took.
    """

    kills: int = 0
    complete: bool = False
    pages: int = 0
    again: int = 0
    too_often: int = 0
    passed: int = 0
    lost: int = 0
    refused: int = 0
    troubled: int = 0
    searches: int = 0
    early: int = 0
    converting: int = 0
    counted: int = 0
    charged: int = 0
    excuse: int = 0
    readable: int = 0
    seconds: float = 0.0

    @property
    def paid_once(self) -> bool:
        """Whether the export counted what X charged, and no more than there is an excuse for."""
        return self.charged <= self.counted <= self.charged + self.excuse


def count(runs: Sequence[Served], outcome: Outcome) -> None:
    """Tell apart what was served again because of a kill, and what has no excuse."""
    before: set[str] = set()
    for run in runs:
        lost = Counter(run.lost)
        pages = _once(run.pages, lost, outcome)
        again = before.intersection(pages)
        outcome.again += len(again)
        outcome.too_often += max(len(again) - 1, 0)
        before.update(pages)
        for search in run.searches:
            pages = _once(search, lost, outcome)
            passed = len(list(takewhile(before.__contains__, pages)))
            outcome.passed += passed
            # What lies behind the place that was searched was never served.
            outcome.too_often += sum(page in before for page in pages[passed:])
            before.update(pages)
        outcome.lost += run.lost.total()
        outcome.refused += run.refused
        outcome.troubled += run.troubled
        outcome.searches += len(run.searches)
    outcome.pages = len(before)


def _once(pages: Iterable[str], lost: Counter[str], outcome: Outcome) -> list[str]:
    """Each page once; on one way a page is asked for again only if its reply was lost."""
    met: dict[str, None] = {}
    for page in pages:
        if page in met and lost[page]:
            lost[page] -= 1
        elif page in met:
            outcome.too_often += 1
        met[page] = None
    return list(met)


def is_whole(file: Path, kind: str) -> bool:
    """Whether the rows up to the checkpoint are rows, as many as it says."""
    checkpoint = beside(file)
    if not checkpoint.exists():
        return True
    place = json.loads(checkpoint.read_text())
    written = journal_of(file) if kind == "parquet" else file
    if kind == "parquet" and not written.exists():  # it was killed when all was done
        return len(ids(file, kind)) == place["rows"]
    content = written.read_bytes()[: place["size"]]
    if kind == "csv":
        found = len(list(csv.reader(io.StringIO(content.decode(), newline="")))) - bool(content)
    else:
        found = len([json.loads(line) for line in content.split(b"\n")[:-1]])
    return len(content) == place["size"] and found == place["rows"]


def ids(file: Path, kind: str) -> list[str]:
    if kind == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415  # the other formats need none of it

        column: list[str] = pq.read_table(file, columns=["id"]).column("id").to_pylist()
        return column
    with file.open(encoding="utf-8", newline="") as content:
        if kind == "csv":
            return [row["id"] for row in csv.DictReader(content)]
        return [json.loads(line)["id"] for line in content]

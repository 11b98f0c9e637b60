"""What an import costs, each in a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

from benchmarks.report import Section
from benchmarks.rounds import Broken
from benchmarks.speed import table
from benchmarks.speed.field import Field, play
from benchmarks.speed.roster import Entry
from benchmarks.speed.table import Aim

_BASE = Entry("aiohttp, msgspec", "aiohttp, msgspec")
_OURS = Entry("twretweet", "twretweet", ours=True)
_ENTRIES = (
    Entry("aiohttp", "aiohttp"),
    _BASE,
    Entry("aiohttp, msgspec, anyio, oauthlib.oauth1", "aiohttp, msgspec, anyio, oauthlib.oauth1"),
    _OURS,
    Entry("httpx, orjson", "httpx, orjson"),
    Entry("tweepy async", "tweepy.asynchronous"),
    Entry("tweepy sync", "tweepy"),
    Entry("xdk", "xdk"),
    Entry("peony", "peony"),
    Entry("python-twitter-v2", "pytwitter"),
)
_CODE = """
import time
wall, cpu = time.perf_counter(), time.process_time()
import {what}
print(time.perf_counter() - wall, time.process_time() - cpu)
"""


def _import(entry: Entry) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-c", _CODE.format(what=entry.place)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode:
        raise Broken((done.stderr.strip().splitlines() or ["no word of why"])[-1])
    wall, cpu = map(float, done.stdout.split()[-2:])
    return {"seconds": wall, "cpu": cpu}


def imports(field: Field, *, quick: bool) -> Section:
    """Milliseconds, and ours against each."""
    rounds = 1 if quick else 11
    entries = field.players(_ENTRIES)
    answers = play(entries, _import, rounds)

    def cells(medians: dict[str, float]) -> tuple[str, ...]:
        return f"{medians['seconds'] * 1e3:.0f}", f"{medians['cpu'] * 1e3:.0f}"

    def own(entry: Entry) -> Entry | None:
        return None if entry is _OURS else _OURS

    def slowness(answer: dict[str, Any]) -> float:
        return float(answer["cpu"])

    return Section(
        "Importing",
        f"In a fresh interpreter. {answers.rounds} rounds; medians; ratios of CPU time.",
        ("ms", "CPU ms", "ours against it"),
        table.rows(
            answers,
            entries,
            number=slowness,
            cells=cells,
            ours=own,
            aims={_BASE.name: Aim(1.15, least=False)},
        ),
        table.notes(answers),
    )

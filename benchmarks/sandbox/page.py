"""All tables of `python -m benchmarks sandbox`."""

from __future__ import annotations

import asyncio
from statistics import median

from benchmarks.report import Goal, Row, Section
from benchmarks.rounds import elsewhere
from benchmarks.sandbox.load import HUNDRED, TEN, measure
from benchmarks.sandbox.serve import Served, served
from benchmarks.sandbox.storm import FAULTS, Outcome, Storm

_CONNECTIONS = 64
_MILLION = 1_000_000


def run(quick: bool) -> list[Section]:
    """Measure one thing after the other."""
    with served(100_000) as running:
        rates = _rates(running, quick)
    return [rates, _start(quick), _memory(quick), _storm(quick)]


def _rates(running: Served, quick: bool) -> Section:
    rows: list[Row] = []
    for name, query, requests, goal in (
        ("pages of 10", TEN, 8000, 2000),
        ("pages of 100 with authors", HUNDRED, 1500, 300),
    ):
        rounds = [
            asyncio.run(measure(running, query, requests // 20 if quick else requests))
            for _ in range(1 if quick else 3)
        ]
        rate, clock = (
            median(getattr(one, which) for one in rounds) for which in ("by_core", "by_clock")
        )
        rows.append(
            Row(
                name,
                (f"{rate:,.0f}", f"{clock:,.0f}", f"{rounds[0].size / 1000:.0f} KB"),
                {"by_core": rate, "by_clock": clock, "bytes": rounds[0].size},
                Goal(f"{goal:,} by processor time, or more", rate >= goal),
            )
        )
    return Section(
        "The sandbox: requests a second",
        "GET /2/tweets/:id/retweets over 8 connections, one core for the sandbox",
        ("by processor time", "by the clock", "body"),
        tuple(rows),
        (
            "The goals are of one core: what it answers in a second of its processor time.",
            "By the clock it also waits for who asks, and for what else the machine does.",
        ),
    )


def _start(quick: bool) -> Section:
    seconds: list[float] = []
    for _ in range(1 if quick else 5):
        with served(_MILLION) as running:
            seconds.append(running.start)
    took = median(seconds)
    return Section(
        "The sandbox: its start",
        "from Sandbox(retweets=1_000_000) to listening, after its imports",
        ("milliseconds",),
        (
            Row(
                "start",
                (f"{took * 1000:.1f}",),
                {"seconds": took},
                Goal("under 500 ms", took < 0.5),
            ),
        ),
    )


def _memory(quick: bool) -> Section:
    retweets = 20_000 if quick else _MILLION
    rows: list[Row] = []
    for kind, name in (("computed", "there from the start"), ("sent", "made one by one")):
        whole, more = elsewhere("benchmarks.sandbox.memory", kind, str(retweets))
        rows.append(
            Row(
                name,
                (f"{whole:.0f}", f"{more:.0f}"),
                {"megabytes": whole, "more": more},
                Goal("under 500 MB", whole < 500),
            )
        )
    return Section(
        f"The sandbox: memory of {retweets:,} retweets",
        "the process at its highest",
        ("MB", "of them for the retweets"),
        tuple(rows),
    )


def _storm(quick: bool) -> Section:
    requests = 1500 if quick else 100_000
    with served(500) as running:
        storm = Storm(running.url, requests=requests, connections=_CONNECTIONS)
        outcome: Outcome = asyncio.run(storm.run())
    statuses = outcome.statuses
    return Section(
        "The sandbox: a storm",
        f"{_CONNECTIONS} connections, {len(FAULTS)} kinds of faults, each on 2% of the requests",
        ("requests", "answered", "wrong counts"),
        (
            Row(
                "storm",
                (
                    f"{outcome.sent:,}",
                    f"{outcome.sent - statuses[0]:,}",
                    str(len(outcome.wrong)),
                ),
                {"sent": outcome.sent, "wrong": len(outcome.wrong)},
                Goal("nothing is counted wrong", not outcome.wrong, must=True),
            ),
        ),
        tuple(outcome.wrong[:10]),
    )

"""Prefetching against not, and a tweet that is watched for an hour.

The first is measured by the clock: every reply of the sandbox, a process of its own, comes late,
and the caller takes as long for each page as pages take to come: twice the pages a second are the
most that there is to gain. The second lives through its hour on a clock that jumps when everyone
waits, with the sandbox in the same process; nothing of it depends on the machine.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import twretweet as tw
from benchmarks.export.memory import sandbox
from benchmarks.report import Goal, Row, Section
from benchmarks.rounds import Samples
from twretweet.sandbox import Sandbox, VirtualClock

_LATE = 0.1  # seconds, of every reply
_PROBED = 15  # pages, to see how long they take to come
_MOST = 1.8
_PER_SECOND = 5.0
_WINDOW = 900
_SLOTS = 75


@dataclass(frozen=True, slots=True)
class Watched:
    """What came of an hour.

    Attributes:
        due: the retweets that were made meanwhile, oldest first.
        got: those that were handed out.
        asked: when each request came.
        refused: how many of them met a full window.
    """

    due: list[str]
    got: list[str]
    asked: list[float]
    refused: int


def run(quick: bool) -> list[Section]:
    """Both tables."""
    return [_prefetching(quick), _watching(quick)]


def _prefetching(quick: bool) -> Section:
    pages, rounds = (20, 1) if quick else (60, 5)
    aheads = {f"prefetch={ahead}": ahead for ahead in (0, 1, 2)}
    seen: dict[str, list[float]] = {name: [] for name in aheads}
    works: list[float] = []
    with sandbox(pages * 100, "--fault", f"latency:seconds={_LATE}") as facts:
        for _ in range(rounds):
            works.append(asyncio.run(_network(facts)))
            for name, ahead in aheads.items():
                seen[name].append(asyncio.run(_pages_a_second(facts, ahead, works[-1])))
    samples = Samples(seen, {})
    rows: list[Row] = []
    for name, speeds in seen.items():
        ratio = samples.ratio(name, "prefetch=0")
        assert ratio is not None
        goal = Goal(f"at least {_MOST} times", ratio.middle >= _MOST, measured=str(ratio))
        rows.append(
            Row(
                name,
                (f"{median(speeds):.1f}", str(ratio)),
                {"times": ratio.middle},
                None if name == "prefetch=0" else goal,
            )
        )
    what = (
        f"Each reply comes {_LATE * 1000:.0f} ms late, {median(works) * 1000:.0f} ms after it was "
        f"asked for; the caller takes as long for a page. {rounds} rounds of {pages} pages, "
        "counted from the first that is there; medians."
    )
    return Section("A caller as slow as the network", what, ("pages/s", "times"), tuple(rows))


async def _network(facts: dict[str, str]) -> float:
    """How long a page takes to come to a caller who does nothing else, in seconds."""
    async with tw.SessionManager(base_url=facts["url"]) as manager:
        session = manager.session(tw.AppOnly(facts["bearer_token"]))
        came = [
            time.perf_counter()
            async for _ in session.retweets(facts["tweet_id"], limit=100 * _PROBED).pages()
        ]
        return median(after - before for before, after in pairwise(came))


async def _pages_a_second(facts: dict[str, str], ahead: int, work: float) -> float:
    async with tw.SessionManager(base_url=facts["url"]) as manager:
        session = manager.session(tw.AppOnly(facts["bearer_token"]))
        pages, began = 0, 0.0
        async for _ in session.retweets(facts["tweet_id"], prefetch=ahead).pages():
            began = began or time.perf_counter()
            await asyncio.sleep(work)
            pages += 1
        return pages / (time.perf_counter() - began)


def _watching(quick: bool) -> Section:
    seconds = _WINDOW if quick else 4 * _WINDOW
    clock = VirtualClock()
    watched = clock.run(_watch, clock, seconds)
    due, got, refused = watched.due, watched.got, watched.refused
    missed, twice = len(set(due) - set(got)), len(got) - len(set(got))
    used = Counter(int(asked - watched.asked[0]) // _WINDOW for asked in watched.asked)
    least = min(used[number] for number in range(seconds // _WINDOW))
    right = not missed and not twice and not refused and got == due
    row = Row(
        f"{_PER_SECOND:g} retweets a second",
        (f"{len(due):,}", str(missed), str(twice), str(refused), f"{least} of {_SLOTS}"),
        {"due": len(due), "missed": missed, "twice": twice, "refused": refused, "used": least},
        Goal("each once, in order, no 429", right, must=True, measured=f"{len(got):,} of them"),
    )
    return Section(
        f"A tweet that is watched for {seconds // 60} simulated minutes",
        "Slots: requests in the window that saw the fewest.",
        ("due", "missed", "twice", "429s", "slots"),
        (row,),
    )


async def _watch(clock: VirtualClock, seconds: float) -> Watched:
    async with (
        Sandbox(retweets=150, clock=clock, retweets_per_second=_PER_SECOND) as x,
        tw.SessionManager(base_url=x.url, clock=clock) as manager,
    ):
        watch = manager.session(x.oauth1).watch_retweets(x.tweet_id)
        got = [(await anext(watch)).id]
        ends = clock.time() + seconds
        while clock.time() < ends:
            got.append((await anext(watch)).id)
        asked, refused = [seen.time for seen in x.requests], x.rejected
        walk = manager.session(x.app_only).retweets(x.tweet_id)
        there = [retweet.id async for retweet in walk]
        due = there[there.index(got[-1]) : there.index(got[0]) + 1]
        return Watched(due[::-1], got, asked, refused)

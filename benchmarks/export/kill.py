"""An export that is killed over and over: every row once, and no page paid for twice.

Each run is a process of its own, killed with SIGKILL at a random moment: when it has just opened
its file, while it waits for a page, while it writes one, while it notes that it did, or while it
makes a Parquet file of its journal. The next goes on with ``--resume``. Afterwards the file has to
hold every row once, in order; and of the pages that a run has asked for before it was killed, the
next may ask for one again: the one that was on its way. A reply that the network lost is asked for
again as well, whoever is killed; and when X has forgotten a page token, the pages up to that place
come once more, and none behind it. X charges for none of these a second time on the same day, and
the export must never have counted less than X did.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import tempfile
import time
import urllib.request
from collections.abc import Coroutine
from pathlib import Path

import msgspec

import twretweet as tw
from benchmarks.export.faults import Faults
from benchmarks.export.judge import Outcome, count, ids, is_whole
from benchmarks.export.victim import Noun, Trial, Victim
from benchmarks.report import Goal, Row, Section
from twretweet.cli.export.place import beside
from twretweet.sandbox import Fault, Sandbox
from twretweet.sandbox.admin import PREFIX
from twretweet.sandbox.quirks import Quirks

_SCALE = 1e-4  # windows as short as their headers can say: a second
_TRIALS: tuple[tuple[str, Noun, int, int], ...] = (
    ("jsonl", "retweets", 200, 0),
    ("csv", "retweeters", 100, 0),
    ("parquet", "retweets", 100, 20),
)
_QUIRKS = Quirks(short_pages=0.1, empty_pages=frozenset({2, 7}), latency=0.002)
_STARTING = 0.1  # the share of runs that are killed when they have opened their file
_FIRST_PAGE_SECONDS = 0.1  # what it takes from there to the first page, or a little more
_ENDPOINTS: dict[Noun, str] = {
    "retweets": "GET /2/tweets/:id/retweets",
    "retweeters": "GET /2/tweets/:id/retweeted_by",
}
_TROUBLE = (
    Fault("unavailable", probability=0.01),
    Fault("rate_limited", probability=0.01, seconds=1.0),
    Fault("expired_token", probability=0.01),
)
# What a row and a look at the tweet cost, in micro-dollars.
_ROW: dict[Noun, int] = {"retweets": 15_000, "retweeters": 10_000}
_LOOK = 5_000
_PAGE_SECONDS = 0.02  # no page takes longer, but for the faults of the network
_ROW_SECONDS = 25e-6  # no row takes longer to be put into a Parquet file
_WHAT = (
    "An export of {retweets:,} retweets, {size} to a page, killed with SIGKILL at random moments "
    "and resumed; early: before\nthe first page. The network is slow for 5 % of requests and "
    "breaks 2.5 % of connections; X answers 1 % each with 503,\nwith 429, and that it has "
    "forgotten the page token, so that the place is searched. Again: pages that were served\n"
    "again because of a kill, which may cost one each; passed: those that a search passed by; "
    "more: those that were served again without "
    "such an excuse. Lost:\nreplies that the network lost. Converting: kills while the Parquet "
    "file was made of its journal. Readable: kills after which the file "
    "was whole up to its checkpoint. Counted: what the\nexport counted, as a share of what X "
    "charged; what was lost it counts in full."
)


def run(quick: bool) -> list[Section]:
    """Kill exports of each format."""
    retweets, size = (1_000, 20) if quick else (20_000, 20)
    rows: list[Row] = []
    for seed, (kind, noun, kills, conversions) in enumerate(_TRIALS):
        number, times = (kills // 50, conversions // 10) if quick else (kills, conversions)
        # Some come while it is being killed, and all of them must not be enough.
        pages = max(retweets // size // number // 2, 1)
        trial = Trial(kind, number, retweets, size, pages, noun, times, seed)
        rows.append(_row(trial, asyncio.run(torment(trial))))
    columns = ("kills", "early", "converting", "pages", "again", "passed", "more", "lost")
    columns = (*columns, "429s", "503s", "searches", "readable", "counted", "seconds")
    what = _WHAT.format(retweets=retweets, size=size)
    return [Section("Exports that are killed", what, columns, tuple(rows))]


def _row(trial: Trial, outcome: Outcome) -> Row:
    return Row(
        f"{trial.noun}, {trial.kind}",
        (
            str(outcome.kills),
            str(outcome.early),
            str(outcome.converting),
            f"{outcome.pages:,}",
            str(outcome.again),
            f"{outcome.passed:,}",
            str(outcome.too_often),
            str(outcome.lost),
            str(outcome.refused),
            str(outcome.troubled),
            str(outcome.searches),
            f"{outcome.readable} of {outcome.kills + outcome.converting}",
            f"{outcome.counted / max(outcome.charged, 1):.1%}",
            f"{outcome.seconds:.0f}",
        ),
        {
            "kills": outcome.kills,
            "converting": outcome.converting,
            "pages": outcome.pages,
            "again": outcome.again,
            "passed": outcome.passed,
            "more": outcome.too_often,
            "lost": outcome.lost,
            "complete": outcome.complete,
            "counted": outcome.counted,
            "charged": outcome.charged,
        },
        Goal(
            "every row once, no page paid twice but the one in flight",
            outcome.complete
            and outcome.paid_once
            and not outcome.too_often
            and outcome.again <= outcome.kills == trial.kills
            and outcome.converting == trial.conversions
            and outcome.readable == outcome.kills + outcome.converting,
            must=True,
        ),
    )


async def torment(trial: Trial) -> Outcome:
    """Kill an export as often as ``trial`` says, let it end, and look at what it left."""
    chance, outcome = random.Random(trial.seed), Outcome()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        async with (
            Sandbox(retweets=trial.retweets, window_scale=_SCALE, quirks=_QUIRKS) as x,
            Faults(x.url, trial.seed) as network,
        ):
            victim = Victim(trial, x, network, Path(name))
            endpoint = _ENDPOINTS[trial.noun]
            for number, fault in enumerate(_TROUBLE):
                seed = trial.seed * 10 + number
                x.faults.add(msgspec.structs.replace(fault, endpoint=endpoint, seed=seed))
            await _while_it_walks(victim, chance, outcome)
            x.faults.clear()
            x.faults.add(Fault("expired_token", endpoint=endpoint, count=1))
            await _while_it_converts(victim, chance, outcome)
            code, said = await victim.to_the_end()
            assert code == 0, said
            outcome.charged = await _charged(x.url)
            outcome.counted = json.loads(beside(victim.file).read_text())["spent"]
            async with tw.SessionManager(base_url=x.url) as manager:
                session = manager.session(x.oauth2)
                if trial.noun == "retweets":
                    expected = [each.id for each in await session.retweets(x.tweet_id).collect()]
                else:
                    expected = [each.id for each in await session.retweeters(x.tweet_id).collect()]
        assert len(expected) == trial.retweets
        outcome.complete = ids(victim.file, trial.kind) == expected
        count(network.runs, outcome)
        lost = outcome.lost + sum(run.unsent for run in network.runs)
        kills = outcome.kills + outcome.converting
        outcome.excuse = lost * trial.page_size * _ROW[trial.noun] + (kills + lost) * _LOOK
    outcome.seconds = time.perf_counter() - began
    return outcome


async def _while_it_walks(victim: Victim, chance: random.Random, outcome: Outcome) -> None:
    trial, network = victim.trial, victim.network
    while outcome.kills < trial.kills:
        async with victim.alive() as process:
            moment = _moment(network, chance, trial.pages_a_run, process.pid, victim.written)
            if not await _before_it_ends(process, moment):
                if process.returncode == 0:
                    return
                continue  # X was in trouble for too long
            outcome.early += not network.runs[-1].count
        outcome.kills += 1
        outcome.readable += is_whole(victim.file, trial.kind)


async def _while_it_converts(victim: Victim, chance: random.Random, outcome: Outcome) -> None:
    """Kill it while it makes the Parquet file; where it gets through, take that back."""
    trial, kept = victim.trial, dict[Path, bytes]()
    while outcome.converting < trial.conversions:
        async with victim.alive() as process:
            later = chance.random() * trial.retweets * _ROW_SECONDS if kept else 0.0
            if not await _before_it_ends(process, _conversion(victim.file, later)):
                assert process.returncode == 0
        if not kept:  # the first one is killed at once, so it has not got through
            kept = {each: each.read_bytes() for each in (victim.written, beside(victim.file))}
        if process.returncode == 0:
            victim.file.unlink()
            for path, content in kept.items():
                path.write_bytes(content)
            continue
        outcome.converting += 1
        made = not victim.file.exists() or len(ids(victim.file, "parquet")) == trial.retweets
        outcome.readable += made and is_whole(victim.file, trial.kind)


async def _before_it_ends(
    process: asyncio.subprocess.Process, moment: Coroutine[object, object, None]
) -> bool:
    """Wait for a moment; whether it came before the process ended."""
    waiting, ended = asyncio.create_task(moment), asyncio.create_task(process.wait())
    await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    came = not ended.done()
    ended.cancel()
    return came


async def _moment(
    network: Faults, chance: random.Random, mean: int, pid: int, written: Path
) -> None:
    """Wait for a moment to kill: so many pages, and a part of the time that one takes."""
    if chance.random() < _STARTING:
        while not _has_open(pid, written):  # noqa: ASYNC110
            await asyncio.sleep(0.001)  # no event tells of another process
        await asyncio.sleep(chance.random() * _FIRST_PAGE_SECONDS)
        return
    await network.served(chance.randint(1, 2 * mean - 1))
    await asyncio.sleep(chance.random() * _PAGE_SECONDS)


async def _conversion(file: Path, later: float) -> None:
    """Wait until a Parquet file is made, at first as a draft beside it, and so many seconds."""
    while not list(file.parent.glob(f".{file.name}.????????.twretweet-draft")):  # noqa: ASYNC110
        await asyncio.sleep(0.001)  # no event tells of another process
    await asyncio.sleep(later)


def _has_open(pid: int, file: Path) -> bool:
    """Whether a process has opened a file, as Linux tells it."""
    with contextlib.suppress(OSError):
        return any(each.readlink() == file for each in Path(f"/proc/{pid}/fd").iterdir())
    return False


async def _charged(url: str) -> int:
    """What X has charged for everything, in micro-dollars."""

    def ask() -> float:
        with urllib.request.urlopen(f"{url}{PREFIX}state") as reply:  # noqa: S310
            cost: float = json.load(reply)["totals"]["cost"]
            return cost

    return round(await asyncio.to_thread(ask) * 1_000_000)

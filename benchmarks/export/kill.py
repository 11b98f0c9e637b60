"""An export that is killed over and over: every retweet once, and no page paid for twice.

Each run is a process of its own, killed with SIGKILL at a random moment: when it has just opened
its file, while it waits for a page, while it writes one, or while it notes that it did. The next
goes on with ``--resume``. Afterwards the file has to hold every retweet once, in order; and of the
pages that a run has asked for before it was killed, the next may ask for one again: the one that
was on its way. A reply that the network lost is asked for again as well, whoever is killed; and
when X has forgotten a page token, the pages before it come again. X charges for none of these a
second time on the same day, and the export must never have counted less than X did.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import io
import json
import random
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

import twretweet as tw
from benchmarks.export.faults import Faults, Served
from benchmarks.report import Goal, Row, Section
from twretweet.cli.export.parquet import journal_of
from twretweet.cli.export.place import beside
from twretweet.sandbox import Fault, Sandbox
from twretweet.sandbox.admin import PREFIX
from twretweet.sandbox.quirks import Quirks

_SCALE = 1e-4  # windows as short as their headers can say: a second
_KILLS = {"jsonl": 200, "csv": 100, "parquet": 100}
_QUIRKS = Quirks(short_pages=0.1, empty_pages=frozenset({2, 7}), latency=0.002)
_STARTING = 0.1  # the share of runs that are killed when they have opened their file
_FIRST_PAGE_SECONDS = 0.1  # what it takes from there to the first page, or a little more
_ENDPOINT = "GET /2/tweets/:id/retweets"
_TROUBLE = (
    Fault("unavailable", endpoint=_ENDPOINT, probability=0.01),
    Fault("rate_limited", endpoint=_ENDPOINT, probability=0.01, seconds=1.0),
    Fault("expired_token", endpoint=_ENDPOINT, probability=0.01),
)
_PAGE, _LOOK = 15_000, 5_000  # what a row and a look at the tweet cost, in micro-dollars
_PAGE_SECONDS = 0.02  # no page takes longer, but for the faults of the network
_TIMEOUT = 120.0
_WHAT = (
    "An export of {retweets:,} retweets, {size} to a page, killed with SIGKILL at random moments "
    "and resumed; early: before\nthe first page. The network is slow for 5 % of requests and "
    "breaks 2.5 % of connections; X answers 1 % each with 503,\nwith 429, and that it has "
    "forgotten the page token, so that the place is searched. Again: pages that were served\n"
    "again because of a kill, which may cost one each; more: those that were served again without "
    "such an excuse. Lost:\nreplies that the network lost. Readable: kills after which the file "
    "was whole up to its checkpoint. Counted: what the\nexport counted, as a share of what X "
    "charged; what was lost it counts in full."
)


@dataclass(frozen=True, slots=True)
class Trial:
    """What to do.

    Args:
        kind: the format of the file.
        kills: how often.
        retweets: how many there are.
        page_size: how many are asked for at once.
        pages_a_run: how many pages come between two kills, on average.
        seed: of the faults and the moments.
    """

    kind: str
    kills: int
    retweets: int
    page_size: int
    pages_a_run: int
    seed: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of it.

    Attributes:
        kills: how often it was killed.
        complete: whether the file holds every retweet once, in order.
        pages: how many pages there were.
        again: how many pages were served again because of a kill.
        too_often: how many more than that.
        lost: how many replies the network lost.
        refused: how many requests came back with 429.
        troubled: how many came back with 503.
        searches: how often X had forgotten a page token.
        early: how many kills came before the first page.
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
    lost: int = 0
    refused: int = 0
    troubled: int = 0
    searches: int = 0
    early: int = 0
    counted: int = 0
    charged: int = 0
    excuse: int = 0
    readable: int = 0
    seconds: float = 0.0

    @property
    def paid_once(self) -> bool:
        """Whether the export counted what X charged, and no more than there is an excuse for."""
        return self.charged <= self.counted <= self.charged + self.excuse


def run(quick: bool) -> list[Section]:
    """Kill exports of each format."""
    retweets, size = (1_000, 20) if quick else (20_000, 20)
    kills = {"jsonl": 4, "csv": 2, "parquet": 2} if quick else _KILLS
    rows: list[Row] = []
    for seed, (kind, number) in enumerate(kills.items()):
        # Some come while it is being killed, and all of them must not be enough.
        pages = max(retweets // size // number // 2, 1)
        outcome = asyncio.run(torment(Trial(kind, number, retweets, size, pages, seed)))
        rows.append(_row(kind, outcome, number))
    columns = ("kills", "early", "pages", "again", "more", "lost", "429s", "503s", "searches")
    columns = (*columns, "readable", "counted", "seconds")
    what = _WHAT.format(retweets=retweets, size=size)
    return [Section("Exports that are killed", what, columns, tuple(rows))]


def _row(kind: str, outcome: Outcome, kills: int) -> Row:
    return Row(
        kind,
        (
            str(outcome.kills),
            str(outcome.early),
            f"{outcome.pages:,}",
            str(outcome.again),
            str(outcome.too_often),
            str(outcome.lost),
            str(outcome.refused),
            str(outcome.troubled),
            str(outcome.searches),
            f"{outcome.readable} of {outcome.kills}",
            f"{outcome.counted / max(outcome.charged, 1):.1%}",
            f"{outcome.seconds:.0f}",
        ),
        {
            "kills": outcome.kills,
            "pages": outcome.pages,
            "again": outcome.again,
            "more": outcome.too_often,
            "lost": outcome.lost,
            "complete": outcome.complete,
            "counted": outcome.counted,
            "charged": outcome.charged,
        },
        Goal(
            "every retweet once, no page paid twice but the one in flight",
            outcome.complete
            and outcome.paid_once
            and not outcome.too_often
            and outcome.again <= outcome.kills == outcome.readable == kills,
            must=True,
        ),
    )


async def torment(trial: Trial) -> Outcome:
    """Kill an export as often as ``trial`` says, let it end, and look at what it left."""
    chance, outcome = random.Random(trial.seed), Outcome()
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with (
            Sandbox(retweets=trial.retweets, window_scale=_SCALE, quirks=_QUIRKS) as x,
            Faults(x.url, trial.seed) as network,
        ):
            file = folder / f"rows.{trial.kind}"
            written = journal_of(file) if trial.kind == "parquet" else file
            command = _command(trial, x.tweet_id, file)
            env = _environment(x, network.url, folder)
            for number, fault in enumerate(_TROUBLE):
                x.faults.add(msgspec.structs.replace(fault, seed=trial.seed * 10 + number))
            while outcome.kills < trial.kills:
                spawned = await asyncio.create_subprocess_exec(
                    *command, env=env, stderr=asyncio.subprocess.DEVNULL
                )
                moment = asyncio.create_task(
                    _moment(network, chance, trial.pages_a_run, spawned.pid, written)
                )
                ended = asyncio.create_task(spawned.wait())
                await asyncio.wait({moment, ended}, return_when=asyncio.FIRST_COMPLETED)
                moment.cancel()
                if ended.done():
                    if spawned.returncode == 0:
                        break
                    await network.next_run()
                    continue  # X was in trouble for too long
                outcome.early += not network.runs[-1].pages
                spawned.kill()
                await ended
                await network.next_run()
                outcome.kills += 1
                outcome.readable += _is_whole(file, trial.kind)
            x.faults.clear()
            x.faults.add(Fault("expired_token", endpoint=_ENDPOINT, count=1))
            last = await asyncio.create_subprocess_exec(
                *command, env=env, stderr=asyncio.subprocess.PIPE
            )
            _, said = await asyncio.wait_for(last.communicate(), _TIMEOUT)
            assert last.returncode == 0, said.decode()
            await network.next_run()
            outcome.charged = await _charged(x.url)
            outcome.counted = json.loads(beside(file).read_text())["spent"]
            async with tw.SessionManager(base_url=x.url) as manager:
                expected = [
                    retweet.id async for retweet in manager.session(x.oauth2).retweets(x.tweet_id)
                ]
        assert len(expected) == trial.retweets
        outcome.complete = _ids(file, trial.kind) == expected
        _count(network.runs, outcome)
        lost = outcome.lost + sum(run.unsent for run in network.runs)
        outcome.excuse = lost * trial.page_size * _PAGE + (outcome.kills + lost) * _LOOK
    outcome.seconds = time.perf_counter() - began
    return outcome


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


def _command(trial: Trial, tweet: str, file: Path) -> list[str]:
    words = ["retweets", tweet, "--out", str(file), "--resume", "--fields", "created_at"]
    size = ["--author", "public_metrics", "--max-results", str(trial.page_size)]
    return [sys.executable, "-m", "twretweet", *words, *size]


def _environment(x: Sandbox, url: str, home: Path) -> dict[str, str]:
    keys = x.oauth1
    return {
        "HOME": str(home),
        "TWRETWEET_BASE_URL": url,
        "TWRETWEET_CONSUMER_KEY": keys.consumer_key,
        "TWRETWEET_CONSUMER_SECRET": keys.consumer_secret,
        "TWRETWEET_ACCESS_TOKEN": keys.access_token,
        "TWRETWEET_ACCESS_TOKEN_SECRET": keys.access_token_secret,
    }


def _count(runs: Sequence[Served], outcome: Outcome) -> None:
    """Tell apart what was served again because of a kill, and what has no excuse."""
    before: set[str] = set()
    for run in runs:
        served = Counter(run.pages)
        for page, times in served.items():
            # In one run, a page is asked for again only if its reply was lost.
            outcome.too_often += max(times - 1 - run.lost[page], 0)
        again = served.keys() & before
        outcome.again += len(again)
        outcome.too_often += max(len(again) - 1, 0)
        before |= served.keys()
        outcome.lost += run.lost.total()
        outcome.refused += run.refused
        outcome.troubled += run.troubled
        outcome.searches += run.searched is not None
        before |= run.searched or set()
    outcome.pages = len(before)


def _is_whole(file: Path, kind: str) -> bool:
    """Whether the rows up to the checkpoint are rows, as many as it says."""
    checkpoint = beside(file)
    if not checkpoint.exists():
        return True
    place = json.loads(checkpoint.read_text())
    written = journal_of(file) if kind == "parquet" else file
    content = written.read_bytes()[: place["size"]]
    if kind == "csv":
        found = len(list(csv.reader(io.StringIO(content.decode(), newline="")))) - bool(content)
    else:
        found = len([json.loads(line) for line in content.split(b"\n")[:-1]])
    return len(content) == place["size"] and found == place["rows"]


def _ids(file: Path, kind: str) -> list[str]:
    if kind == "parquet":
        import pyarrow.parquet as pq  # noqa: PLC0415  # the other formats need none of it

        column: list[str] = pq.read_table(file, columns=["id"]).column("id").to_pylist()
        return column
    with file.open(encoding="utf-8", newline="") as content:
        if kind == "csv":
            return [row["id"] for row in csv.DictReader(content)]
        return [json.loads(line)["id"] for line in content]

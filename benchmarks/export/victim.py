"""An export as a process that can be killed."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from benchmarks.export.faults import Faults
from twretweet.cli.export.parquet import journal_of
from twretweet.sandbox import Sandbox

Noun: TypeAlias = Literal["retweets", "retweeters"]

_ASKED: dict[Noun, tuple[str, ...]] = {
    "retweets": ("--fields", "created_at", "--author", "public_metrics"),
    "retweeters": ("--fields", "created_at,public_metrics"),
}
_TIMEOUT = 120.0


@dataclass(frozen=True, slots=True)
class Trial:
    """What to do.

    Args:
        kind: the format of the file.
        kills: how often.
        retweets: how many there are.
        page_size: how many are asked for at once.
        pages_a_run: how many pages come between two kills, on average.
        noun: of what.
        conversions: how often it is killed besides while it makes the Parquet file, which it does
            when all rows are there.
        seed: of the faults and the moments.
    """

    kind: str
    kills: int
    retweets: int
    page_size: int
    pages_a_run: int
    noun: Noun = "retweets"
    conversions: int = 0
    seed: int = 0


class Victim:
    """An export, run after run.

    Args:
        trial: what it exports.
        x: from where.
        network: what lies in between.
        folder: where its file is to be, and its home.
    """

    def __init__(self, trial: Trial, x: Sandbox, network: Faults, folder: Path) -> None:
        self.trial = trial
        self.network = network
        self.file = folder / f"rows.{trial.kind}"
        self.written = journal_of(self.file) if trial.kind == "parquet" else self.file
        words = [trial.noun, x.tweet_id, "--out", str(self.file), "--resume"]
        size = ["--max-results", str(trial.page_size)]
        self._command = [sys.executable, "-m", "twretweet", *words, *_ASKED[trial.noun], *size]
        keys = x.oauth1
        self._env = {
            "HOME": str(folder),
            "TWRETWEET_BASE_URL": network.url,
            "TWRETWEET_CONSUMER_KEY": keys.consumer_key,
            "TWRETWEET_CONSUMER_SECRET": keys.consumer_secret,
            "TWRETWEET_ACCESS_TOKEN": keys.access_token,
            "TWRETWEET_ACCESS_TOKEN_SECRET": keys.access_token_secret,
        }

    @asynccontextmanager
    async def alive(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """A run, which is killed at the end of the block if it has not ended by itself."""
        process = await asyncio.create_subprocess_exec(
            *self._command, env=self._env, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
            await self.network.next_run()

    async def to_the_end(self) -> tuple[int | None, str]:
        """A run that is left alone; its exit code, and what it said."""
        process = await asyncio.create_subprocess_exec(
            *self._command, env=self._env, stderr=asyncio.subprocess.PIPE
        )
        _, said = await asyncio.wait_for(process.communicate(), _TIMEOUT)
        await self.network.next_run()
        return process.returncode, said.decode()

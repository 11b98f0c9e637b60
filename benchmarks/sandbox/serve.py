"""A sandbox in a process of its own. ``python -m benchmarks.sandbox.serve RETWEETS``.

Prints a line of JSON: its address, the seconds its start took after the imports, and the bearer
tokens of as many accounts as are needed to ask without a pause; a window, however short, lasts
until the next whole second.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from twretweet.sandbox import Sandbox

_ACCOUNTS = 400
_SHORTEST = 1e-9


@dataclass(frozen=True, slots=True)
class Served:
    """A sandbox that runs.

    Attributes:
        url: its address.
        tweet_id: a tweet.
        tokens: bearer tokens.
        start: seconds from being made to listening.
        pid: of its process.
    """

    url: str
    tweet_id: str
    tokens: tuple[str, ...]
    start: float
    pid: int

    @property
    def cpu(self) -> float:
        """Seconds of the processor that it has used."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rpartition(")")[2]
        ticks = fields.split()
        return (int(ticks[11]) + int(ticks[12])) / 100


@contextmanager
def served(retweets: int) -> Generator[Served, None, None]:
    """Run one for a while."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sandbox.serve", str(retweets)],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        try:
            yield Served(**{**told, "tokens": tuple(told["tokens"])}, pid=process.pid)
        finally:
            process.terminate()


async def _serve(retweets: int) -> None:
    before = time.perf_counter()
    async with Sandbox(retweets=retweets, window_scale=_SHORTEST) as sandbox:
        start = time.perf_counter() - before
        accounts = [sandbox.new_account() for _ in range(_ACCOUNTS)]
        told = {
            "url": sandbox.url,
            "tweet_id": sandbox.tweet_id,
            "tokens": [account.oauth2.access_token for account in accounts],
            "start": start,
        }
        print(json.dumps(told), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))

"""An export on virtual time, against a sandbox or a server that says what it is told."""

from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.cli.environment import Connection
from twretweet.cli.export.columns import columns
from twretweet.cli.export.job import Job, look, walk
from twretweet.cli.export.opening import open_output
from twretweet.cli.export.options import How
from twretweet.cli.export.told import Told
from twretweet.protocol import endpoints

QUERY = tw.TweetQuery().fields("created_at").author("public_metrics")


class Scene:
    """Runs exports of one tweet, one after the other.

    Attributes:
        told: of the last run.
    """

    def __init__(
        self, url: str, keys: tw.OAuth1 | tw.AppOnly, tweet: str, folder: Path, clock: LoopClock
    ) -> None:
        self.url = url
        self._keys = keys
        self.tweet = tweet
        self._folder = folder
        self._clock = clock
        self._limiter = tw.MemoryLimiter(clock=clock)
        self.told: Told

    def job(
        self,
        query: tw.TweetQuery = QUERY,
        tweet: str | None = None,
        noun: str = "retweets",
        **how: Any,
    ) -> Job:
        how = How(**{"out": str(self._folder / "rows.jsonl"), "resume": True, **how})
        target = tweet or self.tweet

        def begin(session, point):
            return session.retweets(
                target, query, max_results=how.max_results, limit=how.limit, resume=point
            )

        return Job(noun, endpoints.RETWEETS, target, query, how, begin)

    async def run(self, query: tw.TweetQuery = QUERY, **how: Any) -> Told:
        """Run once; raises what the export raises."""
        job = self.job(query, **how)
        told = self.told = Told(job.noun, job.how)
        with open_output(look(job), columns(query)) as output:
            await walk(
                job, output, told, connect=self._connect, watch=_unwatched, clock=self._clock
            )
        return told

    @asynccontextmanager
    async def _connect(self, *, max_wait, account, budget, on_event):
        del account  # the keys are at hand
        async with tw.SessionManager(
            base_url=self.url,
            limiter=self._limiter,
            max_wait=max_wait,
            budget=budget,
            on_event=on_event,
            clock=self._clock,
            retry=tw.RetryPolicy(attempts=2, base_delay=0.1),
        ) as manager:
            session = manager.session(self._keys)
            yield Connection(session, self._limiter, self._folder / "limits.json")


async def _unwatched(work, *_: object) -> None:
    """Nobody looks: ten times a second of virtual hours would be real minutes."""
    await work()

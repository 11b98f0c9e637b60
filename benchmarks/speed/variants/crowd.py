"""Ours with many accounts in one manager, and with long walks beside short ones; everything on.

No page is fetched twice, so that a budget has to count each of its ids.
"""

from __future__ import annotations

import random
import time
from types import TracebackType
from typing import Self

import twretweet as tw
from benchmarks.speed.data import TWEET_FIELDS, USER_FIELDS, tweet
from benchmarks.speed.variant import CONSUMER_KEY, CONSUMER_SECRET, Crowd
from benchmarks.speed.variants.ours import MUCH, everything_on
from twretweet.walk import Walk

_SHORT = 10


class Busy(Crowd):
    """Accounts that have all acted, and act on."""

    async def __aenter__(self) -> Self:
        self.budget = tw.Budget(usd=MUCH)
        self.manager = await everything_on(self.url, self.budget).open()
        self.query = tw.TweetQuery().fields(*TWEET_FIELDS).author(*USER_FIELDS)
        self.sessions = [
            self.manager.session(
                tw.OAuth1(CONSUMER_KEY, CONSUMER_SECRET, f"{10**18 + each}-token", "secret")
            )
            for each in range(self.accounts)
        ]
        self.fetched = 0
        for session in self.sessions:  # each has used its window once
            await session.retweets(1, max_results=1).collect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.manager.aclose()

    async def pages_of_all(self, number: int) -> float:
        """CPU time for a page, asked for by one account after the other."""
        chance = random.Random(number)
        chosen = chance.choices(self.sessions, k=number)
        began = time.process_time()
        for session in chosen:
            async for retweet in session.retweets(self._unseen(1), self.query):
                author = retweet.author
                assert author
        return (time.process_time() - began) / number

    async def long_and_short(self, number: int, steps: int) -> list[list[float]]:
        """CPU time for a page of one long walk, and of walks of ten pages.

        They take turns at ten pages: a machine may well be slow for as long as a step takes.
        """
        session, measured = self.sessions[0], []
        long = session.retweets(self._unseen(number), self.query)
        turns = number // steps // _SHORT
        for _ in range(steps):
            cpu = [0.0, 0.0]
            for _ in range(turns):
                began = time.process_time()
                await _on(long, _SHORT)
                half = time.process_time()
                await _on(session.retweets(self._unseen(_SHORT), self.query), _SHORT)
                cpu[0] += half - began
                cpu[1] += time.process_time() - half
            measured.append([each / (turns * _SHORT) for each in cpu])
        return measured

    def _unseen(self, pages: int) -> int:
        """A tweet whose retweets are so many pages that were not fetched yet."""
        self.fetched += pages
        return tweet(pages, after=self.fetched - pages)


async def _on(walk: Walk[tw.Tweet], pages: int) -> None:
    """Walk so many pages further."""
    for _ in range(pages * 100):
        retweet = await anext(walk)
        assert retweet.author

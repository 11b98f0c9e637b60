"""How many requests a second a sandbox answers, on one core.

It has a process of its own, and what counts is the time of the processor that this process used:
who asks runs on another core, and other work on the machine changes nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from dataclasses import dataclass

from benchmarks.sandbox.serve import Served
from benchmarks.sandbox.wire import Wire, request

_CONNECTIONS = 8
_AUTHORS = "&expansions=author_id&user.fields=created_at,description,public_metrics,verified"
_FIELDS = "&tweet.fields=created_at,public_metrics"
TEN = "max_results=10"
HUNDRED = f"max_results=100{_AUTHORS}{_FIELDS}"


@dataclass(frozen=True, slots=True)
class Rate:
    """What was measured.

    Attributes:
        by_core: requests in a second of the sandbox's processor time.
        by_clock: requests in a second.
        size: bytes of a reply's body.
    """

    by_core: float
    by_clock: float
    size: int


async def measure(served: Served, query: str, requests: int) -> Rate:
    """Ask for pages of the tweet's retweets."""
    url = f"{served.url}/2/tweets/{served.tweet_id}/retweets?{query}"
    asked = itertools.cycle([request("GET", url, token) for token in served.tokens])
    numbers = iter(range(requests))
    sizes: set[int] = set()

    async def ask() -> None:
        async with Wire(served.url) as wire:
            for _ in numbers:
                reply = await wire.ask(next(asked))
                assert reply is not None
                assert reply.status == 200, reply
                sizes.add(len(reply.body or b""))

    cpu, clock = served.cpu, time.perf_counter()
    await asyncio.gather(*(ask() for _ in range(_CONNECTIONS)))
    cpu, clock = served.cpu - cpu, time.perf_counter() - clock
    return Rate(requests / max(cpu, 0.01), requests / clock, max(sizes))

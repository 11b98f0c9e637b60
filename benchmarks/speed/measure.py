"""What a worker measures: each job opens the variant, warms it up, measures, and closes it."""

from __future__ import annotations

import asyncio
import gc
import resource
import time
import tracemalloc
from collections.abc import Callable, Coroutine
from typing import Any

from oauthlib import oauth1

from benchmarks.speed import data
from benchmarks.speed.stacks import Stacks
from benchmarks.speed.variant import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PARAMS,
    USER_ID,
    Crowd,
    Digest,
    Variant,
    touch,
)

Job = dict[str, Any]
Answer = dict[str, Any]
_WARM_UP = 2


class _Watch:
    """Wall and CPU time since it was made."""

    def __init__(self) -> None:
        self._cpu = time.process_time()
        self._wall = time.perf_counter()

    def read(self, times: int) -> Answer:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"seconds": wall / times, "cpu": cpu / times}


class Measurer:
    """Measures one variant.

    Args:
        kind: its class.
    """

    def __init__(self, kind: type[Variant]) -> None:
        self._kind = kind
        self._crowd: tuple[asyncio.Runner, Crowd] | None = None

    def measure(self, job: Job) -> Answer:
        """Do one job."""
        do = job["do"]
        if do in _ALONE:
            return _ALONE[do](self._kind(job["url"]), job)
        if do in _CROWD:
            return self._with_crowd(_CROWD[do], job)
        with asyncio.Runner(loop_factory=_loop_factory(job)) as runner:
            return runner.run(_CONNECTED[do](self._kind(job["url"]), job))

    def _with_crowd(
        self, do: Callable[[Crowd, Job], Coroutine[object, object, Answer]], job: Job
    ) -> Answer:
        """A crowd takes long to gather, so it stays together between its jobs."""
        if self._crowd is None:
            runner = asyncio.Runner(loop_factory=_loop_factory(job))
            variant = self._kind(job["url"])
            assert isinstance(variant, Crowd)
            variant.accounts = job["accounts"]
            runner.run(variant.__aenter__())
            self._crowd = runner, variant
        runner, variant = self._crowd
        return runner.run(do(variant, job))


def _loop_factory(job: Job) -> Callable[[], asyncio.AbstractEventLoop] | None:
    if not job.get("uvloop"):
        return None
    import uvloop  # noqa: PLC0415  it is asked for, and may be missing

    factory: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    return factory


async def _check(variant: Variant, job: Job) -> Answer:
    """What it reads; the same code as is measured."""
    digest = Digest()
    async with variant:
        await variant.walk(job["pages"], digest.take)
    return {"digest": str(digest)}


async def _walk(variant: Variant, job: Job) -> Answer:
    async with variant:
        await variant.walk(_WARM_UP, touch)
        watch = _Watch()
        await variant.walk(job["pages"], touch)
        return watch.read(job["pages"])


async def _hold(variant: Variant, job: Job) -> Answer:
    """Only in a fresh process: the peak of memory is that of its whole life."""
    async with variant:
        await variant.walk(_WARM_UP, touch)
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        watch = _Watch()
        held = await variant.hold(job["pages"], touch)
        answer = watch.read(job["pages"])
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        digest = Digest()
        variant.look_back(held, digest.take)
    return answer | {"bytes": (after - before) * 1024, "digest": str(digest)}


async def _write(variant: Variant, job: Job) -> Answer:
    async with variant:
        await _writes(variant, 2 * job["at_once"], job["at_once"])  # opens the connections
        watch = _Watch()
        done = await _writes(variant, job["count"], job["at_once"])
        left = job["count"] - done
        return watch.read(job["count"]) | {"digest": f"{left} not retweeted"}


async def _writes(variant: Variant, count: int, at_once: int) -> int:
    """Write, so many at a time; how many tweets are retweeted now."""
    done, tweets = 0, iter(range(1, count + 1))

    async def some() -> None:
        nonlocal done
        for tweet in tweets:
            if await variant.write(tweet):
                done += 1

    await asyncio.gather(*[some() for _ in range(at_once)])
    return done


async def _profile(variant: Variant, job: Job) -> Answer:
    async with variant:
        await variant.walk(_WARM_UP, touch)
        watch = _Watch()
        with Stacks() as stacks:
            if job["what"] == "page":
                await variant.walk(job["times"], touch)
            else:
                await _writes(variant, job["times"], 50)
        return watch.read(job["times"]) | {"layers": stacks.layers, "ours": stacks.ours}


def _decode(variant: Variant, job: Job) -> Answer:
    [page] = data.pages(1)
    if job.get("vocabulary") == "post":
        page = data.in_post_vocabulary(page)
    body, digest = b"".join(page.body("7140dibdnow9c7btw000000001")), Digest()
    variant.look(variant.decode(body), digest.take)
    watch = _Watch()
    for _ in range(job["times"]):
        variant.decode(body)
    return watch.read(job["times"]) | {"digest": str(digest)}


def _sign(variant: Variant, job: Job) -> Answer:
    method, times = job["method"], job["times"]
    if method == "GET":
        path = "https://api.x.com/2/tweets/1228393702244134912/retweets"
        params = PARAMS | {"pagination_token": "7140dibdnow9c7btw000000001"}
    else:
        path, params = f"{job['url']}/2/users/{USER_ID}/retweets", {}
    sign = variant.signer(method, path, params)
    right = _is_right(sign(), method, path, params)
    watch = _Watch()
    for _ in range(times):
        sign()
    return watch.read(times) | {"digest": "right" if right else "wrong"}


def _is_right(header: str, method: str, path: str, params: dict[str, str]) -> bool:
    """Whether oauthlib, given the nonce and the time of a header, makes the same signature."""
    fields = _fields(header)
    client = oauth1.Client(
        CONSUMER_KEY,
        CONSUMER_SECRET,
        ACCESS_TOKEN,
        ACCESS_SECRET,
        nonce=fields["oauth_nonce"],
        timestamp=fields["oauth_timestamp"],
    )
    query = "&".join(f"{name}={value.replace(',', '%2C')}" for name, value in params.items())
    signed = client.sign(f"{path}?{query}" if query else path, method)[1]["Authorization"]
    return fields == _fields(signed)


def _fields(header: str) -> dict[str, str]:
    parts = [part.partition("=") for part in header.removeprefix("OAuth ").split(", ")]
    return {name: value.strip('"') for name, _, value in parts}


async def _pages_of_all(crowd: Crowd, job: Job) -> Answer:
    return {"cpu": await crowd.pages_of_all(job["pages"])}


async def _long_and_short(crowd: Crowd, job: Job) -> Answer:
    return {"steps": await crowd.long_and_short(job["pages"], job["steps"])}


def _accounts(variant: Variant, job: Job) -> Answer:
    """Bytes for what a program keeps for each account."""
    variant.account(0)
    tracemalloc.start()
    gc.collect()
    before = tracemalloc.get_traced_memory()[0]
    kept = [variant.account(number + 1) for number in range(job["count"])]
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"bytes": (after - before) / len(kept)}


_CONNECTED: dict[str, Callable[[Variant, Job], Coroutine[object, object, Answer]]] = {
    "check": _check,
    "walk": _walk,
    "hold": _hold,
    "write": _write,
    "profile": _profile,
}
_CROWD: dict[str, Callable[[Crowd, Job], Coroutine[object, object, Answer]]] = {
    "pages of all": _pages_of_all,
    "long and short": _long_and_short,
}
_ALONE: dict[str, Callable[[Variant, Job], Answer]] = {
    "decode": _decode,
    "sign": _sign,
    "accounts": _accounts,
}

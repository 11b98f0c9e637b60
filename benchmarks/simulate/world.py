"""Processes with real limiters, the accounts they act for, strangers, and X."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine

from benchmarks.simulate.loop import LoopClock
from benchmarks.simulate.network import Network
from benchmarks.simulate.tally import Line, Tally
from benchmarks.simulate.x import Rule
from twretweet.limits import Bucket, MemoryLimiter, WindowSpec

DAY = 86_400.0
SKEW = 600.0  # a machine's clock is wrong by this many seconds at the most
RATE = 5e-5  # and too fast or slow by this share of the time


class World:
    """All there is in one simulation.

    Args:
        seed: the same seed gives the same week.
        network: between everybody and X.
    """

    def __init__(self, seed: int, network: Network) -> None:
        self.loop = asyncio.get_running_loop()
        self.chance = random.Random(seed)
        self.network = network
        self.tally = Tally(self.loop)
        self._tasks: set[asyncio.Task[None]] = set()

    def at(self, moment: float, make: Callable[[], Coroutine[object, object, None]]) -> None:
        """Start a task at a moment of the loop's time."""
        self.loop.call_at(moment, self._start, make)

    def _start(self, make: Callable[[], Coroutine[object, object, None]]) -> None:
        task = self.loop.create_task(make())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()  # what went wrong in it is seen by the loop's handler


class Process:
    """One program: a limiter that knows of no other, and a clock that is wrong.

    Its wall clock is set anew every day, to somewhere within ten minutes of the truth; and it
    runs fast or slow, as quartz does.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._clock = LoopClock(world.loop, rate=world.chance.uniform(-RATE, RATE))
        self.limiter = MemoryLimiter(clock=self._clock)
        self._set_clock()

    def _set_clock(self) -> None:
        self._clock.skew = self._world.chance.uniform(-SKEW, SKEW)
        self._world.loop.call_later(DAY, self._set_clock)

    def account(self, name: str, rules: tuple[Rule, ...], *, hidden: int = 0) -> Account:
        """One account and endpoint.

        Args:
            name: of the account.
            rules: the windows X counts its requests in.
            hidden: how many of them, from the last, the client's table does not know.
        """
        known = rules[: len(rules) - hidden]
        bucket = Bucket(
            key=name,
            label=name,
            endpoint="simulated",
            windows=tuple(WindowSpec(rule.key, rule.limit, rule.seconds) for rule in known),
            shard=name,
            user_day=f"user_day:{name}",
            app_day=f"app_day:{name}",
        )
        return Account(self._world, self.limiter, bucket, self._world.tally.line(name, rules))


class Account:
    """Callers who want as many slots as they can get."""

    __slots__ = ("_bucket", "_limiter", "_line", "_world")

    def __init__(self, world: World, limiter: MemoryLimiter, bucket: Bucket, line: Line) -> None:
        self._world = world
        self._limiter = limiter
        self._bucket = bucket
        self._line = line

    def saturate(self, callers: int, start: float, until: float) -> None:
        """From ``start`` until ``until``, so many callers ask, and ask again when answered."""
        for _ in range(callers):
            self._world.at(start, lambda: self._ask_again_and_again(until))

    async def _ask_again_and_again(self, until: float) -> None:
        world, line = self._world, self._line
        loop, tally, network, chance = world.loop, world.tally, world.network, world.chance
        while loop.time() < until:
            number = tally.came(line)
            permit = await self._limiter.acquire(self._bucket, max_wait=None)
            tally.went(line, number)
            await asyncio.sleep(network.way(chance))
            now = tally.server_time
            verdict = tally.x.count(line.rules, now)
            headers = network.headers(line.rules, verdict, now, chance)
            await asyncio.sleep(network.way(chance))
            permit.settle(headers, refused=not verdict.granted)
            line.slots += verdict.granted


class Strangers:
    """Somebody else on the same account, who wants a share of its slots.

    They come one by one at random (Poisson). Refused, they either give up, or come again within
    ten seconds of the window's end, as a program does that sleeps until the reset: then they take
    their share, while the client wants all of it too.
    """

    def __init__(self, world: World, rule: Rule, share: float, *, patient: bool) -> None:
        self._world = world
        self._rule = rule
        self._rate = share * rule.limit / rule.seconds
        self._patient = patient
        self._next()

    def _next(self) -> None:
        self._world.loop.call_later(self._world.chance.expovariate(self._rate), self._come)

    def _come(self) -> None:
        self._ask()
        self._next()

    def _ask(self) -> None:
        world = self._world
        now = world.tally.server_time
        verdict = world.tally.x.count((self._rule,), now, stranger=True)
        if not verdict.granted and self._patient:
            wait = verdict.resets[0] - now + world.chance.uniform(0.0, 10.0)
            world.loop.call_later(wait, self._ask)

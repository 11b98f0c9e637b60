"""Callers of a limiter on a clock that is moved by hand, also Redis's."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
from anyio.abc import TaskGroup
from redis.exceptions import NoScriptError

from tests.support.clock import ManualClock
from twretweet.errors import LimiterUnavailable, RateLimitExceeded
from twretweet.limits import Bucket, MemoryLimiter, Permit, WindowSpec
from twretweet.limits.redis import RedisClient, RedisLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

QUARTER_HOUR = 900.0
# A cancellation takes a few turns of the loop from scope to scope, while every task waits.
_QUIET = 5


def bucket(
    user: str,
    *,
    limit: int | None = 2,
    app: int | None = None,
    endpoint: str = "read",
) -> Bucket:
    """One user's bucket; with ``app`` it also counts in a window of the whole app."""
    windows = [WindowSpec(f"{endpoint}:{user}", limit, QUARTER_HOUR)]
    if app is not None:
        windows.append(WindowSpec("app", app, QUARTER_HOUR))
    return Bucket(
        f"{endpoint}:{user}",
        f"{endpoint} of {user}",
        endpoint,
        tuple(windows),
        user if app is None else "app",
        f"day:{user}",
        "day:app",
    )


class SteeredRedis:
    """A client of a real server, whose script reads the time of ``clock`` instead of Redis's.

    The script itself knows nothing of this: its text is changed on the way.
    """

    def __init__(self, client: RedisClient, clock: ManualClock) -> None:
        self.client = client
        self.clock = clock
        self.busy = self.calls = 0
        self.set_back = 0.0  # by how many seconds Redis's clock was set back
        self.dead = False
        self._shas: dict[str, str] = {}

    def evalsha(self, sha: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        return self._run(self.client.evalsha, self._shas.get(sha), numkeys, keys_and_args)

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        steered = script.replace("redis.call('TIME')", "{ARGV[2], ARGV[3]}")
        assert steered != script
        self._shas[_sha(script)] = _sha(steered)
        return self._run(self.client.eval, steered, numkeys, keys_and_args)

    async def _run(
        self,
        command: Callable[..., Awaitable[object]],
        script: str | None,
        numkeys: int,
        keys_and_args: tuple[str | bytes, ...],
    ) -> object:
        if script is None:
            raise NoScriptError
        if self.dead:
            raise ConnectionError("this process has died")
        self.calls += 1
        seconds, rest = divmod(round((self.clock.monotonic() - self.set_back) * 1e6), 1_000_000)
        now = (str(round(self.clock.time() - self.clock.monotonic()) + seconds), str(rest))
        self.busy += 1
        try:
            return await command(script, numkeys, *keys_and_args, *now)
        finally:
            self.busy -= 1


def _sha(script: str) -> str:
    return hashlib.sha1(script.encode()).hexdigest()


@dataclass
class Scene:
    """The limiter, who asks it, and what they got."""

    tasks: TaskGroup
    redis: RedisClient | None = None
    clock: ManualClock = field(default_factory=ManualClock)
    granted: list[object] = field(default_factory=list)
    permits: dict[object, Permit] = field(default_factory=dict)
    refused: dict[object, RateLimitExceeded] = field(default_factory=dict)
    failed: dict[object, LimiterUnavailable] = field(default_factory=dict)
    scopes: dict[object, anyio.CancelScope] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.steered = None if self.redis is None else SteeredRedis(self.redis, self.clock)
        self.limiter: MemoryLimiter | RedisLimiter
        if self.steered is None:
            self.limiter = MemoryLimiter(clock=self.clock)
        else:
            self.limiter = RedisLimiter(self.steered, clock=self.clock)

    async def ask(self, name: object, bucket: Bucket, max_wait: float | None = None) -> None:
        """Have somebody come, and wait until everybody rests."""
        self.come(name, bucket, max_wait)
        await self.rest()

    def come(self, name: object, bucket: Bucket, max_wait: float | None = None) -> None:
        scope = self.scopes[name] = anyio.CancelScope()

        async def call() -> None:
            with scope:
                try:
                    permit = await self.limiter.acquire(bucket, max_wait=max_wait)
                except RateLimitExceeded as error:
                    self.refused[name] = error
                    return
                except LimiterUnavailable as error:
                    self.failed[name] = error
                    return
                self.permits[name] = permit
                self.granted.append(name)

        self.tasks.start_soon(call)

    async def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        await self.rest()

    async def rest(self) -> None:
        """Wait until everybody else waits; anyio's own waits a tenth of a real second."""
        this, quiet = asyncio.current_task(), 0
        while quiet < _QUIET:
            await asyncio.sleep(0)
            if self.steered is not None and self.steered.busy:
                quiet = 0
                await asyncio.sleep(0.0001)
                continue
            busy = any(_runs(task) for task in asyncio.all_tasks() if task is not this)
            quiet = 0 if busy else quiet + 1

    async def settle(self, name: object, headers: RateHeaders, *, refused: bool = False) -> None:
        self.permits.pop(name).settle(headers, refused=refused)
        await self.rest()

    async def open(self, bucket: Bucket) -> None:
        """Spend one slot to open a window of 900 s."""
        await self.ask("opener", bucket)
        self.granted.remove("opener")
        limit = bucket.windows[0].limit or 10
        await self.settle("opener", self.says(limit, limit - 1))

    def says(self, limit: int, remaining: int, seconds: float = QUARTER_HOUR) -> RateHeaders:
        """An answer of now whose window ends ``seconds`` from now."""
        return RateHeaders(window=self.report(limit, remaining, seconds))

    def report(self, limit: int, remaining: int, seconds: float = QUARTER_HOUR) -> WindowReport:
        return WindowReport(limit, remaining, int(self.clock.time() + seconds))

    def room(self, bucket: Bucket) -> dict[str, int | None]:
        return {state.window: state.remaining for state in self.limiter.states([bucket])}

    def held(self) -> int:
        return sum(state.in_flight for state in self.limiter.states())

    def waiting(self) -> int:
        return sum(state.waiting for state in self.limiter.states())


async def full(scene: Scene, limit: int = 2, app: int | None = None, user: str = "ann") -> Bucket:
    """A bucket whose window is open, full, and ends 900 s from now."""
    ann = bucket(user, limit=limit, app=app)
    await scene.open(ann)
    for number in range(limit - 1):
        await scene.ask(("filler", number), ann)
        await scene.settle(("filler", number), scene.says(limit, limit - 2 - number))
    scene.granted.clear()
    return ann


def _runs(task: asyncio.Task[object]) -> bool:
    waits_for: asyncio.Future[object] | None = getattr(task, "_fut_waiter", None)
    return waits_for is None or waits_for.done()

"""Real processes that use one account; they fork from a server that has imported everything."""

import multiprocessing
import multiprocessing.connection
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import anyio
import anyio.to_thread
from redis.asyncio import Redis

import twretweet as tw
from twretweet.auth.redis import RedisTokenStore

PATIENCE = 30.0
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["__main__", __name__])


@dataclass(frozen=True)
class Job:
    """What a process is told to do.

    Args:
        url: of the sandbox.
        store: the path of a token file, or the port of a Redis.
        credentials: of the account.
        tweet_id: to read.
        tasks: how many at once.
        pause: where to stand still for ever, after saying so; see :class:`PausingFile`.
    """

    url: str
    store: str | int
    credentials: tw.OAuth2
    tweet_id: str
    tasks: int = 200
    pause: str = ""


@asynccontextmanager
async def open_store(place: str | int) -> AsyncIterator[tw.TokenStore]:
    if isinstance(place, str):
        yield tw.FileTokenStore(place)
        return
    async with Redis(port=place) as client:
        yield RedisTokenStore(client)


class Pausing:
    """A store that stands still at a chosen step."""

    def __init__(self, store: tw.TokenStore, step: str, say: Any) -> None:
        self._store = store
        self._step = step
        self._say = say
        self._saves = 0
        self.load, self.delete, self.accounts = store.load, store.delete, store.accounts

    async def _at(self, step: str) -> None:
        if step == self._step:
            self._say(step)
            await anyio.sleep_forever()

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncIterator[tw.Lease | None]:
        await self._at("before the lock")
        async with self._store.lock(account) as lease:
            await self._at("in the lock")
            yield lease

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        self._saves += 1
        if self._saves == 2:
            await self._at("before the answer is stored")
        await self._store.save(account, tokens)
        await self._at("before the token is sent" if self._saves == 1 else "after it is stored")


async def call_often(session: tw.Session, tweet_id: str, tasks: int) -> list[str]:
    """Call from so many tasks at once; what went wrong."""
    failures: list[str] = []

    async def call(number: int) -> None:
        try:
            # By turns, since 200 tasks of 4 processes are more than one window holds.
            await (session.tweet(tweet_id) if number % 2 else session.user("TwitterDev"))
        except tw.TwretweetError as error:
            failures.append(f"{type(error).__name__}: {error}")

    async with anyio.create_task_group() as group:
        for number in range(tasks):
            group.start_soon(call, number)
    return failures


async def _work(job: Job, line: multiprocessing.connection.Connection) -> None:
    async with open_store(job.store) as store:
        pausing = Pausing(store, job.pause, line.send)
        async with tw.SessionManager(base_url=job.url, token_store=pausing) as manager:
            session = manager.session(job.credentials)
            line.send("ready")
            await anyio.to_thread.run_sync(line.recv)
            line.send(await call_often(session, job.tweet_id, job.tasks))


def _run(job: Job, line: multiprocessing.connection.Connection) -> None:
    anyio.run(_work, job, line)


class Worker:
    """One process."""

    def __init__(self, job: Job) -> None:
        self._line, theirs = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=_run, args=(job, theirs), daemon=True)
        self._process.start()
        theirs.close()

    async def hear(self) -> Any:
        """What it says next."""

        def receive() -> Any:
            if not self._line.poll(PATIENCE):
                raise TimeoutError("the process says nothing")
            return self._line.recv()

        return await anyio.to_thread.run_sync(receive)

    def go(self) -> None:
        self._line.send("go")

    def end(self) -> None:
        """Kill it; harmless when it has ended."""
        if not self._line.closed:
            self._process.kill()
            self._process.join()
            self._process.close()
            self._line.close()


@asynccontextmanager
async def workers(*jobs: Job) -> AsyncIterator[list[Worker]]:
    """Processes that have opened their managers and wait for a word."""
    running = [Worker(job) for job in jobs]
    try:
        for worker in running:
            assert await worker.hear() == "ready"
        yield running
    finally:
        for worker in running:
            worker.end()

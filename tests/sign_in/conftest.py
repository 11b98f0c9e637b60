"""A client and a sandbox on one event loop, on virtual time, and what a person does there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Sandbox

CALLBACK = "http://127.0.0.1:8976/callback"


@pytest.fixture
def anyio_backend(virtual_time):
    return virtual_time


@pytest.fixture
def clock() -> LoopClock:
    return LoopClock()


@pytest.fixture
async def sandbox(clock: LoopClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(retweets=10, clock=clock) as sandbox:
        yield sandbox
        assert not sandbox.failures


class Store(tw.MemoryTokenStore):
    """Fails at chosen saves; notes what happens in which order."""

    def __init__(self) -> None:
        super().__init__()
        self.failing: set[int] = set()
        self.saves = 0
        self.fails_at_delete = False

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        self.saves += 1
        if self.saves in self.failing:
            raise tw.TokenStoreError("the disk is full")
        await super().save(account, tokens)

    async def everything(self) -> dict[str, tw.StoredTokens | None]:
        return {name: await self.load(name) for name in await self.accounts()}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
async def manager(sandbox, clock, store) -> AsyncIterator[tw.SessionManager]:
    async with managing(sandbox, clock, store) as manager:
        yield manager


@asynccontextmanager
async def managing(sandbox, clock, store, **more) -> AsyncIterator[tw.SessionManager]:
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, token_store=store, **more
    ) as manager:
        yield manager


@pytest.fixture
def app(sandbox) -> tw.AppOnly:
    """The app, as OAuth 1.0a knows it."""
    return tw.AppOnly.from_key(sandbox.oauth1.consumer_key, sandbox.oauth1.consumer_secret)


def paths(sandbox: Sandbox) -> list[str]:
    """What was asked, without the pages that a person sees."""
    return [f"{seen.method} {seen.path}" for seen in sandbox.requests]

"""A client and a sandbox on one event loop, on virtual time."""

from collections.abc import AsyncIterator

import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Sandbox


@pytest.fixture
def anyio_backend(virtual_time):
    return virtual_time


@pytest.fixture
def clock() -> LoopClock:
    return LoopClock()


@pytest.fixture
async def sandbox(clock: LoopClock) -> AsyncIterator[Sandbox]:
    async with Sandbox(retweets=1000, clock=clock) as sandbox:
        yield sandbox
        assert not sandbox.failures


@pytest.fixture
async def manager(sandbox: Sandbox, clock: LoopClock) -> AsyncIterator[tw.SessionManager]:
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        yield manager


@pytest.fixture
async def session(manager: tw.SessionManager, sandbox: Sandbox) -> tw.Session:
    return manager.session(sandbox.oauth1)

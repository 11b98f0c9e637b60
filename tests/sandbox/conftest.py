"""A running sandbox, with a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from tests.sandbox.http import Api, serving
from tests.sandbox.signin import SignIn
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def api(clock: ManualClock) -> AsyncIterator[Api]:
    async with serving(Sandbox(retweets=25, clock=clock), clock) as running:
        yield running


@pytest.fixture
def sign(api: Api) -> SignIn:
    return SignIn(api)

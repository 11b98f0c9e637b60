"""X's clock may be another than was known, but not at every reply."""

from email.utils import formatdate

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, reply

pytestmark = pytest.mark.anyio


async def test_a_request_is_signed_again_for_another_clock_once(clock):
    def refusal(offset: float) -> bytes:
        date = formatdate(clock.time() + offset, usegmt=True)
        return reply(401, {"title": "Unauthorized", "status": 401}, {"date": date})

    async with ScriptedServer() as server:
        server.replies.extend(refusal(600 * (turn % 2)) for turn in range(1, 20))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            with pytest.raises(tw.Unauthorized):
                await manager.session(tw.OAuth1("k", "s", "12-t", "u")).tweet(1)
    assert len(server.requests) == 2

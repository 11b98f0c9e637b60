"""What happens inside is told as typed events, and only to who listens."""

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import Corrected, Granted, Refused, Waiting

pytestmark = pytest.mark.anyio


async def test_waiting_for_a_window_is_told_when_it_begins_and_when_it_ends(sandbox, clock):
    events: list[object] = []
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, on_event=events.append
    ) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(50):
            await session.retweet(sandbox.tweet_id)
        assert not [event for event in events if not isinstance(event, Corrected)]
        began = clock.time()
        await session.retweet(sandbox.tweet_id)
    waiting, granted = [event for event in events if not isinstance(event, Corrected)]
    assert isinstance(waiting, Waiting)
    assert waiting.bucket == f"retweet of user {sandbox.me.user_id}"
    assert waiting.ahead == 0
    assert waiting.until == pytest.approx(began + 900, abs=2)
    assert isinstance(granted, Granted)
    assert granted.waited == pytest.approx(waiting.until - began)


async def test_a_count_that_strangers_raised_is_told(sandbox, clock):
    events: list[object] = []
    async with (
        tw.SessionManager(base_url=sandbox.url, clock=clock) as strangers,
        tw.SessionManager(base_url=sandbox.url, clock=clock, on_event=events.append) as manager,
    ):
        session, stranger = manager.session(sandbox.oauth1), strangers.session(sandbox.oauth1)
        await session.tweet(sandbox.tweet_id)
        assert events == [], "the count was as expected"
        for _ in range(3):
            await stranger.tweet(sandbox.tweet_id)
        await session.tweet(sandbox.tweet_id)
    [corrected] = events
    assert isinstance(corrected, Corrected)
    assert corrected.used == (2, 5)
    assert corrected.limit == (900, 900)


async def test_a_429_is_told_with_the_time_at_which_it_ends(clock):
    events: list[object] = []
    headers = {
        "x-rate-limit-limit": "75",
        "x-rate-limit-remaining": "0",
        "x-rate-limit-reset": str(int(clock.time()) + 800),
    }
    async with ScriptedServer() as server:
        server.replies.extend([reply(429, b"", headers), reply(200, page("1"))])
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            with pytest.raises(tw.TooManyRequests):
                await manager.session(tw.AppOnly("t")).retweets(1).collect()
    [refused] = [event for event in events if isinstance(event, Refused)]
    assert refused.bucket == "retweets of the app"
    assert refused.until == pytest.approx(clock.time() + 800, abs=1)


async def test_a_listener_that_raises_at_a_grant_costs_no_slot(sandbox, clock):
    def listen(event: object) -> None:
        if isinstance(event, Granted):
            raise ZeroDivisionError

    async with tw.SessionManager(base_url=sandbox.url, clock=clock, on_event=listen) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(50):
            await session.retweet(sandbox.tweet_id)
        with pytest.raises(ZeroDivisionError):
            await session.retweet(sandbox.tweet_id)
        [state] = [s for s in session.rate_limits() if s.endpoint == "retweet"]
        assert (state.in_flight, state.waiting, state.remaining) == (0, 0, 50)

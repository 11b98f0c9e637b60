"""What happens inside is told as typed events, and only to who listens."""

import asyncio

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, page, reply
from twretweet.events import (
    Corrected,
    Granted,
    PageFetched,
    Refused,
    RequestAnswered,
    RequestSent,
    Waiting,
)
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


async def test_waiting_for_a_window_is_told_when_it_begins_and_when_it_ends(sandbox, clock):
    events: list[object] = []
    limiter = tw.MemoryLimiter(clock=clock, on_event=events.append)
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, limiter=limiter) as manager:
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
    limiter = tw.MemoryLimiter(clock=clock, on_event=events.append)
    async with (
        tw.SessionManager(base_url=sandbox.url, clock=clock) as strangers,
        tw.SessionManager(base_url=sandbox.url, clock=clock, limiter=limiter) as manager,
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


async def test_a_listener_of_a_limiter_that_raises_at_a_grant_costs_no_slot(sandbox, clock):
    def listen(event: object) -> None:
        if isinstance(event, Granted):
            raise ZeroDivisionError

    limiter = tw.MemoryLimiter(clock=clock, on_event=listen)
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, limiter=limiter) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(50):
            await session.retweet(sandbox.tweet_id)
        with pytest.raises(ZeroDivisionError):
            await session.retweet(sandbox.tweet_id)
        [state] = [s for s in session.rate_limits() if s.endpoint == "retweet"]
        assert (state.in_flight, state.waiting, state.remaining) == (0, 0, 50)


async def test_every_request_is_told_when_it_is_sent_and_when_it_is_answered(sandbox, clock):
    events: list[object] = []
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, on_event=events.append
    ) as manager:
        await manager.session(sandbox.oauth1).retweet(sandbox.tweet_id)
    sent, answered = events
    label = "POST /2/users/{user_id}/retweets"
    account = f"user {sandbox.me.user_id}"
    assert sent == RequestSent(endpoint=label, account=account, attempt=1)
    assert isinstance(answered, RequestAnswered)
    assert (answered.endpoint, answered.account) == (label, account)
    assert (answered.status, answered.attempt) == (200, 1)
    assert answered.request_id


async def test_a_request_is_answered_after_as_long_as_it_took(clock):
    events: list[object] = []
    async with (
        Sandbox(clock=clock, quirks=Quirks(latency=2.5)) as x,
        tw.SessionManager(base_url=x.url, clock=clock, on_event=events.append) as manager,
    ):
        await manager.session(x.app_only).tweet(x.tweet_id)
    [answered] = [event for event in events if isinstance(event, RequestAnswered)]
    assert answered.seconds == pytest.approx(2.5, abs=0.1)


async def test_failures_and_retries_are_told_with_their_reasons(clock):
    events: list[object] = []
    async with ScriptedServer() as server:
        server.replies.extend([None, reply(503), reply(200, page("1"))])
        async with tw.SessionManager(
            base_url=server.url, clock=clock, on_event=events.append
        ) as manager:
            await manager.session(tw.AppOnly("secret")).retweets(1).collect()
    assert [type(event).__name__ for event in events] == [
        *("RequestSent", "RequestFailed", "Retrying"),
        *("RequestSent", "RequestAnswered", "Retrying"),
        *("RequestSent", "RequestAnswered", "PageFetched"),
    ]
    failed, retrying, unavailable = events[1], events[2], events[5]
    assert "TransportError: the connection broke" in failed.error
    assert (retrying.attempt, unavailable.attempt, events[6].attempt) == (1, 2, 3)
    assert unavailable.error.startswith("ServerError: 503")
    assert 0 <= retrying.delay <= 0.5
    assert "secret" not in repr(events)


async def test_each_page_is_told_with_what_it_holds_and_what_is_left(sandbox, clock):
    events: list[object] = []
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, on_event=events.append, budget=tw.Budget()
    ) as manager:
        await manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, limit=130).collect()
    first, second = [event for event in events if isinstance(event, PageFetched)]
    assert (first.items, second.items, first.more) == (100, 30, True)
    assert (first.usd, second.usd) == (0.5, 0.15)
    assert (first.limit, first.remaining, second.remaining) == (75, 74, 73)
    assert first.endpoint == "GET /2/tweets/{tweet_id}/retweets"
    assert first.target == sandbox.tweet_id


async def test_a_listener_that_raises_breaks_nothing_and_is_heard_of(sandbox, clock):
    reported: list[dict[str, object]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, said: reported.append(said))

    def listen(event: object) -> None:
        raise ZeroDivisionError(type(event).__name__)

    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, on_event=listen, budget=tw.Budget()
    ) as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, limit=100)
        assert len(await walk.collect()) == 100
    assert [str(said["message"]) for said in reported] == [
        f"a listener of twretweet raised at {name}"
        for name in (
            *("BudgetReserved", "RequestSent", "RequestAnswered", "BudgetSettled", "PageFetched"),
        )
    ]
    assert all(isinstance(said["exception"], ZeroDivisionError) for said in reported)

"""Replies that are broken: a typed error with an excerpt, and nothing lost."""

import gzip
from itertools import pairwise

import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, cut_short, page, reply
from twretweet.transport import MAX_BODY

pytestmark = pytest.mark.anyio

APP = tw.AppOnly("a-bearer-token")
GOOD = reply(200, page("3", "2", next_token="n"))
LAST = reply(200, page("1"))
HTML = b"<html><body>Something is technically wrong</body></html>"
ONCE = tw.RetryPolicy(attempts=1)
BROKEN_GZIP = gzip.compress(b'{"data": [{"id": "1", "text": "x"}]}')[:12] + b"no deflate"

TRANSIENT = {
    "HTML": (reply(200, HTML), tw.DecodeError, "technically wrong"),
    "a body cut short": (cut_short(b'{"data": [{"id": "1", "te'), tw.DecodeError, '"id": "1"'),
    "JSON that breaks off": (reply(200, b'{"data": [{"id'), tw.DecodeError, '{"data": [{"id'),
    "no body": (reply(200), tw.DecodeError, "no body"),
    "broken gzip": (
        reply(200, BROKEN_GZIP, {"content-encoding": "gzip"}),
        tw.DecodeError,
        "compressed badly",
    ),
    "503 in HTML": (reply(503, HTML), tw.ServerError, "technically wrong"),
    "500 without a body": (reply(500), tw.ServerError, "500"),
    "a connection closed at once": (None, tw.TransportError, "broke"),
    "no reply at all": (..., tw.RequestTimeout, "within 30 s"),
}
FINAL = {
    "an unknown content encoding": (
        reply(200, b"\x00\x01\x02", {"content-encoding": "snappy"}),
        tw.DecodeError,
        "'snappy'",
    ),
    "50 MB": (reply(200, b"[" + b" " * 50_000_000 + b"]"), tw.DecodeError, "longer than"),
    "50 MB in a small gzip": (
        reply(200, gzip.compress(b" " * 50_000_000), {"content-encoding": "gzip"}),
        tw.DecodeError,
        "longer than",
    ),
    "another shape": (reply(200, {"data": "no list"}), tw.DecodeError, "no list"),
    "an array": (reply(200, [1, 2]), tw.DecodeError, "[1,2]"),
    "a redirect": (
        reply(302, b"", {"location": "https://example.com/"}),
        tw.DecodeError,
        "not followed",
    ),
    "404": (reply(404, {"title": "Not Found Error", "status": 404}), tw.NotFound, "Not Found"),
    "401": (reply(401, {"title": "Unauthorized", "type": "about:blank"}), tw.Unauthorized, "401"),
    "402": (reply(402, {"title": "CreditsDepleted"}), tw.CreditsDepleted, "402"),
}


@pytest.mark.parametrize("case", TRANSIENT)
async def test_what_may_pass_by_itself_is_tried_again(clock, case):
    async with ScriptedServer() as server:
        server.replies.extend([GOOD, TRANSIENT[case][0], LAST])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            ids = [item.id for item in await manager.session(APP).retweets(1).collect()]
    assert ids == ["3", "2", "1"]
    assert len(server.requests) == 3


@pytest.mark.parametrize("case", TRANSIENT | FINAL)
async def test_a_page_that_failed_raises_and_the_same_walk_goes_on_with_it(clock, case):
    broken, kind, text = (TRANSIENT | FINAL)[case]
    async with ScriptedServer() as server:
        server.replies.extend([GOOD, broken, LAST])
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=ONCE) as manager:
            walk = manager.session(APP).retweets(1)
            ids: list[str] = []
            with pytest.raises(kind) as caught:
                async for item in walk:
                    ids.append(item.id)
            ids += [item.id for item in await walk.collect()]
    error = caught.value
    assert ids == ["3", "2", "1"]
    assert text in str(error)
    assert "GET /2/tweets/{tweet_id}/retweets as the app" in str(error)
    assert error.attempts == 1
    assert "bearer" not in repr(error) + str(error)
    if isinstance(error, tw.DecodeError):
        assert len(error.excerpt) <= 201


@pytest.mark.parametrize("case", FINAL)
async def test_what_will_not_pass_by_itself_is_not_tried_again(clock, case):
    broken, kind, _ = FINAL[case]
    async with ScriptedServer() as server:
        server.replies.append(broken)
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            with pytest.raises(kind):
                await manager.session(APP).retweets(1).collect()
    assert len(server.requests) == 1


async def test_attempts_end_and_the_error_tells_how_many_there_were(clock):
    async with ScriptedServer() as server:
        server.replies.append(reply(503, HTML))
        retry = tw.RetryPolicy(attempts=3)
        async with tw.SessionManager(base_url=server.url, clock=clock, retry=retry) as manager:
            session = manager.session(APP)
            with pytest.raises(tw.ServerError, match="after 3 attempts") as caught:
                await session.tweet(1)
            [state] = [s for s in session.rate_limits() if s.window.startswith("tweet:")]
    assert caught.value.attempts == len(server.requests) == 3
    assert state.limit is not None
    assert state.remaining == state.limit - 3, "each attempt takes a slot of its own"


async def test_nobody_listening_takes_no_slot(clock):
    async with ScriptedServer() as server:
        url = server.url
    async with tw.SessionManager(base_url=url, clock=clock) as manager:
        session = manager.session(APP)
        with pytest.raises(tw.TransportError, match="no connection") as caught:
            await session.tweet(1)
        [state] = [s for s in session.rate_limits() if s.window.startswith("tweet:")]
    assert not caught.value.sent
    assert caught.value.attempts == 4
    assert state.remaining == state.limit


@pytest.mark.parametrize(
    "refusal",
    [
        reply(
            400,
            {
                "title": "Invalid Request",
                "detail": "You cannot retweet a Tweet that you have already retweeted.",
            },
        ),
        reply(
            403, {"errors": [{"code": 327, "message": "You have already retweeted this Tweet."}]}
        ),
    ],
    ids=["v2", "v1.1"],
)
async def test_already_retweeted_is_a_result_also_when_it_answers_a_retry(clock, refusal):
    async with ScriptedServer() as server:
        # The first reply is lost after the retweet was made.
        server.replies.extend([None, refusal])
        user = tw.OAuth1("ck", "cs", "12-token", "ts")
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(user)
            assert await session.retweet(20) == tw.RetweetResult(
                tweet_id="20", retweeted=True, already=True
            )
            status = await session.v1.retweet(20)
    assert (status.id, status.retweeted) == ("20", True)
    assert [seen.target for seen in server.requests[:2]] == ["/2/users/12/retweets"] * 2
    assert server.requests[0].body == b'{"tweet_id":"20"}'


async def test_a_429_whose_window_opens_soon_is_waited_for(clock):
    async with ScriptedServer() as server:
        reset = str(int(clock.time()) + 20)
        headers = {
            "x-rate-limit-limit": "75",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": reset,
        }
        server.replies.extend([reply(429, {"title": "Too Many Requests"}, headers), LAST])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            assert len(await manager.session(APP).retweets(1).collect()) == 1
    assert 19 < clock.monotonic() < 22


async def test_a_429_whose_window_opens_late_raises_and_the_next_call_waits_for_it(clock):
    async with ScriptedServer() as server:
        headers = {
            "x-rate-limit-limit": "75",
            "x-rate-limit-remaining": "0",
            "x-rate-limit-reset": str(int(clock.time()) + 800),
        }
        server.replies.extend([reply(429, {"title": "Too Many Requests"}, headers), LAST])
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            walk = manager.session(APP).retweets(1)
            with pytest.raises(tw.TooManyRequests) as caught:
                await walk.collect()
            assert caught.value.reset_at == pytest.approx(clock.time() + 800, abs=1)
            assert clock.monotonic() < 1
            assert len(await walk.collect()) == 1
    assert 798 < clock.monotonic() < 803


async def test_429s_without_headers_back_off_longer_each_time(clock):
    async with ScriptedServer() as server:
        server.replies.append(reply(429))
        times = []
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(APP)
            for _ in range(6):
                with pytest.raises(tw.TooManyRequests):
                    await session.tweet(1)
                times.append(clock.monotonic())
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == pytest.approx([5, 10, 20, 40, 80])


async def test_the_cap_of_a_plan_is_no_rate_limit(clock):
    async with ScriptedServer() as server:
        body = {
            "title": "UsageCapExceeded",
            "detail": "Usage cap exceeded: Monthly product cap",
            "type": "https://api.twitter.com/2/problems/usage-capped",
            "period": "Monthly",
            "scope": "Product",
        }
        headers = {
            "x-rate-limit-limit": "40000",
            "x-rate-limit-remaining": "39999",
            "x-rate-limit-reset": str(int(clock.time()) + 800),
        }
        server.replies.append(reply(429, body, headers))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(APP)
            with pytest.raises(tw.UsageCapExceeded, match="Monthly") as caught:
                await session.tweet(1)
            [state] = [s for s in session.rate_limits() if s.window.startswith("tweet:")]
    assert (caught.value.period, caught.value.scope) == ("Monthly", "Product")
    assert (state.limit, state.remaining) == (40000, 39999)
    assert len(server.requests) == 1


async def test_a_200_with_nothing_but_errors_raises_what_they_say(clock):
    problem = {
        "title": "Authorization Error",
        "detail": "Sorry, you are not authorized to see the Tweet with id: [1].",
        "type": "https://api.x.com/2/problems/not-authorized-for-resource",
    }
    async with ScriptedServer() as server:
        server.replies.append(reply(200, {"errors": [problem]}))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            session = manager.session(APP)
            with pytest.raises(tw.PermissionDenied, match="not authorized to see"):
                await session.tweet(1)
            with pytest.raises(tw.PermissionDenied, match="not authorized to see"):
                await session.retweets(1).collect()


async def test_problems_beside_data_are_on_the_page(clock):
    body = page("2") | {"errors": [{"title": "Not Found Error", "value": "7", "type": "t/x"}]}
    async with ScriptedServer() as server:
        server.replies.append(reply(200, body))
        async with tw.SessionManager(base_url=server.url, clock=clock) as manager:
            [only] = [each async for each in manager.session(APP).retweets(1).pages()]
    assert [item.id for item in only.data] == ["2"]
    assert only.problems[0].value == "7"


def test_the_longest_body_that_is_read_is_well_above_a_full_page():
    assert MAX_BODY >= 8 * 2**20

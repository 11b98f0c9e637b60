"""No fault is used up by a request that it would change nothing for."""

import pytest

from tests.sandbox.admin import Admin
from tests.sandbox.http import serving
from tests.sandbox.signin import SignIn
from tests.sandbox.test_faults import failing, page
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, Limit, Sandbox
from twretweet.sandbox.faults.kinds import KINDS
from twretweet.sandbox.faults.text import read_fault

pytestmark = pytest.mark.anyio


async def test_a_lack_of_includes_waits_for_a_reply_that_has_some(clock: ManualClock) -> None:
    async with failing(clock, Fault("missing_includes", count=1)) as api:
        await api.get("/2/users/me")
        await api.retweet()
        [fault] = api.sandbox.faults
        assert (fault.seen, fault.hits) == (0, 0)
        assert "includes" not in (await page(api)).body
        assert "includes" in (await page(api)).body


async def test_unknown_values_wait_for_a_reply_with_enumerations(clock: ManualClock) -> None:
    async with failing(clock, Fault("unknown_values", count=1)) as api:
        await api.get("/2/users/me")
        changed, plain = [
            (await api.get("/2/users/me", user__fields="verified_type")).body for _ in range(2)
        ]
        assert changed["data"]["verified_type"] == "something_new"
        assert plain["data"]["verified_type"] == "none"


async def test_unknown_fields_wait_for_json(clock: ManualClock) -> None:
    async with failing(clock, Fault("unknown_fields", count=1)) as api:
        await SignIn(api).request_token()
        assert "sandbox_news" in (await api.get("/2/users/me")).body


async def test_a_repeated_token_waits_for_a_page_with_another_behind_it(
    clock: ManualClock,
) -> None:
    async with failing(clock, retweets=12) as api:
        first = (await page(api)).body["meta"]["next_token"]
        second = (await page(api, pagination_token=first)).body["meta"]["next_token"]
        api.sandbox.faults.add(Fault("repeated_token", count=1))
        last = await page(api, pagination_token=second)
        assert "next_token" not in last.body["meta"]
        again = await page(api, pagination_token=first)
        assert again.body["meta"]["next_token"] == first


@pytest.mark.parametrize("kind", ["empty_page", "short_page"])
async def test_an_odd_page_waits_for_one_that_can_be_odd(clock: ManualClock, kind: str) -> None:
    async with failing(clock, Fault(kind, count=1), retweets=6) as api:
        bare = api.sandbox.add_tweet()
        assert (await api.get(f"/2/tweets/{bare}/retweets")).body["meta"]["result_count"] == 0
        assert (await page(api, max_results=0)).status == 400
        assert (await api.get("/2/tweets/20/retweets")).status == 200
        if kind == "short_page":
            assert len((await page(api, max_results=1)).ids) == 1
        [fault] = api.sandbox.faults
        assert (fault.seen, fault.hits) == (0, 0)
        assert len((await page(api)).ids) < 5
        assert len((await page(api)).ids) == 5


async def test_a_page_before_another_is_never_odd(clock: ManualClock) -> None:
    async with failing(clock, retweets=12) as api:
        second = await page(api, pagination_token=(await page(api)).body["meta"]["next_token"])
        fault = api.sandbox.faults.add(Fault("empty_page"))
        first = await page(api, pagination_token=second.body["meta"]["previous_token"])
        assert (len(first.ids), fault.hits) == (5, 0)


async def test_an_expired_token_waits_for_one_that_is_good(clock: ManualClock) -> None:
    async with failing(clock, retweets=12) as api:
        token = (await page(api)).body["meta"]["next_token"]
        fault = api.sandbox.faults.add(Fault("expired_token", count=1))
        other = api.sandbox.add_tweet(retweets=12)
        for wrong in (
            page(api, pagination_token="nonsense"),
            api.get(f"/2/tweets/{other}/retweets", pagination_token=token),
            api.get(f"{api.tweet}/retweeted_by", pagination_token=token),
        ):
            assert (await wrong).status == 400
        assert (fault.seen, fault.hits) == (0, 0)
        assert (await page(api, pagination_token=token)).status == 400
        assert (await page(api, pagination_token=token)).status == 200


async def test_an_expired_token_meets_every_list_that_has_pages(clock: ManualClock) -> None:
    async with failing(clock, retweets=12) as api:
        await api.retweet(tweet_id=api.sandbox.add_tweet(author=api.sandbox.me))
        fault = api.sandbox.faults.add(Fault("expired_token"))
        for path, size in (
            (f"{api.tweet}/retweeted_by", 5),
            (f"{api.tweet}/quote_tweets", 10),
            ("/2/users/reposts_of_me", 1),
        ):
            token = (await api.get(path, max_results=size)).body["meta"]["next_token"]
            assert (await api.get(path, pagination_token=token)).status == 400
        assert fault.hits == 3


async def test_a_429_waits_for_a_request_that_has_a_slot(clock: ManualClock) -> None:
    limits = {"GET /2/users/me": [Limit("user", 2), Limit("user", 4, 86_400)]}
    async with serving(Sandbox(clock=clock, limits=limits), clock) as api:
        me = "/2/users/me"
        assert [(await api.get(me)).status for _ in range(2)] == [200, 200]
        fault = api.sandbox.faults.add(Fault("rate_limited", count=1))
        assert (await api.get(me)).status == 429
        assert (fault.seen, fault.hits) == (0, 0)
        clock.advance(900)
        assert [(await api.get(me)).status for _ in range(3)] == [429, 200, 200]
        assert fault.hits == 1
        # Nor where only the window of a day is full.
        clock.advance(900)
        fault = api.sandbox.faults.add(Fault("rate_limited", count=1))
        assert (await api.get(me)).status == 429
        assert (fault.seen, fault.hits) == (0, 0)


@pytest.mark.parametrize("kind", ["cut_short", "reset_within", "slow_body"])
async def test_a_broken_body_waits_for_a_body(clock: ManualClock, kind: str) -> None:
    async with failing(clock, Fault(kind, count=1)) as api:
        sign = SignIn(api)
        form = {"user": api.sandbox.me.user_id, "decision": "allow"}
        sent_back = await sign.send("POST", sign.authorize_url(), form=form)
        assert (sent_back.status, sent_back.text) == (302, "")
        [fault] = api.sandbox.faults
        assert (fault.seen, fault.hits) == (0, 0)


async def test_a_refused_request_is_refused_as_long_as_windows_are(clock: ManualClock) -> None:
    kinds = ("rate_limited", "rate_limited_with_remaining")
    clock.advance(0.25)
    for scale, ahead in ((1 / 300, 4), (2, 1801)):
        for kind in kinds:
            async with failing(clock, Fault(kind), scale=scale) as api:
                # A reset is no earlier than the truth.
                assert (await page(api)).limit[2] == int(clock.time()) + ahead


@pytest.mark.parametrize("kind", KINDS)
async def test_every_fault_can_be_had_from_the_command_line_and_over_http(
    clock: ManualClock, kind: str
) -> None:
    async with failing(clock, read_fault(f"{kind}:count=1")) as api:
        await Admin(api.sandbox, api.http).post("faults", {"kind": kind, "count": 1})
        here, there = api.sandbox.faults
        assert here.fault == there.fault == Fault(kind, count=1)

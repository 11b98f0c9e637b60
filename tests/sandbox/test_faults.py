"""Each kind of fault, as a client meets it on a real socket."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from tests.sandbox.http import Api, Json, Reply, serving
from tests.sandbox.signin import SignIn
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, Sandbox

pytestmark = pytest.mark.anyio

PAGE = {"max_results": 5, "expansions": "author_id"}


@asynccontextmanager
async def failing(
    clock: ManualClock, *faults: Fault, retweets: int = 25, scale: float = 1.0
) -> AsyncIterator[Api]:
    sandbox = Sandbox(retweets=retweets, clock=clock, faults=faults, window_scale=scale)
    async with serving(sandbox, clock) as api:
        yield api


async def bare(api: Api, path: str | None = None, **headers: str) -> aiohttp.ClientResponse:
    """A reply as it comes, as the app itself; its body is read."""
    token = api.sandbox.app_only.bearer_token
    url = api.url(path or f"{api.tweet}/retweets", PAGE if path is None else {})
    reply = await api.http.get(url, headers={"Authorization": f"Bearer {token}", **headers})
    await reply.read()
    return reply


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def page(api: Api, **query: object) -> Reply:
    return await api.get(f"{api.tweet}/retweets", **{**PAGE, **query})


def left(api: Api) -> int | None:
    """What the last request left in its window."""
    return api.sandbox.requests[-1].remaining


# Before it is answered


async def test_latency_delays_the_reply_on_the_sandbox_s_clock(clock: ManualClock) -> None:
    async with failing(clock, Fault("latency", seconds=2), Fault("latency", seconds=3)) as api:
        asked = asyncio.create_task(page(api))
        await until(lambda: bool(clock._sleepers))
        assert clock._sleepers[0][0] == clock.monotonic() + 5
        clock.advance(5)
        assert (await asked).status == 200


async def test_who_goes_while_the_reply_is_late_leaves_no_connection(clock: ManualClock) -> None:
    async with failing(clock, Fault("latency", seconds=60, count=1)) as api:
        asked = asyncio.create_task(page(api))
        await until(lambda: bool(clock._sleepers))
        asked.cancel()
        clock.advance(60)
        await until(lambda: api.sandbox.open_connections == 0)
        assert (await page(api)).status == 200


async def test_a_reset_before_does_nothing(clock: ManualClock) -> None:
    async with failing(clock, Fault("reset_before", count=1)) as api:
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await api.retweet()
        assert api.sandbox.requests[-1].status == 0
        assert api.sandbox.requests[-1].faults == ("reset_before",)
        again = await api.retweet()
        assert (again.status, left(api)) == (200, 49)


async def test_x_in_trouble_sends_a_page_of_html_and_does_nothing(clock: ManualClock) -> None:
    async with failing(clock, Fault("unavailable", status=502, count=1)) as api:
        reply = await bare(api)
        assert reply.status == 502
        assert reply.content_type == "text/html"
        assert (await reply.text()).startswith("<!doctype html>")
        assert "x-rate-limit-limit" not in reply.headers
        assert (await page(api)).limit[1] == 74


# Refusals


@pytest.mark.parametrize(
    ("fault", "status", "expected"),
    [
        (Fault("unauthorized"), 401, {"title": "Unauthorized", "type": "about:blank"}),
        (
            Fault("usage_cap_exceeded", period="Daily"),
            429,
            {"title": "UsageCapExceeded", "period": "Daily", "scope": "Product"},
        ),
        (Fault("credits_depleted"), 402, {"title": "CreditsDepleted"}),
        (
            Fault("spend_cap_reached", seconds=86_400),
            403,
            {"title": "SpendCapReached", "reset_date": "2023-11-15"},
        ),
        (Fault("client_not_enrolled"), 403, {"reason": "client-not-enrolled"}),
        (
            Fault("error", status=400, title="T", detail="D", type="https://x/problems/y"),
            400,
            {"title": "T", "detail": "D", "type": "https://x/problems/y", "status": 400},
        ),
        (Fault("error", status=599), 599, {"status": 599}),
    ],
    ids=lambda value: value.kind if isinstance(value, Fault) else "",
)
async def test_a_refusal_has_the_shape_of_x_and_takes_no_slot(
    clock: ManualClock, fault: Fault, status: int, expected: Json
) -> None:
    async with failing(clock, fault) as api:
        reply = await page(api)
        assert reply.status == status
        assert expected.items() <= reply.body.items()
        if status == 401:  # like any other, which is nobody's
            assert "x-rate-limit-limit" not in reply.headers
        else:
            assert reply.limit[:2] == (75, 75)
        api.sandbox.faults.clear()
        assert (await page(api)).limit[1] == 74


@pytest.mark.parametrize(
    ("kind", "ending"),
    [
        ("usage_cap_exceeded", "usage-capped"),
        ("credits_depleted", "credits"),
        ("spend_cap_reached", "credits"),
        ("client_not_enrolled", "client-forbidden"),
    ],
)
async def test_problems_have_the_types_of_the_vocabulary(
    clock: ManualClock, kind: str, ending: str
) -> None:
    async with failing(clock, Fault(kind)) as api:
        assert (await page(api)).problem == ending


async def test_v1_is_refused_with_numbers(clock: ManualClock) -> None:
    path = "/1.1/statuses/retweet/1228393702244134912.json"
    faults = [
        Fault("unauthorized", count=1),
        Fault("rate_limited", count=1),
        Fault("error", status=403, code=326, detail="Your account is locked."),
    ]
    async with failing(clock, *faults) as api:
        replies = [await api.call("POST", path) for _ in range(3)]
        assert [reply.codes for reply in replies] == [[89], [88], [326]]
        assert [reply.status for reply in replies] == [401, 429, 403]
        assert replies[2].messages == ["Your account is locked."]


async def test_a_429_comes_with_headers_without_them_or_with_some_left(
    clock: ManualClock,
) -> None:
    faults = [
        Fault("rate_limited", seconds=60, count=1),
        Fault("rate_limited_without_headers", count=1),
        Fault("rate_limited_with_remaining", remaining=39_999, count=1),
    ]
    async with failing(clock, *faults) as api:
        full, bare_one, odd = [await page(api) for _ in range(3)]
        now = int(clock.time())
        assert [reply.status for reply in (full, bare_one, odd)] == [429] * 3
        assert full.limit == (75, 0, now + 60)
        assert not any(name.lower().startswith("x-rate") for name in bare_one.headers)
        assert odd.limit == (40_000, 39_999, now + 900)
        assert api.sandbox.rejected == 3


async def test_who_has_no_business_here_is_told_so_and_not_of_faults(clock: ManualClock) -> None:
    async with failing(clock, Fault("credits_depleted")) as api:
        reply = await api.send("GET", f"{api.sandbox.url}{api.tweet}", {})
        assert reply.status == 401
        assert api.sandbox.requests[-1].faults == ()


async def test_signing_in_fails_on_command_too(clock: ManualClock) -> None:
    fault = Fault("unavailable", endpoint="POST /oauth2/token", count=1)
    async with failing(clock, fault, Fault("unauthorized", endpoint="/oauth2/token")) as api:
        url = f"{api.sandbox.url}/oauth2/token"
        async with api.http.post(url) as reply:
            assert (reply.status, reply.content_type) == (503, "text/html")
        async with api.http.post(url) as reply:
            assert reply.status == 401
        api.sandbox.faults.clear()
        assert (await SignIn(api).refresh(api.sandbox.oauth2.refresh_token)).status == 200


async def test_a_fault_of_one_account_spares_the_others(clock: ManualClock) -> None:
    async with failing(clock) as api:
        other = api.sandbox.new_account()
        api.sandbox.faults.add(Fault("unauthorized", account=other.user_id))
        api.sandbox.faults.add(Fault("credits_depleted", account="app"))
        assert (await api.get(api.tweet)).status == 200
        assert (await api.get(api.tweet, other)).status == 401
        assert (await api.get(api.tweet, api.sandbox.app_only)).status == 402


# Pages


async def ids_of_a_walk(api: Api, most: int = 40) -> list[str]:
    ids: list[str] = []
    token: dict[str, object] = {}
    for _ in range(most):
        reply = await page(api, **token)
        assert reply.status == 200, reply.body
        ids += reply.ids
        after = reply.body["meta"].get("next_token")
        if after is None:
            return ids
        token = {"pagination_token": after}
    raise AssertionError("the walk does not end")


@pytest.mark.parametrize("kind", ["empty_page", "short_page"])
async def test_a_walk_over_odd_pages_is_complete(clock: ManualClock, kind: str) -> None:
    async with failing(clock, Fault(kind, probability=0.5, seed=3)) as api:
        ids = await ids_of_a_walk(api)
        assert len(ids) == len(set(ids)) == 25
        assert any(record.faults == (kind,) for record in api.sandbox.requests)


async def test_an_empty_page_has_a_token_and_nothing_else(clock: ManualClock) -> None:
    async with failing(clock, Fault("empty_page", count=1)) as api:
        reply = await page(api)
        assert reply.body.keys() == {"meta"}
        assert reply.body["meta"]["result_count"] == 0
        assert reply.body["meta"]["next_token"]


async def test_a_short_page_is_shorter_than_it_could_be(clock: ManualClock) -> None:
    async with failing(clock, Fault("short_page", count=1)) as api:
        assert 1 <= len((await page(api)).ids) < 5
        assert len((await page(api)).ids) == 5


async def test_a_repeated_token_concerns_only_who_sends_one(clock: ManualClock) -> None:
    async with failing(clock, Fault("repeated_token", count=1)) as api:
        first = await page(api)
        token = first.body["meta"]["next_token"]
        second = await page(api, pagination_token=token)
        assert second.body["meta"]["next_token"] == token
        assert second.ids != first.ids
        third = await page(api, pagination_token=token)
        assert third.body["meta"]["next_token"] != token


async def test_an_expired_token_is_refused_like_any_that_is_none(clock: ManualClock) -> None:
    async with failing(clock) as api:
        token = (await page(api)).body["meta"]["next_token"]
        wrong = await page(api, pagination_token="nonsense")
        api.sandbox.faults.add(Fault("expired_token"))
        assert (await page(api)).status == 200
        expired = await page(api, pagination_token=token)
        assert expired.status == wrong.status == 400
        assert msgspec.json.encode(expired.body) == msgspec.json.encode(wrong.body).replace(
            b"nonsense", token.encode()
        )


async def test_faults_of_pages_leave_other_endpoints_alone(clock: ManualClock) -> None:
    async with failing(clock, Fault("empty_page"), Fault("repeated_token")) as api:
        assert (await api.get(api.tweet)).body["data"]["id"]
        assert (await api.retweet()).status == 200


# Bodies


async def test_missing_includes_are_missing(clock: ManualClock) -> None:
    async with failing(clock, Fault("missing_includes", count=1)) as api:
        without, with_them = await page(api), await page(api)
        assert with_them.body.keys() - without.body.keys() == {"includes"}
        assert without.body["data"] == with_them.body["data"]


async def test_unknown_fields_are_in_every_object_and_change_nothing_else(
    clock: ManualClock,
) -> None:
    def without_news(value: object) -> object:
        if isinstance(value, dict):
            assert value["sandbox_news"]
            return {
                name: without_news(inner)
                for name, inner in value.items()
                if not name.startswith("sandbox_news")
            }
        return [without_news(one) for one in value] if isinstance(value, list) else value

    async with failing(clock, Fault("unknown_fields", count=1)) as api:
        odd, plain = await page(api), await page(api)
        assert without_news(odd.body) == plain.body


async def test_unknown_values_are_in_place_of_enumerations(clock: ManualClock) -> None:
    async with failing(clock, Fault("unknown_values")) as api:
        reply = await page(
            api,
            tweet__fields="reply_settings,referenced_tweets",
            user__fields="verified_type",
            expansions="author_id,attachments.media_keys",
        )
        tweet, user = reply.body["data"][0], reply.body["includes"]["users"][0]
        assert tweet["reply_settings"] == user["verified_type"] == "something_new"
        assert tweet["referenced_tweets"] == [
            {"type": "something_new", "id": api.sandbox.tweet_id}
        ]
        assert reply.body["includes"]["media"][0]["type"] == "something_new"


async def test_an_error_keeps_its_body(clock: ManualClock) -> None:
    async with failing(clock, Fault("unknown_fields", count=1)) as api:
        assert "sandbox_news" not in (await page(api, max_results=0)).body
        # And does not use the fault up.
        assert "sandbox_news" in (await page(api)).body


# Headers


async def test_headers_are_late_wrong_or_missing(clock: ManualClock) -> None:
    faults = [
        Fault("late_headers", requests=3, after=4, count=1),
        Fault("wrong_headers", value="-1", after=5, count=1),
        Fault("no_headers", after=6, count=1),
    ]
    async with failing(clock, *faults) as api:
        replies = [await page(api) for _ in range(8)]
        remaining = [reply.headers.get("x-rate-limit-remaining") for reply in replies]
        assert remaining == ["74", "73", "72", "71", "73", "-1", None, "67"]
        assert replies[5].headers["x-rate-limit-reset"] == "-1"
        assert not any(name.lower().startswith("x-rate") for name in replies[6].headers)

"""What requests cost, and GET /2/usage/tweets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.ledger import Charge, Ledger
from twretweet.sandbox.reply import Reply
from twretweet.vocabulary import Vocabulary

DAY = 86_400
anyio = pytest.mark.anyio


def costs(api: Api) -> list[float]:
    return [request.cost for request in api.sandbox.requests]


@anyio
async def test_reads_cost_by_the_resource_and_writes_by_the_request(api: Api) -> None:
    await api.get(f"{api.tweet}/retweets", max_results=10)
    await api.get(f"{api.tweet}/retweeted_by", max_results=5)
    await api.retweet()
    await api.undo()
    await api.call("POST", f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json")
    await api.call("POST", f"/1.1/statuses/unretweet/{api.sandbox.tweet_id}.json")
    assert costs(api) == [0.05, 0.05, 0.015, 0.01, 0.015, 0.01]


@anyio
async def test_what_is_joined_is_counted_and_everything_once_in_a_day(api: Api) -> None:
    path = f"{api.tweet}/retweets"
    asked = {"max_results": 10, "expansions": "author_id,referenced_tweets.id"}
    await api.call("GET", path, asked)
    # Ten retweets and the tweet, and ten people.
    assert costs(api) == [11 * 0.005 + 10 * 0.010]
    await api.call("GET", path, asked, who=api.sandbox.app_only)
    await api.call("GET", path, {"max_results": 12})
    assert costs(api)[1:] == [0.0, 2 * 0.005]
    api.clock.advance(DAY)
    await api.call("GET", path, asked)
    assert costs(api)[3] == costs(api)[0]


@anyio
async def test_what_fails_is_free(api: Api) -> None:
    await api.retweet()
    await api.retweet()
    await api.get(f"{api.tweet}/retweets", foo=1)
    await api.get("/2/tweets/20")
    await api.get("/nowhere")
    assert costs(api) == [0.015, 0, 0, 0, 0]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["posts", "users"]),
            st.lists(st.integers(1, 20), max_size=8, unique=True),
            st.lists(st.integers(1, 20), max_size=8, unique=True),
            st.integers(0, 2 * DAY),
        ),
        max_size=20,
    )
)
def test_the_sum_is_that_of_every_resource_once_per_day(
    reads: list[tuple[Charge, list[int], list[int], int]],
) -> None:
    ledger, now, total = Ledger(), 0, 0.0
    seen: set[tuple[int, str, int]] = set()
    for charge, data, users, wait in reads:
        now += wait
        body: dict[str, object] = {
            "data": [{"id": str(one)} for one in data],
            "includes": {"users": [{"id": str(one)} for one in users]},
        }
        total += ledger.charge(charge, Reply(200, body), now)
        seen |= {(now // DAY, charge, one) for one in data}
        seen |= {(now // DAY, "users", one) for one in users}
    prices = {"posts": 5, "users": 10}
    assert ledger.total == sum(prices[kind] for _, kind, _ in seen) / 1000
    assert total == pytest.approx(ledger.total)
    assert ledger.posts_since(0) == sum(kind == "posts" for _, kind, _ in seen)


async def usage(api: Api, **query: object) -> dict[str, object]:
    reply = await api.get("/2/usage/tweets", api.sandbox.app_only, **query)
    assert reply.status == 200, reply.body
    return reply.body["data"]


@anyio
async def test_usage_counts_the_posts_that_were_read(api: Api) -> None:
    first = await usage(api)
    assert set(first) == {"cap_reset_day", "project_cap", "project_id", "project_usage"}
    # The clock says the 14th of November.
    assert (first["project_usage"], first["cap_reset_day"]) == ("0", 17)
    assert first["project_cap"] == "3000000"
    await api.get(f"{api.tweet}/retweets", max_results=10)
    api.clock.advance(DAY)
    await api.get(f"{api.tweet}/retweets", max_results=5)
    found = await usage(api, days=2, usage__fields="daily_project_usage,daily_client_app_usage")
    assert found["project_usage"] == "15"
    days = [
        {"date": "2023-11-14T00:00:00.000Z", "usage": "10"},
        {"date": "2023-11-15T00:00:00.000Z", "usage": "5"},
    ]
    assert found["daily_project_usage"]["usage"] == days
    [app] = found["daily_client_app_usage"]
    assert (app["usage"], app["usage_result_count"]) == (days, 2)
    api.clock.advance(20 * DAY)
    assert (await usage(api))["project_usage"] == "0"


@anyio
@pytest.mark.parametrize(("vocabulary", "kind"), [("tweet", int), ("post", str)])
async def test_numbers_of_usage_are_text_in_the_newer_description(
    clock: ManualClock, vocabulary: Vocabulary, kind: type
) -> None:
    async with serving(Sandbox(retweets=3, clock=clock, vocabulary=vocabulary), clock) as api:
        found = await usage(api)
        assert {type(found["project_cap"]), type(found["project_usage"])} == {kind}


@anyio
async def test_usage_is_for_the_app_itself_and_takes_up_to_ninety_days(api: Api) -> None:
    refused = await api.get("/2/usage/tweets")
    assert (refused.status, refused.problem) == (403, "unsupported-authentication")
    wrong = await api.get("/2/usage/tweets", api.sandbox.app_only, days=91, usage__fields="cost")
    assert wrong.messages == [
        "The `days` query parameter value [91] is not between 1 and 90",
        (
            "The `usage.fields` query parameter value [cost] is not one of [cap_reset_day,"
            "daily_client_app_usage,daily_project_usage,project_cap,project_id,project_usage]"
        ),
    ]
    assert (await api.get("/2/usage/tweets", api.sandbox.app_only)).limit[:2] == (50, 48)

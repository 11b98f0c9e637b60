"""GET /2/tweets/:id/quote_tweets."""

from pathlib import Path

import pytest

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox, story

pytestmark = pytest.mark.anyio


async def test_a_page_of_quotes_has_ten_and_the_next_the_others(api: Api) -> None:
    path = f"{api.tweet}/quote_tweets"
    first = await api.get(path, expansions="referenced_tweets.id,author_id")
    assert len(first.ids) == 10
    assert first.body["includes"]["tweets"][0]["id"] == api.sandbox.tweet_id
    assert len(first.body["includes"]["users"]) == 10
    kinds = {ref["type"] for one in first.body["data"] for ref in one["referenced_tweets"]}
    assert kinds == {"quoted", "replied_to"}
    second = await api.get(path, pagination_token=first.body["meta"]["next_token"])
    ids = first.ids + second.ids
    assert ids == sorted(ids, key=int, reverse=True)
    assert len(set(ids)) == story.QUOTES
    assert set(second.body["meta"]) == {"result_count"}, "no way back is described here"


async def test_quotes_that_are_replies_can_be_left_out(api: Api) -> None:
    path = f"{api.tweet}/quote_tweets"
    every = await api.get(path, max_results=100, tweet__fields="referenced_tweets")
    fewer = await api.get(
        path, max_results=100, tweet__fields="referenced_tweets", exclude="replies,retweets"
    )
    assert fewer.body["data"] == [
        one for one in every.body["data"] if len(one["referenced_tweets"]) == 1
    ]
    assert 0 < len(fewer.ids) < len(every.ids)
    assert (await api.get(path, exclude="retweets")).ids == every.ids[:10]
    wrong = await api.get(path, exclude="likes")
    assert wrong.messages == [
        "The `exclude` query parameter value [likes] is not one of [replies,retweets]"
    ]


async def test_the_token_of_one_choice_is_refused_for_another(api: Api) -> None:
    path = f"{api.tweet}/quote_tweets"
    token = (await api.get(path)).body["meta"]["next_token"]
    assert (await api.get(path, pagination_token=token, exclude="replies")).status == 400


async def test_a_page_of_quotes_has_at_least_ten(api: Api) -> None:
    reply = await api.get(f"{api.tweet}/quote_tweets", max_results=9)
    assert reply.messages == [
        "The `max_results` query parameter value [9] is not between 10 and 100"
    ]


async def test_a_tweet_counts_its_quotes(api: Api) -> None:
    reply = await api.get(api.tweet, tweet__fields="public_metrics")
    assert reply.body["data"]["public_metrics"]["quote_count"] == story.QUOTES
    other = f"/2/tweets/{story.POLL_TWEET_ID}"
    assert (await api.get(f"{other}/quote_tweets")).body == {"meta": {"result_count": 0}}
    metrics = (await api.get(other, tweet__fields="public_metrics")).body["data"]
    assert metrics["public_metrics"]["quote_count"] == 0


async def test_quotes_exist_where_nothing_was_retweeted(clock: ManualClock) -> None:

    async with serving(Sandbox(retweets=0, clock=clock), clock) as api:
        page = await api.get(f"{api.tweet}/quote_tweets", expansions="author_id", max_results=100)
        assert len(page.body["includes"]["users"]) == len(page.ids) == story.QUOTES


async def test_v1_says_that_a_retweet_is_of_a_quote(api: Api) -> None:
    quote = (await api.get(f"{api.tweet}/quote_tweets")).ids[0]
    made = (await api.call("POST", f"/1.1/statuses/retweet/{quote}.json")).body
    assert made["is_quote_status"]
    assert made["retweeted_status"]["quoted_status_id_str"] == api.sandbox.tweet_id


async def test_quotes_are_there_after_a_save_and_a_load(api: Api, tmp_path: Path) -> None:
    path = f"{api.tweet}/quote_tweets"
    await api.retweet()
    before = await api.get(path, max_results=50, tweet__fields="referenced_tweets,author_id")
    api.sandbox.save(tmp_path / "state")
    clock = api.clock
    async with serving(Sandbox(clock=clock, state=tmp_path / "state"), clock) as other:
        after = await other.get(path, max_results=50, tweet__fields="referenced_tweets,author_id")
    assert after.body == before.body

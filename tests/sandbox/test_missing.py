"""What is referred to and is not among the includes, and what ``errors`` says of it."""

import pytest

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Quirks, Sandbox, story
from twretweet.sandbox.tweets import Tweet

pytestmark = pytest.mark.anyio


async def test_users_can_be_missing_from_includes_but_never_from_data(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=100, quirks=Quirks(missing_authors=0.3), clock=clock)
    async with serving(sandbox, clock) as api:
        page = await api.get(f"{api.tweet}/retweets", expansions="author_id")
        again = await api.get(f"{api.tweet}/retweets", expansions="author_id")
        retweeters = await api.get(f"{api.tweet}/retweeted_by")
    there = {user["id"] for user in page.body["includes"]["users"]}
    assert 50 < len(there) < 90
    assert there < {one["author_id"] for one in page.body["data"]}
    assert page.body == again.body
    assert len(retweeters.ids) == 100


async def test_errors_say_of_each_user_that_is_missing_which_and_why(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=100, quirks=Quirks(missing_authors=0.3), clock=clock)
    async with serving(sandbox, clock) as api:
        page = await api.get(
            f"{api.tweet}/retweets", expansions="author_id,referenced_tweets.id.author_id"
        )
        whole = await api.get(f"{api.tweet}/retweets", max_results=1)
    there = {user["id"] for user in page.body["includes"]["users"]}
    missing = {one["author_id"] for one in page.body["data"]} - there
    errors = [one for one in page.body["errors"] if one["parameter"] == "author_id"]
    assert sorted(one["value"] for one in errors) == sorted(missing)
    by_title = {one["title"]: one for one in errors}
    assert by_title.keys() == {"Not Found Error", "Forbidden", "Authorization Error"}
    for title, detail, kind in (
        ("Not Found Error", "Could not find user with author_id: [{}].", "resource-not-found"),
        ("Forbidden", "User has been suspended: [{}].", "resource-not-found"),
        (
            "Authorization Error",
            "Sorry, you are not authorized to see the user with author_id: [{}].",
            "not-authorized-for-resource",
        ),
    ):
        one = by_title[title]
        assert one["detail"] == detail.format(one["value"])
        assert one["type"] == "https://api.twitter.com/2/problems/" + kind
        assert (one["resource_type"], one["resource_id"]) == ("user", one["value"])
    # Nothing was to be looked up, so nothing is missing.
    assert "errors" not in whole.body


async def test_a_user_who_is_mentioned_and_missing_is_told_by_name(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=1, quirks=Quirks(missing_authors=1), clock=clock)
    async with serving(sandbox, clock) as api:
        reply = await api.get(
            f"{api.tweet}/retweets",
            expansions="entities.mentions.username",
            tweet__fields="entities",
        )
    (retweet,) = reply.body["data"]
    names = {one["username"] for one in retweet["entities"]["mentions"]}
    assert {one["value"] for one in reply.body["errors"]} == names
    assert {one["parameter"] for one in reply.body["errors"]} == {"entities.mentions.username"}


async def test_a_tweet_that_is_gone_is_told_once_whatever_was_looked_up_in_it(
    clock: ManualClock,
) -> None:
    sandbox = Sandbox(retweets=1, clock=clock)
    gone = 1_400_000_000_000_000_000
    reply_id = gone + 1
    sandbox._core.world.add_tweet(
        Tweet(id=reply_id, author_id=story.AUTHOR_ID, text="Where?", replied_to=(gone, 7))
    )
    async with serving(sandbox, clock) as api:
        asked = ("referenced_tweets.id", "referenced_tweets.id.author_id", "in_reply_to_user_id")
        reply = await api.get(f"/2/tweets/{reply_id}", expansions=",".join(asked))
        new = await api.get(f"/2/tweets/{reply_id}", expansions="referenced_posts")
    told = [(one["parameter"], one["value"]) for one in reply.body["errors"]]
    assert told == [("referenced_tweets.id", str(gone)), ("in_reply_to_user_id", "7")]
    assert [one["parameter"] for one in new.body["errors"]] == ["referenced_posts"]


async def test_when_all_users_are_missing_there_are_no_includes(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=10, quirks=Quirks(missing_authors=1), clock=clock)
    async with serving(sandbox, clock) as api:
        page = await api.get(f"{api.tweet}/retweets", expansions="author_id")
    assert len(page.ids) == 10
    assert "includes" not in page.body

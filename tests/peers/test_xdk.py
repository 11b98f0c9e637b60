"""xdk, X's own client, which blocks and speaks of posts."""

import pytest

from twretweet.sandbox import ThreadedSandbox, story

pytest.importorskip("xdk", reason="xdk is not installed (extra: peers)")

import requests
from xdk import Client
from xdk.oauth1_auth import OAuth1
from xdk.users.models import RepostPostRequest


@pytest.fixture
def client(sandbox: ThreadedSandbox) -> Client:
    """The recipe: the address is an argument of xdk's client."""
    return Client(base_url=sandbox.url, access_token=sandbox.oauth2.access_token)


def signing(sandbox: ThreadedSandbox) -> Client:
    keys = sandbox.oauth1
    auth = OAuth1(
        keys.consumer_key,
        keys.consumer_secret,
        "http://127.0.0.1/",
        keys.access_token,
        keys.access_token_secret,
    )
    return Client(base_url=sandbox.url, auth=auth)


@pytest.mark.parametrize("kind", ["oauth2", "oauth1"])
def test_it_retweets_and_undoes(client: Client, sandbox: ThreadedSandbox, kind: str) -> None:
    client = signing(sandbox) if kind == "oauth1" else client
    me = client.users.get_me().data
    assert (me.id, me.username) == (sandbox.me.user_id, sandbox.me.username)
    body = RepostPostRequest(tweet_id=sandbox.tweet_id)
    made = client.users.repost_post(me.id, body).data
    assert made.retweeted
    [found] = [
        post
        for page in client.posts.get_reposts(sandbox.tweet_id)
        for post in page.data
        if post.id == made.rest_id
    ]
    assert found.text.startswith("RT @TwitterDev")
    with pytest.raises(requests.HTTPError, match="400"):
        client.users.repost_post(me.id, body)
    assert not client.users.unrepost_post(me.id, sandbox.tweet_id).data.retweeted


def test_it_walks_in_its_own_vocabulary(client: Client, sandbox: ThreadedSandbox) -> None:
    pages = list(
        client.posts.get_reposts(
            sandbox.tweet_id,
            max_results=90,
            post_fields=["created_at", "public_metrics", "entities"],
            expansions=["author_id", "referenced_posts"],
            user_fields=["username", "public_metrics", "created_at"],
        )
    )
    posts = [post for page in pages for post in page.data]
    assert len({post.id for post in posts}) == 250
    assert [len(page.data) for page in pages] == [90, 90, 70]
    assert {post.edit_history_post_ids[0] == post.id for post in posts} == {True}
    users = {user.id for page in pages for user in page.includes.users}
    assert {post.author_id for post in posts} <= users
    assert pages[0].includes.posts[0].id == sandbox.tweet_id

    people = [
        user for page in client.posts.get_reposted_by(sandbox.tweet_id) for user in page.data
    ]
    assert [user.id for user in people] == [post.author_id for post in posts]
    quotes = [post for page in client.posts.get_quoted(sandbox.tweet_id) for post in page.data]
    assert len(quotes) == story.QUOTES
    assert [post for page in client.users.get_reposts_of_me() for post in page.data]
    assert {request.status for request in sandbox.requests} == {200}


def test_it_looks_up_and_reads_the_usage(sandbox: ThreadedSandbox) -> None:
    client = Client(base_url=sandbox.url, bearer_token=sandbox.app_only.bearer_token)
    assert client.users.get_by_username("TwitterDev").data.name == "Twitter Dev"
    assert client.posts.get_by_id(sandbox.tweet_id).data.id == sandbox.tweet_id
    missing = client.posts.get_by_id("20")
    assert missing.data is None
    assert missing.errors[0].title == "Not Found Error"
    usage = client.usage.get(days=3, usage_fields=["daily_project_usage", "project_usage"]).data
    assert str(usage.project_usage) == "1"
    assert len(usage.daily_project_usage.usage) == 3

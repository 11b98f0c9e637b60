"""python-twitter-v2, imported as pytwitter, which blocks."""

import pytest

from twretweet.sandbox import ThreadedSandbox, story

pytest.importorskip("pytwitter", reason="python-twitter-v2 is not installed (extra: peers)")

from pytwitter import Api, PyTwitterError


@pytest.fixture
def address(sandbox: ThreadedSandbox, monkeypatch: pytest.MonkeyPatch) -> ThreadedSandbox:
    """The recipe: the address is an attribute of pytwitter's class."""
    monkeypatch.setattr(Api, "BASE_URL_V2", f"{sandbox.url}/2")
    return sandbox


def test_it_retweets_and_undoes(address: ThreadedSandbox) -> None:
    keys = address.oauth1
    client = Api(
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_secret=keys.access_token_secret,
    )
    assert client.get_me().data.username == address.me.username
    made = client.retweet_tweet(client.auth_user_id, address.tweet_id)
    assert made["data"]["retweeted"]
    with pytest.raises(PyTwitterError, match="already retweeted"):
        client.retweet_tweet(client.auth_user_id, address.tweet_id)
    [latest] = client.get_tweet_retweeted_users(address.tweet_id, max_results=1).data
    assert latest.id == address.me.user_id
    undone = client.remove_retweet_tweet(client.auth_user_id, address.tweet_id)
    assert undone == {"data": {"retweeted": False}}


def test_it_walks(address: ThreadedSandbox) -> None:
    client = Api(bearer_token=address.app_only.bearer_token)
    token, ids, authors = None, [], set()
    while True:
        page = client.get_tweet_retweeted_tweets(
            address.tweet_id,
            pagination_token=token,
            max_results=100,
            tweet_fields=["created_at", "public_metrics"],
            expansions=["author_id", "referenced_tweets.id"],
            user_fields="username,verified",
        )
        ids += [tweet.id for tweet in page.data]
        authors |= {user.id for user in page.includes.users}
        token = page.meta.next_token
        if token is None:
            break
    assert len(set(ids)) == len(authors) == 250
    assert page.includes.tweets[0].id == address.tweet_id
    quotes = client.get_tweet_quote_tweets(address.tweet_id, max_results=100)
    assert len(quotes.data) == story.QUOTES

"""tweepy, which blocks."""

import pytest

from twretweet.sandbox import ThreadedSandbox, mapped_hosts, story

pytest.importorskip("tweepy", reason="tweepy is not installed (extra: peers)")

import requests
import tweepy
from requests.adapters import HTTPAdapter


class ToSandbox(HTTPAdapter):
    """Sends to a sandbox what was meant for the host in front of it.

    Nothing is changed but where the bytes go, as a line in ``/etc/hosts`` would do it; from the
    ``Host`` header the sandbox sees for which address the request was signed.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(
        self, request: requests.PreparedRequest, *args: object, **named: object
    ) -> requests.Response:
        assert request.url is not None
        host, slash, rest = request.url.removeprefix("https://").partition("/")
        request.headers["Host"] = host
        request.url = f"{self._url}{slash}{rest}"
        return super().send(request, *args, **named)  # type: ignore[arg-type]


@pytest.fixture
def client(sandbox: ThreadedSandbox) -> tweepy.Client:
    """The recipe for v2, whose address is fixed in tweepy's code."""
    keys = sandbox.oauth1
    made = tweepy.Client(
        bearer_token=sandbox.app_only.bearer_token,
        consumer_key=keys.consumer_key,
        consumer_secret=keys.consumer_secret,
        access_token=keys.access_token,
        access_token_secret=keys.access_token_secret,
    )
    made.session.mount("https://api.twitter.com", ToSandbox(sandbox.url))
    return made


@pytest.fixture
def old(sandbox: ThreadedSandbox) -> tweepy.API:
    """The recipe for v1.1: ``host`` may name another host, but https is fixed."""
    keys = sandbox.oauth1
    made = tweepy.API(
        tweepy.OAuth1UserHandler(
            keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret
        )
    )
    made.session.mount("https://api.twitter.com", ToSandbox(sandbox.url))
    return made


def test_it_retweets_and_undoes(client: tweepy.Client, sandbox: ThreadedSandbox) -> None:
    assert client.retweet(sandbox.tweet_id).data["retweeted"]
    latest = client.get_retweeters(sandbox.tweet_id, max_results=1).data
    assert [user.username for user in latest] == [sandbox.me.username]
    with pytest.raises(tweepy.BadRequest, match="already retweeted"):
        client.retweet(sandbox.tweet_id)
    assert not client.unretweet(sandbox.tweet_id).data["retweeted"]
    metrics = client.get_tweet(sandbox.tweet_id, tweet_fields=["public_metrics"]).data
    assert metrics.public_metrics["retweet_count"] == 250
    assert client.get_me().data.username == sandbox.me.username


def test_it_retweets_with_a_token_of_oauth_2(sandbox: ThreadedSandbox) -> None:
    client = tweepy.Client(sandbox.oauth2.access_token)
    client.session.mount("https://api.twitter.com", ToSandbox(sandbox.url))
    assert client.retweet(sandbox.tweet_id, user_auth=False).data["retweeted"]
    assert not client.unretweet(sandbox.tweet_id, user_auth=False).data["retweeted"]


def test_it_walks_through_the_retweeters(client: tweepy.Client, sandbox: ThreadedSandbox) -> None:
    pages = tweepy.Paginator(
        client.get_retweeters,
        sandbox.tweet_id,
        user_fields=["created_at", "public_metrics", "verified_type", "entities"],
        expansions=["pinned_tweet_id", "most_recent_tweet_id"],
        tweet_fields=["created_at", "public_metrics"],
        max_results=40,
    )
    found = list(pages)
    users = [user for page in found for user in page.data]
    assert len({user.id for user in users}) == 250
    assert [page.meta["result_count"] for page in found] == [40] * 6 + [10]
    assert all(user.created_at.year >= 2006 for user in users)
    assert found[0].includes["tweets"]
    # Of tweepy's methods, this one gives tweets.
    quotes = tweepy.Paginator(client.get_quote_tweets, sandbox.tweet_id).flatten()
    assert len(list(quotes)) == story.QUOTES


def test_it_understands_what_goes_wrong(client: tweepy.Client, sandbox: ThreadedSandbox) -> None:
    [error] = client.get_tweet(20).errors
    assert error["title"] == "Not Found Error"
    with pytest.raises(tweepy.BadRequest, match="`max_results` query parameter value"):
        client.get_retweeters(sandbox.tweet_id, max_results=500)
    with pytest.raises(tweepy.Unauthorized):
        broken = tweepy.Client("no token")
        broken.session.mount("https://api.twitter.com", ToSandbox(sandbox.url))
        broken.get_retweeters(sandbox.tweet_id)
    with pytest.raises(tweepy.TooManyRequests) as full:
        for _ in range(76):
            client.get_me()
    assert full.value.reset_time > 0


def test_it_retweets_and_undoes_over_v1(old: tweepy.API, sandbox: ThreadedSandbox) -> None:
    made = old.retweet(sandbox.tweet_id)
    assert made.retweeted_status.id_str == sandbox.tweet_id
    assert made.user.screen_name == sandbox.me.username
    assert made.created_at.year >= 2023
    with pytest.raises(tweepy.Forbidden) as twice:
        old.retweet(sandbox.tweet_id)
    assert twice.value.api_codes == [327]
    assert old.unretweet(sandbox.tweet_id, trim_user=True).retweet_count == 250
    assert old.update_status("Written by tweepy").text == "Written by tweepy"
    with pytest.raises(tweepy.NotFound) as gone:
        old.retweet(20)
    assert gone.value.api_codes == [144]
    assert [request.status for request in sandbox.requests] == [200, 403, 200, 200, 404]


def test_with_tls_and_a_mapped_host_it_runs_as_it_is() -> None:
    """The recipe that changes nothing about tweepy: its host leads to the sandbox."""
    pytest.importorskip("trustme", reason="trustme is not installed (extra: tls)")
    with ThreadedSandbox(retweets=25, tls=True) as sandbox, mapped_hosts(sandbox):
        keys = sandbox.oauth1
        client = tweepy.Client(
            bearer_token=sandbox.app_only.bearer_token,
            consumer_key=keys.consumer_key,
            consumer_secret=keys.consumer_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_token_secret,
        )
        assert client.retweet(sandbox.tweet_id).data["retweeted"]
        latest = client.get_retweeters(sandbox.tweet_id, max_results=1).data
        assert [user.username for user in latest] == [sandbox.me.username]
        assert not client.unretweet(sandbox.tweet_id).data["retweeted"]
        old = tweepy.API(
            tweepy.OAuth1UserHandler(
                keys.consumer_key,
                keys.consumer_secret,
                keys.access_token,
                keys.access_token_secret,
            )
        )
        assert old.retweet(sandbox.tweet_id).user.screen_name == sandbox.me.username
        with pytest.raises(tweepy.Forbidden):
            old.retweet(sandbox.tweet_id)
        assert [request.status for request in sandbox.requests] == [200, 200, 200, 200, 403]

"""tweepy's asynchronous client."""

import ssl

import pytest

from twretweet.sandbox import Sandbox, mapped_hosts, story

pytest.importorskip("tweepy", reason="tweepy is not installed (extra: peers)")
pytest.importorskip("async_lru", reason="tweepy is installed without its extra async")

import aiohttp
import tweepy
from tweepy.asynchronous import AsyncClient, AsyncPaginator
from yarl import URL

pytestmark = pytest.mark.anyio


class ToSandbox:
    """Stands where tweepy has its ``aiohttp.ClientSession``, and sends all to a sandbox.

    Only where the bytes go is changed; see the blocking client beside this one.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = URL(url)

    def request(self, method: str, url: str | URL, *, headers: dict[str, str], **named: object):
        meant = URL(url)
        there = meant.with_scheme("http").with_host("127.0.0.1").with_port(self._url.port)
        return self._http.request(method, there, headers={**headers, "Host": meant.host}, **named)


async def test_it_retweets_walks_and_undoes() -> None:
    """The recipe: set ``client.session`` before the first call, as tweepy's documentation says."""
    async with Sandbox(retweets=250) as sandbox, aiohttp.ClientSession() as http:
        keys = sandbox.oauth1
        client = AsyncClient(
            bearer_token=sandbox.app_only.bearer_token,
            consumer_key=keys.consumer_key,
            consumer_secret=keys.consumer_secret,
            access_token=keys.access_token,
            access_token_secret=keys.access_token_secret,
        )
        client.session = ToSandbox(http, sandbox.url)

        assert (await client.retweet(sandbox.tweet_id)).data["retweeted"]
        with pytest.raises(tweepy.BadRequest, match="already retweeted"):
            await client.retweet(sandbox.tweet_id)
        me = await client.get_me(user_fields=["created_at"])
        assert me.data.username == sandbox.me.username

        pages = AsyncPaginator(
            client.get_retweeters, sandbox.tweet_id, user_fields=["created_at"], max_results=100
        )
        users = [user async for user in pages.flatten()]
        assert len({user.id for user in users}) == 251
        assert users[0].id == me.data.id
        quotes = AsyncPaginator(client.get_quote_tweets, sandbox.tweet_id)
        assert len([quote async for quote in quotes.flatten()]) == story.QUOTES

        assert not (await client.unretweet(sandbox.tweet_id)).data["retweeted"]
        assert {request.status for request in sandbox.requests} == {200, 400}
        assert not sandbox.failures


async def test_it_takes_the_sandbox_for_x_where_the_hosts_are_mapped() -> None:
    """The README's recipe, signed for api.twitter.com."""
    pytest.importorskip("trustme", reason="trustme is not installed (extra: tls)")
    async with Sandbox(retweets=25, tls=True) as sandbox:
        context = ssl.create_default_context(cafile=sandbox.ca_file)
        believing = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))
        with mapped_hosts(sandbox):
            async with believing:
                keys = sandbox.oauth1
                client = AsyncClient(
                    bearer_token=sandbox.app_only.bearer_token,
                    consumer_key=keys.consumer_key,
                    consumer_secret=keys.consumer_secret,
                    access_token=keys.access_token,
                    access_token_secret=keys.access_token_secret,
                )
                client.session = believing
                assert (await client.retweet(sandbox.tweet_id)).data["retweeted"]
                assert len((await client.get_retweeters(sandbox.tweet_id)).data) == 26
        assert not sandbox.failures

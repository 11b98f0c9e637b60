"""tweepy, async and sync. Neither has a method for GET retweets, so both are given one."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import aiohttp
import requests
from requests.adapters import HTTPAdapter
from tweepy import Client
from tweepy.asynchronous import AsyncClient
from tweepy.tweet import Tweet

from benchmarks.speed.data import TWEET_FIELDS, USER_FIELDS
from benchmarks.speed.variant import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    BEARER,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    Take,
    Variant,
)

_HOST = "https://api.twitter.com"  # written into tweepy
_ENDPOINT = ("expansions", "max_results", "pagination_token", "tweet.fields", "user.fields")
_KEYS = (BEARER, CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_SECRET)


def _params(token: str | None) -> dict[str, object]:
    return {
        "expansions": ["author_id"],
        "max_results": 100,
        "pagination_token": token,
        "tweet_fields": list(TWEET_FIELDS),
        "user_fields": list(USER_FIELDS),
    }


class _Tweepy(Variant):
    client: Client | AsyncClient

    def look(self, page: Any, take: Take) -> None:
        users = {user.id: user for user in page.includes["users"]}
        for tweet in page.data:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    def decode(self, body: bytes) -> Any:
        client = Client(BEARER)
        return client._construct_response(json.loads(body), data_type=Tweet)  # noqa: SLF001


class _Redirected:
    """An aiohttp session that goes to our server instead."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url

    def request(self, method: str, url: object, **options: Any) -> Any:
        moved = str(url).replace(_HOST, self._url, 1)
        if not isinstance(url, str):  # signed, and to be sent as it is
            return self._http.request(method, type(url)(moved, encoded=True), **options)
        return self._http.request(method, moved, **options)


class _AsyncClient(AsyncClient):  # type: ignore[misc]
    async def get_retweets(self, tweet: int, **params: Any) -> Any:
        return await self._make_request(
            "GET",
            f"/2/tweets/{tweet}/retweets",
            params=params,
            endpoint_parameters=_ENDPOINT,
            data_type=Tweet,
        )


class Async(_Tweepy):
    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession()
        self.client = _AsyncClient(*_KEYS)
        self.client.session = _Redirected(self.http, self.url)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.close()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        token: str | None = ""
        while token is not None:
            page = await self.client.get_retweets(number, **_params(token or None))
            yield page
            token = page.meta.get("next_token")

    async def write(self, tweet: int) -> bool:
        # Its signing adds the parameters to the address, and a write has none to add.
        return bool((await self.client.retweet(tweet)).data["retweeted"])

    def account(self, number: int) -> object:
        return AsyncClient(None, CONSUMER_KEY, CONSUMER_SECRET, f"{number}-token", ACCESS_SECRET)


class _Adapter(HTTPAdapter):
    """Sends what is meant for X to our server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        request.url = str(request.url).replace(_HOST, self._url, 1)
        return super().send(request, *args, **options)


class _SyncClient(Client):  # type: ignore[misc]
    def get_retweets(self, tweet: int, **params: Any) -> Any:
        return self._make_request(
            "GET",
            f"/2/tweets/{tweet}/retweets",
            params=params,
            endpoint_parameters=_ENDPOINT,
            data_type=Tweet,
        )


class Sync(_Tweepy):
    async def __aenter__(self) -> Self:
        self.client = _SyncClient(*_KEYS)
        self.client.session.trust_env = False
        self.client.session.mount(_HOST, _Adapter(self.url))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.session.close()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        token: str | None = ""
        while token is not None:
            page = self.client.get_retweets(number, **_params(token or None))
            yield page
            token = page.meta.get("next_token")

    async def write(self, tweet: int) -> bool:
        return bool(self.client.retweet(tweet).data["retweeted"])

    def account(self, number: int) -> object:
        return Client(None, CONSUMER_KEY, CONSUMER_SECRET, f"{number}-token", ACCESS_SECRET)

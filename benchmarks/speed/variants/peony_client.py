"""peony: async, with dictionaries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from peony import BasePeonyClient
from peony.data_processing import loads
from peony.oauth import OAuth1Headers, OAuth2Headers

from benchmarks.speed.variant import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    BEARER,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    PARAMS,
    USER_ID,
    Take,
    Variant,
)


class Async(Variant):
    async def __aenter__(self) -> Self:
        where = {
            "consumer_key": CONSUMER_KEY,
            "consumer_secret": CONSUMER_SECRET,
            "base_url": self.url + "/{version}",
            "api_version": "2",
            "suffix": "",
        }
        self.reader = BasePeonyClient(bearer_token=BEARER, auth=OAuth2Headers, **where)
        self.writer = BasePeonyClient(
            access_token=ACCESS_TOKEN, access_token_secret=ACCESS_SECRET, **where
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.reader.close()
        await self.writer.close()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        params = dict(PARAMS)
        while True:
            page = await self.reader.api.tweets[str(number)].retweets.get(**params)
            yield page
            if "next_token" not in page.meta:
                return
            params["pagination_token"] = page.meta.next_token

    def look(self, page: Any, take: Take) -> None:
        users = {user.id: user for user in page.includes.users}
        for tweet in page["data"]:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    async def write(self, tweet: int) -> bool:
        call = self.writer.api.users[USER_ID].retweets.post
        return bool((await call(_json={"tweet_id": str(tweet)}))["data"].retweeted)

    def decode(self, body: bytes) -> Any:
        return loads(body)

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        headers = OAuth1Headers(CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_SECRET)
        return lambda: str(headers.sign(method, path, params=params or None)["Authorization"])

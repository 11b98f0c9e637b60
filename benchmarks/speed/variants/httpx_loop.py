"""A loop over httpx and orjson: dictionaries, written by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

from benchmarks.speed.variant import BEARER, PARAMS, USER_ID, Take, Variant


class Loop(Variant):
    async def __aenter__(self) -> Self:
        self.http = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {BEARER}"}, trust_env=False
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.aclose()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        url, params = f"{self.url}/2/tweets/{number}/retweets", dict(PARAMS)
        while True:
            reply = await self.http.get(url, params=params)
            page = orjson.loads(reply.content)
            yield page
            token = page["meta"].get("next_token")
            if token is None:
                return
            params["pagination_token"] = token

    def look(self, page: Any, take: Take) -> None:
        users = {user["id"]: user for user in page["includes"]["users"]}
        for tweet in page["data"]:
            take(tweet["id"], tweet["text"], users[tweet["author_id"]]["username"])

    async def write(self, tweet: int) -> bool:
        url = f"{self.url}/2/users/{USER_ID}/retweets"
        reply = await self.http.post(url, json={"tweet_id": str(tweet)})
        return bool(orjson.loads(reply.content)["data"]["retweeted"])

    def decode(self, body: bytes) -> Any:
        return orjson.loads(body)

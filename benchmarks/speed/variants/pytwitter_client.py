"""python-twitter-v2: synchronous, with dataclasses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, Self

from pytwitter import Api
from pytwitter.models import Tweet

from benchmarks.speed.data import TWEET_FIELDS, USER_FIELDS
from benchmarks.speed.variant import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    BEARER,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    USER_ID,
    Take,
    Variant,
)


class Sync(Variant):
    async def __aenter__(self) -> Self:
        self.reader = Api(bearer_token=BEARER)
        self.writer = Api(
            consumer_key=CONSUMER_KEY,
            consumer_secret=CONSUMER_SECRET,
            access_token=ACCESS_TOKEN,
            access_secret=ACCESS_SECRET,
        )
        for api in (self.reader, self.writer):
            api.BASE_URL_V2 = f"{self.url}/2"
            api.session.trust_env = False
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reader.session.close()
        self.writer.session.close()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        token: str | None = ""
        while token is not None:
            page = self.reader.get_tweet_retweeted_tweets(
                str(number),
                pagination_token=token or None,
                max_results=100,
                expansions="author_id",
                tweet_fields=list(TWEET_FIELDS),
                user_fields=list(USER_FIELDS),
            )
            yield page
            token = page.meta.next_token

    def look(self, page: Any, take: Take) -> None:
        users = {user.id: user for user in page.includes.users}
        for tweet in page.data:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    async def write(self, tweet: int) -> bool:
        return bool(self.writer.retweet_tweet(USER_ID, str(tweet))["data"]["retweeted"])

    def decode(self, body: bytes) -> Any:
        return Api._format_response(json.loads(body), Tweet, multi=True)  # noqa: SLF001

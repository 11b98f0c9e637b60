"""xdk, X's own client, which is synchronous."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from xdk import Client
from xdk.oauth1_auth import OAuth1
from xdk.posts.models import GetRepostsResponse
from xdk.schemas import RepostPostRequest

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


def _oauth() -> OAuth1:
    return OAuth1(CONSUMER_KEY, CONSUMER_SECRET, "", ACCESS_TOKEN, ACCESS_SECRET)


class Sync(Variant):
    async def __aenter__(self) -> Self:
        self.client = Client(self.url, bearer_token=BEARER)
        self.writer = Client(self.url, auth=_oauth())
        for client in (self.client, self.writer):
            client.session.trust_env = False
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.client.session.close()
        self.writer.session.close()

    async def pages(self, number: int) -> AsyncIterator[Any]:
        for page in self.client.posts.get_reposts(
            str(number),
            max_results=100,
            post_fields=list(TWEET_FIELDS),
            expansions=["author_id"],
            user_fields=list(USER_FIELDS),
        ):
            yield page

    def look(self, page: Any, take: Take) -> None:
        users = {user.id: user for user in page.includes.users}
        for tweet in page.data:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    async def write(self, tweet: int) -> bool:
        body = RepostPostRequest(tweet_id=str(tweet))
        return bool(self.writer.users.repost_post(USER_ID, body).data.retweeted)

    def decode(self, body: bytes) -> Any:
        return GetRepostsResponse.model_validate(json.loads(body))

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        query = "&".join(f"{name}={value}" for name, value in params.items())
        oauth, url = _oauth(), f"{path}?{query}" if query else path
        return lambda: str(oauth.build_request_header(method, url))

    def account(self, number: int) -> object:
        keys = OAuth1(CONSUMER_KEY, CONSUMER_SECRET, "", f"{number}-token", ACCESS_SECRET)
        return Client(self.url, auth=keys)

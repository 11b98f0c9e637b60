"""A plain HTTP client for the sandbox: aiohttp and oauthlib, nothing of the package's own."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import msgspec
from oauthlib.oauth1 import Client
from yarl import URL

from tests.support.clock import ManualClock
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.sandbox import Account, Sandbox

Json = dict[str, Any]


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    body: Json

    @property
    def limit(self) -> tuple[int, int, int]:
        limit, remaining, reset = (
            int(self.headers[f"x-rate-limit-{part}"]) for part in ("limit", "remaining", "reset")
        )
        return limit, remaining, reset

    @property
    def ids(self) -> list[str]:
        return [item["id"] for item in self.body.get("data", [])]

    @property
    def problem(self) -> str:
        return self.body["type"].rpartition("/")[2]

    @property
    def messages(self) -> list[str]:
        return [error["message"] for error in self.body["errors"]]

    @property
    def codes(self) -> list[int]:
        return [error["code"] for error in self.body["errors"]]


def content_type(status: int, body: Json) -> str:
    """What a reply with this body is sent as: errors of v2 are problems, and nothing else is."""
    is_problem = status != 200 and {"title", "detail", "type"} <= set(body)
    return "application/problem+json" if is_problem else "application/json; charset=utf-8"


class Api:
    """Calls a sandbox as ``credentials``; by default as the sandbox's own user, signing."""

    def __init__(self, sandbox: Sandbox, clock: ManualClock, http: aiohttp.ClientSession) -> None:
        self.sandbox = sandbox
        self.clock = clock
        self.http = http
        self.tweet = f"/2/tweets/{sandbox.tweet_id}"

    def sign(
        self,
        method: str,
        url: str,
        keys: OAuth1,
        *,
        body: str | None = None,
        timestamp: float | None = None,
        nonce: str | None = None,
    ) -> dict[str, str]:
        at = self.clock.time() if timestamp is None else timestamp
        client = Client(
            keys.consumer_key,
            keys.consumer_secret,
            keys.access_token,
            keys.access_token_secret,
            timestamp=str(int(at)),
            nonce=nonce,
        )
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        _, signed, _ = client.sign(url, method, body=body, headers=headers)
        return dict(signed)

    def url(self, path: str, query: Mapping[str, object]) -> str:
        text = urlencode(query, quote_via=quote, safe="")
        return f"{self.sandbox.url}{path}" + (f"?{text}" if text else "")

    async def call(
        self,
        method: str,
        path: str,
        query: Mapping[str, object] | None = None,
        *,
        who: OAuth1 | OAuth2 | AppOnly | Account | None = None,
        json: object = None,
        data: str | bytes | None = None,
    ) -> Reply:
        url = self.url(path, query or {})
        if isinstance(who, Account):
            who = who.oauth1
        if who is None:
            who = self.sandbox.oauth1
        form = data if isinstance(data, str) else None
        if isinstance(who, OAuth1):
            headers = self.sign(method, url, who, body=form)
        else:
            token = who.access_token if isinstance(who, OAuth2) else who.bearer_token
            headers = {"Authorization": f"Bearer {token}"}
        if isinstance(data, bytes):
            headers["Content-Type"] = "application/json"  # whatever it may be
        return await self.send(method, url, headers, json=json, data=data)

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        *,
        json: object = None,
        data: str | bytes | None = None,
    ) -> Reply:
        async with self.http.request(
            method, URL(url, encoded=True), headers=headers, json=json, data=data
        ) as reply:
            raw = await reply.read()
            body = msgspec.json.decode(raw) if raw else {}
            assert reply.headers["content-type"] == content_type(reply.status, body)
            return Reply(reply.status, reply.headers, body)

    async def get(
        self,
        path: str,
        who: OAuth1 | OAuth2 | AppOnly | Account | None = None,
        **query: object,
    ) -> Reply:
        """GET; in the names of parameters, ``__`` stands for a dot."""
        dotted = {name.replace("__", "."): value for name, value in query.items()}
        return await self.call("GET", path, dotted, who=who)

    async def retweet(self, account: Account | None = None, tweet_id: str | None = None) -> Reply:
        account = account or self.sandbox.me
        return await self.call(
            "POST",
            f"/2/users/{account.user_id}/retweets",
            who=account,
            json={"tweet_id": tweet_id or self.sandbox.tweet_id},
        )

    async def undo(self, account: Account | None = None, tweet_id: str | None = None) -> Reply:
        account = account or self.sandbox.me
        path = f"/2/users/{account.user_id}/retweets/{tweet_id or self.sandbox.tweet_id}"
        return await self.call("DELETE", path, who=account)

    async def walk(self, path: str, **query: object) -> list[Reply]:
        """Every page; each as another account, so that no window is ever full."""
        pages: list[Reply] = []
        token: dict[str, object] = {}
        who: Account = self.sandbox.me
        while not pages or token:
            if len(pages) % 70 == 69:
                who = self.sandbox.new_account()
            page = await self.get(path, who, **query, **token)
            assert page.status == 200, page.body
            pages.append(page)
            after = page.body["meta"].get("next_token")
            token = {} if after is None else {"pagination_token": after}
        return pages


@asynccontextmanager
async def serving(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[Api]:
    """Run ``sandbox``, and check at the end that nothing in it went wrong."""
    async with sandbox, aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
        yield Api(sandbox, clock, http)
    assert not sandbox.failures, list(sandbox.failures)

"""Loops written by hand over aiohttp's public face: the least that a program does which uses it.

They are no bound: who goes below ``ClientSession``, as twretweet's transport does, can be faster.

The bare one throws its pages away. The others decode them to structs; they know nothing of rate
limits, errors, retries or accounts.
"""

from __future__ import annotations

import base64
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import msgspec
from oauthlib import oauth1
from yarl import URL

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
    touch,
)
from benchmarks.speed.variants import list_structs, structs

_NEXT = b'"next_token":"'
_WRITTEN = msgspec.json.Decoder(structs.Written)


class Bare(Variant):
    """The floor: bodies are read and thrown away; the next token is cut out of them."""

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession()
        self.headers = {"Authorization": f"Bearer {BEARER}"}
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.http.close()

    async def pages(self, number: int) -> AsyncIterator[bytes]:
        url, params = f"{self.url}/2/tweets/{number}/retweets", dict(PARAMS)
        while True:
            async with self.http.get(url, params=params, headers=self.headers) as reply:
                body = await reply.read()
            yield body
            at = body.rfind(_NEXT)
            if at < 0:
                return
            at += len(_NEXT)
            params["pagination_token"] = body[at : body.index(b'"', at)].decode()

    def look(self, page: bytes, take: Take) -> None:
        if take is touch:
            return
        reply = json.loads(page)  # for the check alone
        names = {user["id"]: user["username"] for user in reply["includes"]["users"]}
        for tweet in reply["data"]:
            take(tweet["id"], tweet["text"], names[tweet["author_id"]])

    async def write(self, tweet: int) -> bool:
        url = f"{self.url}/2/users/{USER_ID}/retweets"
        body = b'{"tweet_id":"%d"}' % tweet
        async with self.http.post(url, data=body, headers=self.headers) as reply:
            return b'"retweeted":true' in await reply.read()


class Bearer(Bare):
    """The shortest loop that reads what it fetched, with the structs that hold it best."""

    page: Any = structs.Page

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.decoder = msgspec.json.Decoder(self.page)

    async def fetch(self, url: str, params: dict[str, str]) -> bytes:
        async with self.http.get(url, params=params, headers=self.headers) as reply:
            return await reply.read()

    async def walk(self, number: int, take: Take) -> None:
        url, params = f"{self.url}/2/tweets/{number}/retweets", dict(PARAMS)
        token: str | None = ""
        while token is not None:
            page = self.decoder.decode(await self.fetch(url, params))
            users = {user.id: user for user in page.includes.users}
            for tweet in page.data:
                take(tweet.id, tweet.text, users[tweet.author_id].username)
            token = page.meta.next_token
            if token:
                params["pagination_token"] = token

    async def hold(self, number: int, take: Take) -> Any:
        url, params = f"{self.url}/2/tweets/{number}/retweets", dict(PARAMS)
        tweets: list[structs.Tweet] = []
        users: dict[str, structs.User] = {}
        token: str | None = ""
        while token is not None:
            page = self.decoder.decode(await self.fetch(url, params))
            users.update({user.id: user for user in page.includes.users})
            tweets += page.data
            for tweet in page.data:
                take(tweet.id, tweet.text, users[tweet.author_id].username)
            token = page.meta.next_token
            if token:
                params["pagination_token"] = token
        return tweets, users

    def look_back(self, held: Any, take: Take) -> None:
        tweets, users = held
        for tweet in tweets:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    def decode(self, body: bytes) -> Any:
        return self.decoder.decode(body)

    def look(self, page: Any, take: Take) -> None:
        users = {user.id: user for user in page.includes.users}
        for tweet in page.data:
            take(tweet.id, tweet.text, users[tweet.author_id].username)

    async def write(self, tweet: int) -> bool:
        url = f"{self.url}/2/users/{USER_ID}/retweets"
        body = b'{"tweet_id":"%d"}' % tweet
        async with self.http.post(url, data=body, headers=self.write_headers(url)) as reply:
            return _WRITTEN.decode(await reply.read()).data.retweeted

    def write_headers(self, url: str) -> dict[str, str]:
        return {**self.headers, "Content-Type": "application/json"}

    def account(self, number: int) -> object:
        return {"Authorization": f"Bearer {BEARER}{number}"}


class Lists(Bearer):
    """The same with the structs as they are written first."""

    page = list_structs.Page


class Signing(Bearer):
    """The same, signing with oauthlib's client."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.oauth = oauth1.Client(CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_SECRET)

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        url = f"{path}?{_joined(params)}" if params else path
        return lambda: str(self.oauth.sign(url, method)[1]["Authorization"])

    async def fetch(self, url: str, params: dict[str, str]) -> bytes:
        address, headers, _ = self.oauth.sign(f"{url}?{_joined(params)}", "GET")
        async with self.http.get(URL(address, encoded=True), headers=headers) as reply:
            return await reply.read()

    def write_headers(self, url: str) -> dict[str, str]:
        signed = self.oauth.sign(url, "POST")[1]
        return {**signed, "Content-Type": "application/json"}


class Precomputed(Signing):
    """The same, signing by hand: what never changes is computed once, down to the query.

    Parameters are signed in the order of the alphabet, so with the names known beforehand the
    text to be signed is two constants around what varies.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.key = f"{CONSUMER_SECRET}&{ACCESS_SECRET}".encode()
        self.post_head = f"POST&{quote(f'{url}/2/users/{USER_ID}/retweets', safe='')}&"
        self.get_url = ""
        self.get_head = ""
        first = {name: PARAMS[name] for name in ("expansions", "max_results")}
        last = {name: PARAMS[name] for name in ("tweet.fields", "user.fields")}
        self.first, self.last = _joined(first), _joined(last)
        self.first_signed = quote(self.first + "&", safe="")
        self.last_signed = quote("&" + self.last, safe="")

    def signed(self, head: str, before: str, after: str) -> str:
        nonce, now = secrets.token_hex(16), int(time.time())
        base = (
            f"{head}{before}oauth_consumer_key%3D{CONSUMER_KEY}%26oauth_nonce%3D{nonce}"
            f"%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D{now}"
            f"%26oauth_token%3D{ACCESS_TOKEN}%26oauth_version%3D1.0{after}"
        )
        made = base64.b64encode(hmac.digest(self.key, base.encode(), "sha1")).decode()
        signature = made.replace("+", "%2B").replace("/", "%2F").replace("=", "%3D")
        return (
            f'OAuth oauth_consumer_key="{CONSUMER_KEY}", oauth_nonce="{nonce}", '
            f'oauth_signature="{signature}", oauth_signature_method="HMAC-SHA1", '
            f'oauth_timestamp="{now}", oauth_token="{ACCESS_TOKEN}", oauth_version="1.0"'
        )

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        if method == "POST":
            return lambda: self.signed(self.post_head, "", "")
        return lambda: self.sign_get(path, params)

    def sign_get(self, path: str, params: dict[str, str]) -> str:
        if path != self.get_url:
            self.get_url, self.get_head = path, f"GET&{quote(path, safe='')}&"
        token = params.get("pagination_token")
        page = f"%26pagination_token%3D{token}" if token else ""
        return self.signed(self.get_head, self.first_signed, page + self.last_signed)

    async def fetch(self, url: str, params: dict[str, str]) -> bytes:
        token = params.get("pagination_token")
        page = f"&pagination_token={token}" if token else ""
        address = f"{url}?{self.first}{page}&{self.last}"
        headers = {"Authorization": self.sign_get(url, params)}
        async with self.http.get(URL(address, encoded=True), headers=headers) as reply:
            return await reply.read()

    def write_headers(self, url: str) -> dict[str, str]:
        return {
            "Authorization": self.signed(self.post_head, "", ""),
            "Content-Type": "application/json",
        }


def _joined(params: dict[str, str]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in params.items())

"""The page at ``/`` over HTTP: who gets it, and what it may do."""

import base64
import hashlib
import re

import aiohttp
import pytest

from tests.sandbox.http import Api
from twretweet.sandbox import page

pytestmark = pytest.mark.anyio


async def test_the_page_is_one_file_that_may_load_nothing(api: Api) -> None:
    for path in ("/", "/?from=somewhere"):
        async with api.http.get(api.sandbox.url + path) as reply:
            assert reply.status == 200
            assert reply.headers["content-type"] == "text/html; charset=utf-8"
            policy = reply.headers["content-security-policy"]
            assert await reply.read() == page.read()
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == rules["form-action"] == rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert not re.search(rb"(?:src|href|url)\s*[=(]\s*[\"']?(?:https?:)?//", page.read())
    for kind in ("style", "script"):
        [inside] = re.findall(rf"<{kind}>(.*?)</{kind}>".encode(), page.read(), re.DOTALL)
        found = base64.b64encode(hashlib.sha256(inside).digest()).decode()
        assert rules[f"{kind}-src"] == f"'sha256-{found}'"
    # A look at the page is no request to the API.
    assert not api.sandbox.requests


async def test_only_this_machine_gets_the_page_and_only_by_looking(api: Api) -> None:
    url = f"{api.sandbox.url}/"
    async with api.http.get(url, headers={"Host": "rebound.example"}) as reply:
        assert reply.status == 403
    async with api.http.head(url) as reply:
        assert reply.status == 200
    # A link on another site may lead here.
    async with api.http.get(url, headers={"Sec-Fetch-Site": "cross-site"}) as reply:
        assert reply.status == 200
    assert (await api.call("POST", "/")).status == 404


async def test_the_latest_retweets_of_a_tweet_are_there_to_see(api: Api) -> None:
    url = f"{api.sandbox.url}/__sandbox__/retweets"
    await api.retweet()
    async with api.http.get(url, params={"tweet_id": api.sandbox.tweet_id}) as reply:
        found = await reply.json()
    page = await api.get(f"{api.tweet}/retweets", max_results=20, tweet__fields="created_at")
    assert found["retweets"] == 26
    assert [one["id"] for one in found["latest"]] == page.ids
    assert [one["created_at"] for one in found["latest"]] == [
        one["created_at"] for one in page.body["data"]
    ]
    assert found["latest"][0]["username"] == api.sandbox.me.username
    async with api.http.get(url) as reply:
        assert await reply.json() == found
    for wrong in ("x", "20"):
        async with api.http.get(url, params={"tweet_id": wrong}) as reply:
            assert reply.status == 400
            assert wrong in (await reply.json())["error"]


async def test_the_page_is_shown_without_any_credentials_or_cookies(api: Api) -> None:
    async with aiohttp.ClientSession() as http, http.get(api.sandbox.url) as reply:
        assert reply.status == 200
        assert not reply.cookies

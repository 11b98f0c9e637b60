"""The headers of replies, their encoding, and the host that a request names."""

import asyncio
import gzip

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from tests.sandbox.http import Api
from twretweet.sandbox.headers import gzipped, takes_gzip


async def raw(api: Api, path: str, encoding: str | None) -> tuple[aiohttp.ClientResponse, bytes]:
    """A request whose body is left as it came."""
    headers = {"Authorization": f"Bearer {api.sandbox.app_only.bearer_token}"}
    if encoding is not None:
        headers["Accept-Encoding"] = encoding
    async with (
        aiohttp.ClientSession(
            auto_decompress=False, skip_auto_headers=["Accept-Encoding"]
        ) as http,
        http.get(api.sandbox.url + path, headers=headers) as reply,
    ):
        return reply, await reply.read()


@pytest.mark.anyio
@pytest.mark.parametrize("encoding", ["gzip", "gzip, deflate, br", "br;q=1, GZIP;q=0.5", "*"])
async def test_every_reply_is_packed_for_whoever_takes_gzip(api: Api, encoding: str) -> None:
    for path in (api.tweet, f"{api.tweet}/retweets", "/2/tweets/1?foo=1", "/nowhere"):
        reply, body = await raw(api, path, encoding)
        assert reply.headers["content-encoding"] == "gzip"
        assert reply.headers["content-length"] == str(len(body))
        _, plain = await raw(api, path, None)
        assert gzip.decompress(body) == plain


@pytest.mark.anyio
@pytest.mark.parametrize("encoding", [None, "", "identity", "br", "gzip;q=0", "*, gzip;q=0.000"])
async def test_no_reply_is_packed_for_anybody_else(api: Api, encoding: str | None) -> None:
    reply, body = await raw(api, api.tweet, encoding)
    assert "content-encoding" not in reply.headers
    assert body.startswith(b"{")


@given(st.text(max_size=60))
def test_no_header_is_too_strange_to_tell_whether_it_takes_gzip(accepted: str) -> None:
    assert takes_gzip(accepted) in {True, False}


@given(st.binary())
def test_what_was_packed_can_be_unpacked(body: bytes) -> None:
    assert gzip.decompress(gzipped(body)) == body


@pytest.mark.anyio
async def test_headers_tell_the_version_and_what_the_caller_may_do(api: Api) -> None:
    reader = api.sandbox.new_account("reader", scopes=["tweet.read", "users.read"])
    replies = {
        "oauth1": await api.get("/2/users/me"),
        "oauth2": await api.get("/2/users/me", api.sandbox.oauth2),
        "reader": await api.get("/2/users/me", reader.oauth2),
        "app": await api.get(api.tweet, api.sandbox.app_only),
    }
    for reply in replies.values():
        assert reply.headers["api-version"] == "2.159"
        assert reply.headers["cache-control"] == "no-cache, no-store, max-age=0"
        assert reply.headers["x-content-type-options"] == "nosniff"
    access = {name: reply.headers["x-access-level"] for name, reply in replies.items()}
    assert access == {
        "oauth1": "read-write",
        "oauth2": "read-write",
        "reader": "read",
        "app": "read",
    }
    nobody = await api.send("GET", api.sandbox.url + api.tweet, {})
    assert nobody.status == 401
    assert "x-access-level" not in nobody.headers
    old = await api.call("POST", f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json")
    assert "api-version" not in old.headers


@pytest.mark.anyio
@pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com"])
async def test_a_client_that_takes_it_for_x_signs_for_x(api: Api, host: str) -> None:
    signed = api.sign("GET", f"https://{host}/2/users/me", api.sandbox.oauth1)
    url = f"{api.sandbox.url}/2/users/me"
    assert (await api.send("GET", url, {**signed, "Host": host})).status == 200
    # Without the host's name, it is a signature for somebody else.
    again = api.sign("GET", f"https://{host}/2/users/me", api.sandbox.oauth1)
    async with api.http.get(URL(url), headers=again) as reply:
        assert reply.status == 401


@pytest.mark.anyio
async def test_every_reply_tells_who_answers_and_the_sandbox_s_time(api: Api) -> None:
    api.clock.advance(7)
    root = api.sandbox.url
    told = [("GET", f"{root}{path}") for path in ("/", "/nowhere", "/__sandbox__/state")]
    told += [("GET", f"{root}/__sandbox__/nowhere"), ("POST", f"{root}/__sandbox__/tweets")]
    told += [("GET", f"{root}/__sandbox__/events"), ("GET", f"{root}/2/users/me")]
    for method, url in told:
        async with api.http.request(method, url) as reply:
            assert reply.headers["server"] == "twretweet-sandbox"
            assert reply.headers["date"] == "Tue, 14 Nov 2023 22:13:27 UTC"


@pytest.mark.anyio
async def test_what_is_no_http_is_told_it_too(api: Api) -> None:
    address = URL(api.sandbox.url)
    reader, writer = await asyncio.open_connection(address.host, address.port)
    writer.write(b"\x00\r\n\r\n")
    head = (await reader.readuntil(b"\r\n\r\n")).lower().decode()
    writer.transport.abort()
    assert "\r\nserver: twretweet-sandbox\r\n" in head
    assert "\r\ndate: tue, 14 nov 2023 22:13:20 utc\r\n" in head

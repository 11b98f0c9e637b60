"""Faults of bodies and connections, as a client meets them on a real socket."""

import asyncio
import socket
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
import msgspec
import pytest

from tests.sandbox.http import Api
from tests.sandbox.test_faults import bare, failing, page, until
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault

pytestmark = pytest.mark.anyio


async def test_a_slow_body_comes_in_pieces_over_its_time(clock: ManualClock) -> None:
    async with failing(clock, Fault("slow_body", seconds=10, count=1)) as api:
        asked = asyncio.create_task(bare(api))
        for _ in range(10):
            await until(lambda: bool(clock._sleepers) or asked.done())
            assert not asked.done()
            clock.advance(1)
            await asyncio.sleep(0)
        slow = msgspec.json.decode(await (await asked).read())
        assert slow["data"] == (await page(api)).body["data"]


async def test_who_goes_in_the_middle_of_a_slow_body_leaves_no_connection(
    clock: ManualClock,
) -> None:
    async with failing(clock, Fault("slow_body", seconds=10)) as api:
        asked = asyncio.create_task(bare(api))
        await until(lambda: bool(clock._sleepers))
        asked.cancel()
        while api.sandbox.open_connections:
            clock.advance(1)
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", ["reset_within", "cut_short"])
async def test_a_body_breaks_off_in_the_middle(clock: ManualClock, kind: str) -> None:
    async with failing(clock, Fault(kind, count=1)) as api:
        with pytest.raises((aiohttp.ClientPayloadError, aiohttp.ClientOSError)):
            await bare(api)
        assert api.sandbox.requests[-1].status == 200
        assert (await page(api)).limit[1] == 74


@pytest.mark.parametrize("count", [5, 100])
async def test_after_a_whole_reply_the_connection_is_reset(clock: ManualClock, count: int) -> None:
    fault = Fault("reset_after", count=1)
    async with failing(clock, fault, retweets=100) as api:
        received, error = await asyncio.to_thread(talk, api, count)
        head, _, body = received.partition(b"\r\n\r\n")
        assert len(msgspec.json.decode(body)["data"]) == count
        assert b"connection:" not in head.lower()
        assert isinstance(error, ConnectionResetError)
        await until(lambda: api.sandbox.open_connections == 0)


async def test_a_reset_within_the_body_comes_after_half_of_it(clock: ManualClock) -> None:
    async with failing(clock, Fault("reset_within", count=1), retweets=100) as api:
        received, error = await asyncio.to_thread(talk, api, 100)
        assert b'{"data":[{' in received
        assert b'"meta"' not in received
        assert isinstance(error, ConnectionResetError)


def talk(api: Api, count: int) -> tuple[bytes, OSError | None]:
    """Send a request, and read to the end: what came, and how it ended."""
    token = api.sandbox.app_only.bearer_token
    path = f"{api.tweet}/retweets?max_results={count}&tweet.fields=entities,public_metrics"
    address = urlsplit(api.sandbox.url)
    received = b""
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {token}\r\n\r\n".encode()
        )
        try:
            while part := line.recv(1000):
                received += part
        except OSError as error:
            return received, error
    return received, None


async def test_broken_gzip_can_not_be_unpacked(clock: ManualClock) -> None:
    async with failing(clock, Fault("broken_gzip")) as api:
        for accepted in ("gzip", "identity"):
            with pytest.raises(aiohttp.ClientPayloadError):
                await bare(api, **{"Accept-Encoding": accepted})


@pytest.mark.parametrize("kind", ["cut_short", "slow_body", "reset_within"])
async def test_a_packed_body_is_damaged_as_it_is_sent(clock: ManualClock, kind: str) -> None:
    async with failing(clock, Fault(kind)) as api:
        asked = asyncio.create_task(bare(api, **{"Accept-Encoding": "gzip"}))
        while not asked.done():
            clock.advance(1)
            await asyncio.sleep(0.001)
        if kind == "slow_body":
            assert asked.result().headers["content-encoding"] == "gzip"
        else:
            assert isinstance(asked.exception(), aiohttp.ClientError)


async def test_a_lost_reply_leaves_the_retweet_made(clock: ManualClock) -> None:
    async with failing(clock, Fault("lost_reply", endpoint="POST", count=1)) as api:
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await api.retweet()
        record = api.sandbox.requests[-1]
        assert (record.status, record.faults, record.remaining) == (0, ("lost_reply",), 49)
        again = await api.retweet()
        assert again.status == 400
        assert "already retweeted" in again.body["detail"]


async def test_a_reply_is_lost_only_after_something_was_done(clock: ManualClock) -> None:
    async with failing(clock, Fault("lost_reply", count=1)) as api:
        assert (await api.retweet(tweet_id="1")).status == 404
        with pytest.raises(aiohttp.ClientOSError, match="reset by peer"):
            await api.retweet()


# Altogether


async def test_requests_remember_the_faults_they_met(clock: ManualClock) -> None:
    faults = [Fault("unknown_fields"), Fault("no_headers"), Fault("latency", seconds=0)]
    async with failing(clock, *faults) as api:
        await page(api)
        assert api.sandbox.requests[-1].faults == ("latency", "unknown_fields", "no_headers")
        assert api.sandbox.requests[-1].endpoint == "GET /2/tweets/{id}/retweets"
        assert [(one.seen, one.hits) for one in api.sandbox.faults] == [(1, 1)] * 3


async def test_an_unknown_path_meets_no_fault(clock: ManualClock) -> None:
    async with failing(clock, Fault("reset_before")) as api:
        assert (await api.get("/2/nowhere")).status == 404


async def test_late_headers_never_say_more_than_the_limit(clock: ManualClock) -> None:
    async with failing(clock, Fault("late_headers", requests=1000)) as api:
        assert (await page(api)).limit[:2] == (75, 75)


# On the way


async def test_the_date_is_skewed(clock: ManualClock) -> None:
    async with failing(clock, Fault("skewed_date", seconds=-7200, count=1)) as api:
        skewed, right = [await page(api) for _ in range(2)]
        dates = [parsedate_to_datetime(reply.headers["date"]) for reply in (skewed, right)]
        assert (dates[1] - dates[0]).total_seconds() == 7200

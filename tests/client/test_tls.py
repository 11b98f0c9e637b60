"""Credentials go to whoever proves to be the host, and to nobody else."""

import hashlib
import ssl

import aiohttp
import pytest

import twretweet as tw
from tests.support.scripted import ScriptedServer, reply
from tests.support.tls import CERTIFICATE, server_context

pytestmark = pytest.mark.anyio
ONCE = tw.RetryPolicy(attempts=1)
APP = tw.AppOnly("b")
TWEET = reply(200, {"data": {"id": "1", "text": ""}})


@pytest.fixture
async def server():
    async with ScriptedServer(tls=server_context()) as server:
        server.replies.append(TWEET)
        yield server


def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cadata=CERTIFICATE)


async def test_a_server_whose_certificate_nobody_vouches_for_is_sent_nothing(server):
    async with tw.SessionManager(base_url=server.url, retry=ONCE) as manager:
        session = manager.session(APP)
        with pytest.raises(tw.TransportError, match=r"certificate.*self.signed") as caught:
            await session.tweet(1)
        assert not caught.value.sent
        assert all(state.in_flight == 0 for state in manager.rate_limits())
    assert server.requests == []


async def test_nor_is_one_that_shows_the_certificate_of_another(server):
    url = server.url.replace("127.0.0.1", "localhost")
    connector = aiohttp.TCPConnector(ssl=trusting(), family=2)
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        tw.SessionManager(base_url=url, http=http, retry=ONCE) as manager,
    ):
        with pytest.raises(tw.TransportError, match="mismatch"):
            await manager.session(APP).tweet(1)
    assert server.requests == []


async def test_a_certificate_that_the_caller_trusts_will_do(server):
    connector = aiohttp.TCPConnector(ssl=trusting())
    async with (
        aiohttp.ClientSession(connector=connector) as http,
        tw.SessionManager(base_url=server.url, http=http) as manager,
    ):
        await manager.session(APP).tweet(1)
    assert len(server.requests) == 1


def unchecked() -> ssl.SSLContext:
    context = trusting()
    context.check_hostname = False
    return context


def anybody() -> ssl.SSLContext:
    context = unchecked()
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.parametrize("verify", [lambda: False, unchecked, anybody])
async def test_connections_that_take_anybody_for_x_are_refused(verify):
    connector = aiohttp.TCPConnector(ssl=verify())
    async with aiohttp.ClientSession(connector=connector) as http:
        with pytest.raises(tw.QueryError, match="does not verify TLS"):
            tw.SessionManager(http=http)


async def test_a_certificate_that_is_known_by_its_fingerprint_is_held_against_it(server):
    right = hashlib.sha256(ssl.PEM_cert_to_DER_cert(CERTIFICATE)).digest()
    for known in (right, bytes(32)):
        connector = aiohttp.TCPConnector(ssl=aiohttp.Fingerprint(known))
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            tw.SessionManager(base_url=server.url, http=http, retry=ONCE) as manager,
        ):
            session = manager.session(APP)
            if known == right:
                await session.tweet(1)
                continue
            with pytest.raises(tw.TransportError, match="has another fingerprint") as caught:
                await session.tweet(1)
            assert not caught.value.sent
    assert len(server.requests) == 1

"""A sandbox that speaks https, also under the names of X."""

import http.client
import json
import os
import socket
import ssl
import sys
import urllib.request
from collections.abc import Iterator

import aiohttp
import pytest
from oauthlib.oauth1 import Client

import twretweet as tw
from twretweet.sandbox import Fault, Sandbox, ThreadedSandbox, mapped_hosts

pytest.importorskip("trustme", reason="trustme is not installed (extra: tls)")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[ThreadedSandbox]:
    with ThreadedSandbox(retweets=25, tls=True) as running:
        yield running
    assert not running.failures


def ask(sandbox: ThreadedSandbox, host: str, **headers: str) -> http.client.HTTPResponse:
    """A request over TLS to a name, believing the sandbox's authority alone."""
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    port = int(sandbox.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as line:
        connection = http.client.HTTPSConnection(host, port)
        connection.sock = context.wrap_socket(line, server_hostname=host)
        bearer = {"Authorization": f"Bearer {sandbox.oauth2.access_token}", **headers}
        connection.request("GET", "/2/users/me", headers=bearer)
        try:
            reply = connection.getresponse()
            reply.read()
        finally:
            connection.close()
        return reply


@pytest.mark.parametrize("host", ["api.x.com", "api.twitter.com", "localhost", "127.0.0.1"])
def test_it_is_believed_under_its_names(sandbox: ThreadedSandbox, host: str) -> None:
    assert sandbox.url.startswith("https://127.0.0.1:")
    assert ask(sandbox, host).status == 200


def test_it_is_nobody_else_and_not_believed_unasked(sandbox: ThreadedSandbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        ask(sandbox, "example.com")
    port = int(sandbox.url.rpartition(":")[2])
    stranger = http.client.HTTPSConnection("localhost", port)
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger.request("GET", "/")
    stranger.close()


VARIABLES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NO_PROXY", "no_proxy")


@pytest.mark.parametrize("value", ["/before", None])
def test_clients_are_led_there_for_a_while(
    sandbox: ThreadedSandbox, monkeypatch: pytest.MonkeyPatch, value: str | None
) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)
    look_up = socket.getaddrinfo
    with pytest.raises(KeyError, match="leaving"), mapped_hosts(sandbox):
        for host in ("api.x.com", "api.twitter.com", "API.X.com"):
            client = http.client.HTTPSConnection(host)
            token = sandbox.app_only.bearer_token
            path = f"/2/tweets/{sandbox.tweet_id}/retweets"
            client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            assert len(json.load(client.getresponse())["data"]) == 25
            client.close()
        raise KeyError("leaving")
    assert socket.getaddrinfo is look_up
    assert [os.environ.get(name) for name in VARIABLES] == [value] * len(VARIABLES)


@pytest.mark.parametrize(
    ("name", "before", "within"),
    [
        ("NO_PROXY", "inside", "inside,api.x.com,api.twitter.com"),
        ("no_proxy", "inside", "inside,api.x.com,api.twitter.com"),
        ("no_proxy", "*", "*"),
    ],
)
def test_no_proxy_is_asked_for_them(
    sandbox: ThreadedSandbox,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    before: str,
    within: str,
) -> None:
    for one in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(one, raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv(name, before)
    with mapped_hosts(sandbox):
        assert {os.environ[one] for one in ("NO_PROXY", "no_proxy")} == {within}
        asked = urllib.request.Request("https://api.x.com/2/users/me")
        asked.add_header("Authorization", f"Bearer {sandbox.oauth2.access_token}")
        with urllib.request.urlopen(asked) as reply:
            assert reply.status == 200
    assert os.environ[name] == before


@pytest.mark.anyio
async def test_a_manager_is_led_there_that_is_told_whom_to_believe(
    sandbox: ThreadedSandbox,
) -> None:
    context = ssl.create_default_context(cafile=sandbox.ca_file)
    with mapped_hosts(sandbox):
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context)) as believing,
            tw.SessionManager(http=believing) as manager,
        ):
            me = await manager.session(sandbox.oauth1).me()
    assert me.id == sandbox.me.user_id


def test_who_has_no_tls_can_not_be_mapped() -> None:
    with ThreadedSandbox() as plain:
        assert plain.ca_file is None
        with pytest.raises(RuntimeError, match="tls=True"), mapped_hosts(plain):
            pass


def test_the_page_s_own_requests_are_allowed(sandbox: ThreadedSandbox) -> None:
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    netloc = sandbox.url.removeprefix("https://")
    for origin, status in ((sandbox.url, 200), (f"http://{netloc}", 403)):
        client = http.client.HTTPSConnection(netloc, context=context)
        client.request("GET", "/__sandbox__/state", headers={"Origin": origin})
        assert client.getresponse().status == status
        client.close()


def test_a_reply_is_cut_off_over_tls_too(sandbox: ThreadedSandbox) -> None:
    sandbox.faults.add(Fault("lost_reply", count=1))
    with pytest.raises(OSError):  # noqa: PT011  # a reset, or an end that TLS did not announce
        ask(sandbox, "localhost")
    assert ask(sandbox, "localhost").status == 200


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "trustme", None)
    with pytest.raises(ImportError, match=r"twretweet\[tls\]"):
        Sandbox(tls=True)


def test_who_signs_for_https_is_understood(sandbox: ThreadedSandbox) -> None:
    keys = sandbox.oauth1
    user = Client(
        keys.consumer_key, keys.consumer_secret, keys.access_token, keys.access_token_secret
    )
    app = Client(keys.consumer_key, keys.consumer_secret)
    context = ssl.create_default_context(cafile=str(sandbox.ca_file))
    for client, method, path in (
        (user, "GET", "/2/users/me"),
        (app, "POST", "/oauth/request_token?oauth_callback=oob"),
    ):
        url, headers, _ = client.sign(sandbox.url + path, method)
        asked = urllib.request.Request(url, headers=headers, method=method)
        with urllib.request.urlopen(asked, context=context) as reply:
            assert reply.status == 200

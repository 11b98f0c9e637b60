"""A sandbox that speaks https, also under the names of X."""

import http.client
import json
import os
import socket
import ssl
import sys
import urllib.request
from collections.abc import Iterator

import pytest
from oauthlib.oauth1 import Client

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


def test_clients_are_led_there_for_a_while(sandbox: ThreadedSandbox) -> None:
    look_up, variable = socket.getaddrinfo, os.environ.get("SSL_CERT_FILE")
    with mapped_hosts(sandbox):
        for host in ("api.x.com", "api.twitter.com"):
            client = http.client.HTTPSConnection(host)
            token = sandbox.app_only.bearer_token
            path = f"/2/tweets/{sandbox.tweet_id}/retweets"
            client.request("GET", path, headers={"Authorization": f"Bearer {token}"})
            assert len(json.load(client.getresponse())["data"]) == 25
            client.close()
    assert socket.getaddrinfo is look_up
    assert os.environ.get("SSL_CERT_FILE") == variable


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

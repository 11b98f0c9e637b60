"""Leading clients whose host is fixed to a sandbox, within one process."""

import os
import socket
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from twretweet.sandbox.face import Face
from twretweet.sandbox.tls import HOSTS

# Where requests and httpx, and with it OpenSSL, look for whom to believe.
_VARIABLES: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")


@contextmanager
def mapped_hosts(sandbox: Face) -> Generator[None, None, None]:
    """Let ``api.x.com`` and ``api.twitter.com`` be a sandbox, for the whole process, for a while.

    ::

        with ThreadedSandbox(tls=True) as sandbox, mapped_hosts(sandbox):
            tweepy.Client(sandbox.app_only.bearer_token).get_retweeters(sandbox.tweet_id)

    It does what a line in ``/etc/hosts`` would, which can't name a port: it answers when their
    addresses are looked up. And it sets ``REQUESTS_CA_BUNDLE`` and ``SSL_CERT_FILE``, so that
    clients which read them believe the sandbox; others take :attr:`Sandbox.ca_file`.

    Args:
        sandbox: a running one with ``tls=True``.

    Raises:
        RuntimeError: it has no TLS, or does not run.
    """
    if sandbox.ca_file is None:
        raise RuntimeError("clients ask X by https: make the sandbox with tls=True")
    there = urlsplit(sandbox.url)
    look_up = socket.getaddrinfo
    before = {name: os.environ.get(name) for name in _VARIABLES}

    def looked_up(
        host: bytes | str | None, port: bytes | str | int | None, *how: int, **named: int
    ) -> Sequence[object]:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name in HOSTS:
            host, port = there.hostname, there.port
        return look_up(host, port, *how, **named)

    socket.getaddrinfo = looked_up  # type: ignore[assignment]  # it has six arguments, by name
    os.environ.update(dict.fromkeys(_VARIABLES, str(sandbox.ca_file)))
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value

"""Leading clients whose host is fixed to a sandbox, within one process."""

import os
import socket
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

from twretweet.sandbox.face import Face
from twretweet.sandbox.tls import HOSTS

# Where requests and httpx, and with it OpenSSL, look for whom to believe.
_BELIEVED: Final = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
# What is not to be asked through a proxy, which would look the names up itself. Some read the one,
# some the other.
_DIRECT: Final = ("no_proxy", "NO_PROXY")


@contextmanager
def mapped_hosts(sandbox: Face) -> Generator[None, None, None]:
    """Let ``api.x.com`` and ``api.twitter.com`` be a sandbox, for the whole process, for a while.

    ::

        with ThreadedSandbox(tls=True) as sandbox, mapped_hosts(sandbox):
            tweepy.Client(sandbox.app_only.bearer_token).get_retweeters(sandbox.tweet_id)

    It does what a line in ``/etc/hosts`` would, which can't name a port: it answers when Python
    looks their addresses up (``socket.getaddrinfo``). And it sets ``REQUESTS_CA_BUNDLE`` and
    ``SSL_CERT_FILE``, so that clients which read them believe the sandbox, and names the hosts in
    ``NO_PROXY``.

    aiohttp decides whom to believe when it is imported, and has to be told::

        context = ssl.create_default_context(cafile=sandbox.ca_file)
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=context))

    uvloop and aiodns look addresses up by themselves, and ``socket.gethostbyname`` knows no port:
    they are not led here.

    Args:
        sandbox: a running one with ``tls=True``.

    Raises:
        RuntimeError: it has no TLS, or does not run.
    """
    if sandbox.ca_file is None:
        raise RuntimeError("clients ask X by https: make the sandbox with tls=True")
    there = urlsplit(sandbox.url)
    look_up = socket.getaddrinfo
    before = {name: os.environ.get(name) for name in (*_BELIEVED, *_DIRECT)}

    def looked_up(
        host: bytes | str | None, port: bytes | str | int | None, *how: int, **named: int
    ) -> Sequence[object]:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if name is not None and name.lower() in HOSTS:
            host, port = there.hostname, there.port
        return look_up(host, port, *how, **named)

    socket.getaddrinfo = looked_up  # type: ignore[assignment]  # it has six arguments, by name
    os.environ.update(dict.fromkeys(_BELIEVED, str(sandbox.ca_file)))
    os.environ.update(dict.fromkeys(_DIRECT, _direct(before)))
    try:
        yield
    finally:
        socket.getaddrinfo = look_up
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)  # to Windows two of them are the same
            else:
                os.environ[name] = value


def _direct(before: Mapping[str, str | None]) -> str:
    """Return which hosts are to be asked without a proxy, those of before among them."""
    already = next((value for name in _DIRECT if (value := before[name])), "")
    return already if already.strip() == "*" else ",".join(filter(None, (already, *HOSTS)))

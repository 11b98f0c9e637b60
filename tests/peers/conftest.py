"""A sandbox for clients that know nothing of it, in a thread, since most of them block."""

import socket
from collections.abc import Iterator

import pytest

from twretweet.sandbox import ThreadedSandbox


@pytest.fixture
def sandbox() -> Iterator[ThreadedSandbox]:
    with ThreadedSandbox(retweets=250) as running:
        yield running
    assert not running.failures, list(running.failures)


@pytest.fixture(autouse=True)
def _nowhere_else(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No client may look for X itself, with whatever address of its own it has left."""
    asked: list[object] = []
    look_up = socket.getaddrinfo

    def noting(host: object, *args: object, **named: object) -> object:
        if host not in {"127.0.0.1", b"127.0.0.1", None}:
            asked.append(host)
            raise socket.gaierror(f"{host} is not the sandbox")
        return look_up(host, *args, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    yield
    assert asked == []

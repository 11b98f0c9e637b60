"""The field of play: a server on one core, and on the other the variants, a process each.

Nothing outlives the ``with`` block: workers and server end when their standard input does.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from types import TracebackType
from typing import Any, Self

from benchmarks.rounds import Broken, Different, Samples, interleave
from benchmarks.speed.roster import Entry

_PATIENCE = 300.0
_ENOUGH = 40.0  # seconds for the rounds after the first, but for the three that there must be


class _Process:
    """A Python module that answers lines on its standard output."""

    def __init__(self, *arguments: str, core: int | None) -> None:
        environment = {**os.environ, "PYTHONHASHSEED": "0", "NO_PROXY": "*", "no_proxy": "*"}
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115  until it is closed
        self._popen = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment,
        )
        if core is not None:
            os.sched_setaffinity(self._popen.pid, {core})

    def tell(self, line: str) -> None:
        assert self._popen.stdin is not None
        try:
            print(line, file=self._popen.stdin, flush=True)
        except BrokenPipeError:
            raise Broken(self._last_words()) from None

    def hear(self) -> str:
        """The next line.

        Raises:
            Broken: it ended, or took too long.
        """
        out = self._popen.stdout
        assert out is not None
        if not select.select([out], [], [], _PATIENCE)[0]:
            self._popen.kill()
            raise Broken(f"no answer within {_PATIENCE:.0f} s")
        line = out.readline()
        if not line:
            raise Broken(self._last_words())
        return line

    def close(self) -> None:
        """Let it end, and see to it that it does."""
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # it has ended, and what it was told is lost
                    pipe.close()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._popen.wait(5)
        self._errors.seek(0)
        words = self._errors.read().strip().splitlines()
        return words[-1] if words else f"ended with code {self._popen.returncode}"


class Field:
    """Server and workers, for as long as the ``with`` block lasts.

    Args:
        distinct: how many different pages the server has.
        only: parts of the names of those who take part; none for all.
        uvloop: run what is async on uvloop.
    """

    def __init__(self, *, distinct: int, only: Sequence[str] = (), uvloop: bool = False) -> None:
        self._distinct = distinct
        self._only = only
        self._uvloop = uvloop
        self._stack = ExitStack()
        self._workers: dict[Entry, _Process] = {}
        self.url = ""
        self._client_core, self._server_core = cores()

    def __enter__(self) -> Self:
        module = "benchmarks.speed.server"
        server = _Process(module, str(self._distinct), core=self._server_core)
        self._stack.callback(server.close)
        try:
            self.url = f"http://127.0.0.1:{int(server.hear())}"
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()
        self._workers = {}

    def players(self, entries: Sequence[Entry]) -> tuple[Entry, ...]:
        """Those of ``entries`` who take part."""
        wanted = [
            entry
            for entry in entries
            if not self._only or any(part in entry.name for part in self._only)
        ]
        return tuple(wanted)

    def ask(self, entry: Entry, **job: object) -> dict[str, Any]:
        """Have the worker of ``entry`` do a job.

        Raises:
            Broken: it could not.
        """
        worker = self._workers.get(entry)
        if worker is None:
            worker = self._start(entry)
            self._stack.callback(worker.close)
            self._workers[entry] = worker
        return self._answer(worker, job)

    def ask_fresh(self, entry: Entry, **job: object) -> dict[str, Any]:
        """The same in a process that has done nothing else."""
        worker = self._start(entry)
        try:
            return self._answer(worker, job)
        finally:
            worker.close()

    def _start(self, entry: Entry) -> _Process:
        return _Process("benchmarks.speed.worker", entry.place, core=self._client_core)

    def _answer(self, worker: _Process, job: Mapping[str, object]) -> dict[str, Any]:
        worker.tell(json.dumps({"url": self.url, "uvloop": self._uvloop, **job}))
        answer: dict[str, Any] = json.loads(worker.hear())
        if "broken" in answer:
            raise Broken(answer["broken"])
        return answer


def cores() -> tuple[int | None, int | None]:
    """A core for the client and another for the server; none where they can't be chosen."""
    if not hasattr(os, "sched_setaffinity"):
        return None, None
    allowed = sorted(os.sched_getaffinity(0))
    return (allowed[0], allowed[-1]) if len(allowed) > 1 else (None, None)


def play(
    entries: Sequence[Entry], job: Callable[[Entry], dict[str, Any]], rounds: int
) -> Samples[dict[str, Any]]:
    """Let ``entries`` take turns at ``job``, and fewer of them where the machine is slow.

    Raises:
        Different: they have not read the same.
    """
    turns = {entry.name: lambda entry=entry: job(entry) for entry in entries}
    samples = interleave(turns, rounds, within=_ENOUGH)
    groups: dict[object, dict[str, None]] = {}
    for name, answers in samples.values.items():
        for answer in answers:
            groups.setdefault(answer.get("digest"), {})[name] = None
    if len(groups) > 1:
        read = "; ".join(f"{', '.join(names)}: {digest}" for digest, names in groups.items())
        raise Different(f"the variants read different data, so nothing is compared: {read}")
    return samples

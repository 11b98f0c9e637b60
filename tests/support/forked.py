"""Commands in processes of their own that are forked from one which has imported everything.

Starting Python and importing the command line takes most of the time of a command, so a test that
runs ten of them would mostly test that. Each command still is a process, with an environment, a
folder, arguments and standard streams of its own; it differs from a fresh one in that its modules
were imported before it began. Run as a program, this module is the process that forks.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_STREAMS = (("stdin", os.O_RDONLY), ("stdout", os.O_WRONLY), ("stderr", os.O_WRONLY))


class Forks:
    """Runs commands; a context manager.

    Args:
        env: what the process that forks begins with, such as ``PYTHONWARNINGS``.
    """

    def __init__(self, env: Mapping[str, str]) -> None:
        self._env = dict(env)

    def __enter__(self) -> "Forks":
        self._folder = TemporaryDirectory()
        self._server = subprocess.Popen(
            [sys.executable, "-m", "tests.support.forked"],
            cwd=Path(__file__).parents[2],
            env=self._env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()
        self._folder.cleanup()
        assert self._server.returncode == 0

    def run(
        self, words: tuple[str, ...], *, env: Mapping[str, str], cwd: Path
    ) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        out, err = (Path(self._folder.name, name) for name in ("out", "err"))
        for file in (out, err):
            file.write_bytes(b"")
        wanted = {
            "words": words,
            "env": dict(env),
            "cwd": str(cwd),
            "stdin": os.devnull,
            "stdout": str(out),
            "stderr": str(err),
        }
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps(wanted) + "\n")
        self._server.stdin.flush()
        code = json.loads(self._server.stdout.readline())
        return subprocess.CompletedProcess(words, code, out.read_text(), err.read_text())


def _serve(main: Callable[[list[str]], int]) -> int:
    """Run what is asked for, each in a child; in a child, return its exit code."""
    for line in sys.stdin:
        wanted = json.loads(line)
        child = os.fork()
        if not child:
            return _be(wanted, main)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()
    return 0


def _be(wanted: dict[str, Any], main: Callable[[list[str]], int]) -> int:
    os.environ.clear()
    os.environ.update(wanted["env"])
    os.chdir(wanted["cwd"])
    for number, (name, flags) in enumerate(_STREAMS):
        file = os.open(wanted[name], flags)
        os.dup2(file, number)
        os.close(file)
    # What was read ahead of standard input is the other commands'.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    return main(wanted["words"])


if __name__ == "__main__":
    # Where a command imports them, and before there is any thread.
    from twretweet.cli import main

    gc.collect()
    gc.freeze()  # a child that collects does not copy all that was there before it
    sys.exit(_serve(main))

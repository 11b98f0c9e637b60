"""What commands leave of the rate limits for one another, when they do so at the same moment."""

import threading
import time

import msgspec
import pytest

from twretweet.auth import file_io
from twretweet.auth.file_io import FileLock
from twretweet.cli import memory
from twretweet.limits import MemoryLimiter
from twretweet.limits.spec import WindowMemory


def knowing(*names: str) -> MemoryLimiter:
    """A limiter that has used these windows."""
    ends = time.time() + 800
    windows = [
        WindowMemory(key=name, limit=75, seconds=900, used=5, ends_at=ends, reset=int(ends))
        for name in names
    ]
    limiter = MemoryLimiter()
    limiter.restore(msgspec.json.encode(windows))
    return limiter


def kept(file) -> set[str]:
    return {one.key for one in msgspec.json.decode(file.read_bytes(), type=list[WindowMemory])}


def test_commands_that_end_at_the_same_moment_all_leave_what_they_know(tmp_path):
    file = tmp_path / "limits" / "host.json"
    together = threading.Barrier(12)

    def end(number: int) -> None:
        limiter = knowing(f"window {number}")
        together.wait()
        memory.remember(limiter, file)

    commands = [threading.Thread(target=end, args=(number,)) for number in range(12)]
    for command in commands:
        command.start()
    for command in commands:
        command.join()
    assert kept(file) == {f"window {number}" for number in range(12)}
    assert list(file.parent.iterdir()) == [file], "no lock is left behind"


@pytest.mark.parametrize("quiet", [False, True])
def test_a_command_that_hangs_while_it_writes_is_told_and_keeps_nobody(
    tmp_path, monkeypatch, capsys, quiet
):
    monkeypatch.setattr(file_io, "_WRITE_PATIENCE", 0.0)
    file = tmp_path / "host.json"
    memory.remember(knowing("before"), file)
    hanging = FileLock(file.with_name("host.json.lock"))
    assert hanging.take()
    memory.remember(knowing("after"), file, quiet=quiet)
    hanging.drop()
    said = capsys.readouterr().err
    assert ("host.json.lock" in said and "can't be remembered" in said) == (not quiet)
    assert kept(file) == {"before"}

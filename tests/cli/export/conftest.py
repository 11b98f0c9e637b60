import json
import os
from pathlib import Path

import pytest

from tests.cli.conftest import PREFIX
from tests.cli.export.scene import Scene
from tests.support.scripted import ScriptedServer
from tests.support.virtual_time import LoopClock
from twretweet import AppOnly
from twretweet.cli import main
from twretweet.sandbox import Quirks, Sandbox


@pytest.fixture
def anyio_backend(virtual_time):
    return virtual_time


@pytest.fixture
def clock() -> LoopClock:
    return LoopClock()


@pytest.fixture
async def sandbox(clock: LoopClock):
    quirks = Quirks(latency=1.0)
    async with Sandbox(retweets=1000, clock=clock, quirks=quirks) as sandbox:
        yield sandbox
        assert not sandbox.failures


@pytest.fixture
def scene(sandbox: Sandbox, tmp_path: Path, clock: LoopClock) -> Scene:
    return Scene(sandbox.url, sandbox.oauth1, sandbox.tweet_id, tmp_path, clock)


@pytest.fixture
async def server():
    async with ScriptedServer() as server:
        yield server


@pytest.fixture
def scripted(server: ScriptedServer, tmp_path: Path, clock: LoopClock) -> Scene:
    return Scene(server.url, AppOnly("secret"), "20", tmp_path, clock)


@pytest.fixture
def ids(tmp_path: Path):
    """The ids in the file, in order."""

    def ids(name: str = "rows.jsonl") -> list[str]:
        lines = (tmp_path / name).read_bytes().split(b"\n")[:-1]
        return [json.loads(line)["id"] for line in lines]

    return ids


@pytest.fixture
def place(tmp_path: Path):
    """The checkpoint, as it is on the disk."""

    def place(name: str = "rows.jsonl") -> dict[str, object]:
        return json.loads((tmp_path / f"{name}.checkpoint").read_text())

    return place


@pytest.fixture
def here(env, tmp_path, monkeypatch, capsys):
    """Run a command in this process, which is quicker than starting one."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)

    def here(*words: str) -> tuple[int, str, str]:
        code = main(words)
        return code, *capsys.readouterr()

    return here

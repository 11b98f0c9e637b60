"""The commands as a person runs them: processes of their own, against a sandbox in another."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.support.forked import Forks

PREFIX = "TWRETWEET_"
COMMAND = (sys.executable, "-m", "twretweet")
KEYS = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
TIMEOUT = 120

Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment that knows no keys."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    for name in ("FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"):
        kept.pop(name, None)
    return {**kept, "HOME": str(tmp_path_factory.mktemp("home")), "PYTHONWARNINGS": "error"}


@pytest.fixture(scope="session")
def facts(bare: dict[str, str]) -> Iterator[dict[str, str]]:
    """What ``twretweet sandbox --json`` says of itself; its windows are as long as X's."""
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--json", "--retweets", "230"],
        env=bare,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield json.loads(server.stdout.readline())
        server.terminate()
        assert server.wait(TIMEOUT) == 0


def account(facts: Mapping[str, str]) -> dict[str, str]:
    """The environment of the user of a sandbox."""
    return {
        PREFIX + "BASE_URL": facts["url"],
        **{PREFIX + name.upper(): facts[name] for name in KEYS},
    }


@pytest.fixture
def env(bare: dict[str, str], facts: dict[str, str]) -> dict[str, str]:
    """An environment with the keys of the sandbox's user."""
    return {**bare, **account(facts)}


@pytest.fixture
def tweet(facts: dict[str, str]) -> str:
    """The tweet with retweets."""
    return facts["tweet_id"]


@pytest.fixture(scope="session")
def forks(bare: dict[str, str]) -> Iterator[Forks]:
    """What commands are forked from."""
    with Forks(bare) as forks:
        yield forks


@pytest.fixture
def run(env: dict[str, str], tmp_path: Path, forks: Forks) -> Run:
    """Run a command to its end, in a process of its own."""

    def run(*words: str, env: Mapping[str, str] = env) -> "subprocess.CompletedProcess[str]":
        return forks.run(words, env=env, cwd=tmp_path)

    return run


@pytest.fixture
def start(env: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    """Start a command; whatever becomes of the test, it is ended."""
    begun: list[subprocess.Popen[str]] = []

    def start(*words: str, env: Mapping[str, str] = env) -> "subprocess.Popen[str]":
        process = subprocess.Popen(
            [*COMMAND, *words],
            env=env,
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def one_line(text: str) -> str:
    """The single line that an error is."""
    (line,) = text.splitlines()
    assert line.startswith("twretweet: ")
    return line


@pytest.fixture
def sandbox_of_its_own(bare: dict[str, str]) -> Iterator[tuple[dict[str, str], str]]:
    """The keys and the tweet of a sandbox whose windows nobody else uses."""
    with subprocess.Popen(
        [*COMMAND, "sandbox", "--json"], env=bare, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        own = json.loads(server.stdout.readline())
        yield account(own), own["tweet_id"]
        server.terminate()
        assert server.wait(TIMEOUT) == 0

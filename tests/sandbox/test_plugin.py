"""The pytest plugin, as a project outside this tree meets it: in a pytest of its own."""

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from twretweet.sandbox import pytest_twretweet

SETTINGS = """
[pytest]
addopts = --strict-markers --strict-config -p no:cacheprovider
filterwarnings = error
"""
# Without an event loop, with a blocking client of the standard library.
SYNC = """
import json
import urllib.request

import pytest


def get(sandbox, path):
    token = sandbox.app_only.bearer_token
    request = urllib.request.Request(sandbox.url + path)
    request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def test_pages(twretweet_sandbox):
    page = get(twretweet_sandbox, f"/2/tweets/{twretweet_sandbox.tweet_id}/retweets")
    assert len(page["data"]) == 100
    [request] = twretweet_sandbox.requests
    assert (request.method, request.status, request.remaining) == ("GET", 200, 74)
    assert request.cost == 0.5


@pytest.mark.twretweet_sandbox(retweets=3, seed=7)
def test_marker(twretweet_sandbox):
    page = get(twretweet_sandbox, f"/2/tweets/{twretweet_sandbox.tweet_id}/retweets")
    assert len(page["data"]) == 3


@pytest.mark.twretweet_sandbox(retweets=4, window_scale=2)
class TestMarkers:
    def test_of_the_class(self, twretweet_sandbox):
        self.check(twretweet_sandbox, 4, 2)

    @pytest.mark.twretweet_sandbox(window_scale=0.01)
    def test_that_changes_one(self, twretweet_sandbox):
        self.check(twretweet_sandbox, 4, 0.01)

    @pytest.mark.twretweet_sandbox(window_scale=0.5, retweets=6)
    @pytest.mark.twretweet_sandbox(retweets=5)
    def test_the_closest_counts(self, twretweet_sandbox):
        self.check(twretweet_sandbox, 5, 0.5)

    def check(self, sandbox, retweets, scale):
        assert len(get(sandbox, f"/2/tweets/{sandbox.tweet_id}/retweets")["data"]) == retweets
        assert get(sandbox, "/__sandbox__/state")["window_scale"] == scale


def test_state(twretweet_sandbox):
    tweet = twretweet_sandbox.add_tweet(retweets=2, text="Mine")
    account = twretweet_sandbox.new_account("my_bot")
    assert get(twretweet_sandbox, f"/2/tweets/{tweet}")["data"]["text"] == "Mine"
    assert get(twretweet_sandbox, "/2/users/by/username/my_bot")["data"]["id"] == account.user_id
"""
# With the event loop of whatever runner: anyio's plugin here, asyncio's own there.
ASYNC = """
import asyncio

import pytest

import twretweet as tw


async def bot(tweet):
    async with tw.SessionManager() as manager:
        session = manager.session(tw.OAuth1.from_env())
        await session.retweet(tweet)
        app = manager.session(tw.AppOnly.from_env())
        return [retweet.id async for retweet in app.retweets(tweet)]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.twretweet_sandbox(retweets=120)
async def test_bot(twretweet_sandbox_env):
    assert len(await bot(twretweet_sandbox_env.tweet_id)) == 121
    assert [request.status for request in twretweet_sandbox_env.requests] == [200] * 3


def test_bot_in_a_loop_of_its_own(twretweet_sandbox_env, twretweet_sandbox):
    assert twretweet_sandbox is twretweet_sandbox_env
    assert len(asyncio.run(bot(twretweet_sandbox.tweet_id))) == 1001
"""
UNUSED = """
import sys


def test_nothing_is_imported():
    assert "twretweet" not in sys.modules
"""
WRONG = """
import urllib.error
import urllib.request

import pytest


def test_that_fails(twretweet_sandbox):
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(twretweet_sandbox.url + "/2/users/me?a=b")
    assert not twretweet_sandbox.requests


@pytest.mark.twretweet_sandbox(25)
def test_with_a_wrong_marker(twretweet_sandbox):
    pass


def test_that_breaks_the_sandbox(twretweet_sandbox):
    twretweet_sandbox.failures.append(LookupError("a bug"))
"""


def project(folder: Path, test: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a small project with one file of tests."""
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_it.py").write_text(test)
    hidden = ("PYTEST", "TWRETWEET", "PYTHONPATH")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--color=no"],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )


def test_the_plugin_is_installed_as_it_is_in_the_source() -> None:
    found = [point for point in entry_points(group="pytest11") if point.name == "twretweet"]
    assert found, "install the package again, so that pytest learns of its plugin"
    assert found[0].value == "pytest_twretweet"
    installed, source = found[0].load().__file__, pytest_twretweet.__file__
    assert Path(installed).read_text() == Path(source).read_text(), "install the package again"


@pytest.mark.parametrize(
    ("test", "passed"),
    [(SYNC + ASYNC, 8), (UNUSED, 1)],
    ids=["used", "not used"],
)
def test_a_project_that_installs_the_package_has_the_fixture(
    tmp_path: Path, test: str, passed: int
) -> None:
    done = project(tmp_path, test)
    assert f"{passed} passed" in done.stdout, done.stdout + done.stderr
    assert "warning" not in done.stdout
    assert done.returncode == 0


def test_a_test_that_fails_shows_what_the_sandbox_was_asked(tmp_path: Path) -> None:
    out = project(tmp_path, WRONG).stdout
    assert "1 failed, 1 passed, 2 errors" in out
    assert "twretweet_sandbox requests" in out
    assert "401 GET /2/users/me?a=b (by nobody known)" in out
    assert "pytest.mark.twretweet_sandbox takes arguments by name, such as retweets=25" in out
    assert "LookupError: a bug" in out
    assert "the sandbox itself went wrong" in out

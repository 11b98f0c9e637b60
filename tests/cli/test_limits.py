"""``twretweet limits``: what earlier commands were told is shown, and kept between them."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.conftest import COMMAND, TIMEOUT, one_line


def state_file(env: dict[str, str]) -> Path:
    folder = Path(env["HOME"]) / ".local" / "state" / "twretweet" / "limits"
    return folder / (env["TWRETWEET_BASE_URL"].removeprefix("http://").replace(":", "_") + ".json")


def row(shown: str, name: str) -> str:
    [line] = [line for line in shown.splitlines() if line.startswith(f"{name} ")]
    return " ".join(line.split())


def test_it_shows_what_the_commands_before_were_told(run, env, tmp_path, sandbox_of_its_own):
    keys, tweet = sandbox_of_its_own
    own = {**env, **keys, "HOME": str(tmp_path)}
    assert run("retweet", tweet, env=own).returncode == 0
    assert run("retweets", tweet, "--limit", "150", env=own).returncode == 0
    done = run("limits", env=own)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "49 of 50" in row(done.stdout, "retweet")
    assert "73 of 75" in row(done.stdout, "retweets")
    assert "in 1" in row(done.stdout, "retweets")
    assert "75 of 75" in row(done.stdout, "retweeters")
    assert "all there" in row(done.stdout, "retweeters")
    assert "not told" in row(done.stdout, "v1.unretweet")


def test_a_command_waits_for_windows_that_an_earlier_one_used_up(
    run, env, tmp_path, sandbox_of_its_own
):
    keys, tweet = sandbox_of_its_own
    own = {**env, **keys, "HOME": str(tmp_path)}
    assert run("retweet", tweet, env=own).returncode == 0
    file = state_file(own)
    [window] = json.loads(file.read_text())
    assert window["used"] == 1
    file.write_text(json.dumps([window | {"used": 50}]))
    done = run("retweet", tweet, "--max-wait", "1", env=own)
    assert done.returncode == 1
    assert "no slot left" in one_line(done.stderr)


def test_what_it_remembers_is_no_secret_and_nobody_else_s_to_read(run, env, tmp_path, tweet):
    own = {**env, "HOME": str(tmp_path)}
    assert run("undo", tweet, env=own).returncode == 0
    file = state_file(own)
    assert file.stat().st_mode & 0o777 == 0o600
    text = file.read_text()
    secrets = [value for name, value in own.items() if name.startswith("TWRETWEET_")]
    assert not [secret for secret in secrets if secret in text]
    assert list(file.parent.iterdir()) == [file]


def test_hosts_are_kept_apart_and_forgotten_when_nobody_talks_to_them(run, env, tmp_path, tweet):
    own = {**env, "HOME": str(tmp_path)}
    assert run("undo", tweet, env=own).returncode == 0
    file = state_file(own)
    old, recent = file.with_name("old_80.json"), file.with_name("recent_80.json")
    for other, age in ((old, 26 * 3600), (recent, 24 * 3600)):
        other.write_text("[]")
        os.utime(other, (time.time() - age,) * 2)
    assert run("undo", tweet, env=own).returncode == 0
    assert sorted(file.parent.iterdir()) == sorted([file, recent])


def test_a_file_that_can_t_be_read_is_told_and_passed_over(run, env, tmp_path, tweet):
    own = {**env, "HOME": str(tmp_path)}
    file = state_file(own)
    file.parent.mkdir(parents=True)
    file.write_text("garbage")
    done = run("undo", tweet, env=own)
    assert done.returncode == 0
    assert "not remembered" in one_line(done.stderr)
    assert run("limits", env=own).stderr == "", "the next command left a good one"


def test_a_home_that_can_t_be_written_is_no_failure(run, env, tmp_path, tweet):
    own = {**env, "XDG_STATE_HOME": str(tmp_path / "file")}
    (tmp_path / "file").write_text("no folder")
    done = run("undo", tweet, env=own)
    assert done.returncode == 0
    assert "can't be remembered" in done.stderr


def test_without_keys_it_says_which_are_missing(run, bare):
    done = run("limits", env=bare)
    assert done.returncode == 2
    assert "no keys in the environment" in one_line(done.stderr)


def test_each_command_adds_to_what_the_one_before_left(run, env, tmp_path, sandbox_of_its_own):
    keys, tweet = sandbox_of_its_own
    own = {**env, **keys, "HOME": str(tmp_path)}
    for number in range(1, 5):
        assert run("undo", tweet, env=own).returncode == 0
        [window] = json.loads(state_file(own).read_text())
        assert window["used"] == number


class Screen:
    """A terminal that a command writes to, and what it shows by and by."""

    def __init__(self) -> None:
        self._screen, self.terminal = pty.openpty()
        self.shown = ""

    def until(self, wanted: str) -> str:
        """Read until that is shown; return all since the last time."""
        seen = ""
        while wanted not in seen:
            seen += os.read(self._screen, 4096).decode()
        self.shown += seen
        return seen

    def close(self) -> None:
        os.close(self._screen)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_watched_it_shows_what_other_commands_are_told_until_ctrl_c(
    run, env, tmp_path, sandbox_of_its_own
):
    keys, tweet = sandbox_of_its_own
    own = {**env, **keys, "HOME": str(tmp_path), "COLUMNS": "80", "TERM": "xterm"}
    screen = Screen()
    with subprocess.Popen([*COMMAND, "limits", "--watch"], env=own, stdout=screen.terminal) as it:
        os.close(screen.terminal)
        screen.until("all there")
        assert run("retweet", tweet, env=own).returncode == 0
        screen.until("49 of 50")
        it.send_signal(signal.SIGINT)
        assert it.wait(TIMEOUT) == 130
    screen.close()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_watched_it_complains_once_of_a_file_that_it_can_not_read(
    env, tmp_path, sandbox_of_its_own
):
    keys, _ = sandbox_of_its_own
    own = {**env, **keys, "HOME": str(tmp_path), "COLUMNS": "80", "TERM": "xterm"}
    file = state_file(own)
    file.parent.mkdir(parents=True)
    file.write_text("no JSON")
    screen = Screen()
    with subprocess.Popen(
        [*COMMAND, "limits", "--watch"],
        env=own,
        stdout=screen.terminal,
        stderr=subprocess.PIPE,
        text=True,
    ) as it:
        os.close(screen.terminal)
        for _ in range(3):
            screen.until("all there")
            screen.until("\x1b[2K")  # it is drawn again
        it.send_signal(signal.SIGINT)
        _, complaints = it.communicate(timeout=TIMEOUT)
    screen.close()
    # While the table is drawn, what goes to standard error is written above it.
    assert (complaints + screen.shown).count("not remembered") == 1

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import COMMAND, TIMEOUT

Runs = tuple["subprocess.CompletedProcess[str]", "subprocess.CompletedProcess[str] | None"]


@pytest.fixture(scope="module")
def runs(bare: dict[str, str]) -> Runs:
    """Two runs for all who look at them: into a pipe, and on a narrow terminal if there are any.

    Most of a run is waiting for the windows of its sandbox, so they wait together.
    """
    env = {**bare, "NO_COLOR": "1"}
    with subprocess.Popen(
        [*COMMAND, "demo"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as piped:
        narrow = None if sys.platform == "win32" else _on_a_narrow_terminal(env)
        out, err = piped.communicate(timeout=TIMEOUT)
    return subprocess.CompletedProcess(piped.args, piped.returncode, out, err), narrow


def _on_a_narrow_terminal(env: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    screen, terminal = pty.openpty()
    narrow = {**env, "COLUMNS": "50", "TERM": "xterm"}
    with subprocess.Popen([*COMMAND, "demo"], env=narrow, stdout=terminal) as process:
        os.close(terminal)
        shown = _read_all(screen)
        process.wait(TIMEOUT)
    os.close(screen)
    return subprocess.CompletedProcess(process.args, process.returncode, shown)


@pytest.fixture
def piped(runs: Runs) -> "subprocess.CompletedProcess[str]":
    """The run into a pipe; without keys, with colour forbidden."""
    return runs[0]


def test_it_succeeds_without_keys_and_without_a_word_on_standard_error(piped):
    assert piped.returncode == 0
    assert piped.stderr == ""


def test_it_says_first_that_nothing_leaves_this_machine(piped):
    first = " ".join(piped.stdout.split("\n\n")[0].split())
    assert first.startswith("A local copy of X listens on http://127.0.0.1:")
    assert "nothing leaves this machine" in first


def test_every_retweet_came_exactly_once_and_none_was_refused(piped):
    assert "All 1,000 retweets arrived, each exactly once." in piped.stdout
    assert "Replies 429 (Too Many Requests): 0." in piped.stdout


def waited(shown: str) -> bool:
    """Whether the walk had to wait; on a slow machine windows end before they are full."""
    return "It never had to wait for a window." not in " ".join(shown.split())


def test_the_walk_waited_for_a_window_and_said_so(piped):
    waits = waited(piped.stdout)
    assert ("It waited " in piped.stdout) == waits
    assert ("pages: waiting for the window, " in piped.stdout) == waits
    assert ("pages: going on, the window holds " in piped.stdout) == waits


def test_the_ten_most_followed_are_in_falling_order(piped):
    lines = piped.stdout.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("The 10 most followed"))
    rows = [line.split() for line in lines[start + 3 : start + 13]]
    followers = [int(next(w for w in row if "," in w).replace(",", "")) for row in rows]
    assert [row[0] for row in rows] == [str(rank) for rank in range(1, 11)]
    assert followers == sorted(followers, reverse=True)
    assert len(set(followers)) == 10


def test_buckets_costs_and_the_way_to_x_are_shown(piped):
    words = " ".join(piped.stdout.split())
    # Which windows have ended by now is up to the machine.
    assert re.search(r" retweet (48|50) of 50 ", words)
    assert re.search(r" retweets (\d+ of 75 in \d s|75 of 75 all there)", words)
    assert "posts read 1,001 0.005 5.005" in words
    assert "at most 15.055" in words
    assert "export TWRETWEET_CONSUMER_KEY=" in words
    assert "twretweet undo 1228393702244134912" in words


def test_a_pipe_gets_plain_lines_of_a_sane_width(piped):
    assert "\x1b" not in piped.stdout
    assert "\r" not in piped.stdout
    assert max(map(len, piped.stdout.splitlines())) <= 100


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_narrow_terminal_sees_a_bar_that_waits(runs):
    assert runs[1] is not None
    assert runs[1].returncode == 0
    shown = runs[1].stdout
    assert "━" in shown
    assert re.search(r"of 1,000 retweets, \d+ pages", shown)
    assert ("waiting for the window, " in shown) == waited(shown)
    assert "each exactly once." in shown
    assert not re.search(r"\x1b\[[0-9;]*(3[0-8]|9[0-7])m", shown)  # no colour anywhere


def _read_all(screen: int) -> str:
    parts: list[bytes] = []
    while True:
        try:
            part = os.read(screen, 65_536)
        except OSError:  # Linux says so when the other side is closed
            break
        if not part:
            break
        parts.append(part)
    return b"".join(parts).decode()

import os
import pty
import re
import subprocess
import sys

import pytest

from tests.cli.conftest import COMMAND, TIMEOUT


@pytest.fixture(scope="module")
def piped(bare: dict[str, str]) -> "subprocess.CompletedProcess[str]":
    """One run into a pipe, for all who look at it; without keys, with colour forbidden."""
    return subprocess.run(
        [*COMMAND, "demo"],
        env={**bare, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )


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


def test_the_walk_waited_for_a_window_and_said_so(piped):
    assert "pages: waiting for the window, " in piped.stdout
    assert "pages: going on, the window holds " in piped.stdout


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
    # The windows of the writes may have ended by now, or not.
    assert re.search(r" retweet (48|50) of 50 ", words)
    assert re.search(r" retweets 43 of 75 in \d s", words)
    assert "posts read 1,001 0.005 5.005" in words
    assert "at most 15.055" in words
    assert "export TWRETWEET_CONSUMER_KEY=" in words
    assert "twretweet undo 1228393702244134912" in words


def test_a_pipe_gets_plain_lines_of_a_sane_width(piped):
    assert "\x1b" not in piped.stdout
    assert "\r" not in piped.stdout
    assert max(map(len, piped.stdout.splitlines())) <= 100


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_narrow_terminal_sees_a_bar_that_waits(bare):
    screen, terminal = pty.openpty()
    env = {**bare, "COLUMNS": "50", "TERM": "xterm", "NO_COLOR": "1"}
    with subprocess.Popen([*COMMAND, "demo"], env=env, stdout=terminal) as process:
        os.close(terminal)
        shown = _read_all(screen)
        assert process.wait(TIMEOUT) == 0
    assert "━" in shown
    assert "of 1,000 retweets, 75 pages" in shown
    assert "waiting for the window, " in shown
    assert "each exactly once." in shown
    assert not re.search(r"\x1b\[[0-9;]*(3[0-8]|9[0-7])m", shown)  # no colour anywhere
    os.close(screen)


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

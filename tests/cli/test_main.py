import subprocess
import sys

import pytest

from tests.cli.conftest import TIMEOUT, one_line
from twretweet import __version__
from twretweet.cli import main
from twretweet.cli.outcome import complain


def test_it_tells_its_version(start):
    process = start("--version")
    out, err = process.communicate(timeout=TIMEOUT)
    assert (process.returncode, out, err) == (0, f"twretweet {__version__}\n", "")


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_help_lists_every_command_and_names_the_variables(run, bare, words):
    done = run(*words, env=bare)
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("demo", "retweets", "retweeters", "retweet", "undo", "sandbox"):
        assert f" {name} " in done.stdout
    assert "TWRETWEET_BEARER_TOKEN" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("tomato",),
        ("retweet",),
        ("retweets", "20", "--limit", "many"),
        ("retweets", "20", "--tomato"),
        ("retweets", "20", "--fields", "tomato"),
        ("retweeters", "20", "--fields", "text"),
        ("retweets", "20", "--author", "tomato"),
        ("undo", "20", "30"),
    ],
)
def test_what_is_asked_for_wrongly_is_one_line_and_exit_code_2(words, capsys):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == ""
    one_line(err)


@pytest.mark.parametrize(
    "words", [("--max-results", "101"), ("--max-results", "0"), ("--limit", "-1")]
)
def test_sizes_out_of_range_are_refused_before_anything_is_sent(run, tweet, words):
    done = run("retweets", tweet, *words)
    assert (done.returncode, done.stdout) == (2, "")
    one_line(done.stderr)


@pytest.mark.parametrize("missing", ["cyclopts", "rich"])
def test_without_the_extra_it_says_what_to_install(bare, missing):
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "from twretweet.cli import main; sys.exit(main(['demo']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=bare,
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == ("the command line needs the extra: pip install 'twretweet[cli]'\n")


def test_a_message_of_a_server_can_not_steer_the_terminal(capsys):
    complain("bad\x1b[31m\nthing\r\x9b2J")
    assert capsys.readouterr().err == "twretweet: bad [31m thing 2J\n"

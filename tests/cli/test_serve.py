import http.client
import json
import signal
from urllib.parse import urlsplit

import pytest

from tests.cli.conftest import PREFIX, TIMEOUT, account, one_line
from twretweet.cli import main
from twretweet.cli.serve import _scale
from twretweet.errors import QueryError


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(start, bare, number):
    process = start("sandbox", "--json", env=bare)
    facts = json.loads(process.stdout.readline())
    assert list(facts) == [
        "url",
        "tweet_id",
        "consumer_key",
        "consumer_secret",
        "access_token",
        "access_token_secret",
        "bearer_token",
        "client_id",
    ]
    process.send_signal(number)
    assert process.communicate(timeout=TIMEOUT) == ("", "")
    assert process.returncode == 0


def test_what_it_prints_for_a_person_can_be_copied(start, run, bare):
    process = start("sandbox", "--retweets", "7", "--window-scale", "1/300", env=bare)
    lines = []
    while not lines or "max_results=5" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1]
    exports = dict(
        line.strip().removeprefix("export ").split("=", 1) for line in lines if "export " in line
    )
    assert len(exports) == 5
    command = next(line for line in lines if line.startswith("twretweet retweets"))
    copied = run(*command.split()[1:], env={**bare, **exports})
    assert len(copied.stdout.splitlines()) == 5
    # The two lines of curl, with the standard library in its place.
    token = lines[-2].partition("Bearer ")[2].partition("'")[0]
    parts = urlsplit(lines[-1].strip().strip("'"))
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    connection.request(
        "GET", f"{parts.path}?{parts.query}", headers={"Authorization": f"Bearer {token}"}
    )
    reply = connection.getresponse()
    assert reply.status == 200
    assert reply.headers["x-sandbox-window-scale"].startswith("0.00333")
    assert len(json.loads(reply.read())["data"]) == 5
    connection.close()


def test_another_seed_makes_other_keys_that_work(start, run, bare):
    process = start("sandbox", "--json", "--seed", "5", env=bare)
    facts = json.loads(process.stdout.readline())
    assert run("retweet", facts["tweet_id"], env={**bare, **account(facts)}).returncode == 0
    stale = {**bare, **account(facts), PREFIX + "CONSUMER_KEY": "another"}
    assert run("retweet", facts["tweet_id"], env=stale).returncode == 1


def test_a_port_in_use_is_one_line(run, facts):
    done = run("sandbox", "--json", "--port", str(urlsplit(facts["url"]).port))
    assert (done.returncode, done.stdout) == (1, "")
    assert "Address already in use" in one_line(done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("--port", "70000"),
        ("--port", "http"),
        ("--retweets", "-1"),
        ("--window-scale", "0"),
        ("--window-scale", "1/0"),
        ("--window-scale", "nan"),
    ],
)
def test_numbers_out_of_range_are_refused(words):
    # In this process: starting one for each would take longer than all else together.
    assert main(["sandbox", *words]) == 2


def test_a_scale_is_a_number_or_a_fraction():
    assert _scale("0.5") == 0.5
    assert _scale(" 1/300 ") == pytest.approx(1 / 300)
    with pytest.raises(QueryError, match="1/300"):
        _scale("-1")

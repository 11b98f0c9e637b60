import http.client
import itertools
import json
import shlex
import signal
import ssl
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from tests.cli.conftest import PREFIX, TIMEOUT, account, one_line
from twretweet.cli import main
from twretweet.cli.serve import _scale
from twretweet.cli.served import Facts, describe, facts_of
from twretweet.errors import QueryError
from twretweet.sandbox import ThreadedSandbox
from twretweet.sandbox.testing import environment


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
        "user_id",
        "oauth2_access_token",
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
    assert lines[0].endswith(", for this machine only. Ctrl-C ends it.\n")
    exports = dict(
        line.strip().removeprefix("export ").split("=", 1) for line in lines if "export " in line
    )
    assert len(exports) == 7
    command = next(line for line in lines if line.startswith("twretweet retweets"))
    copied = run(*command.split()[1:], env={**bare, **exports})
    assert len(copied.stdout.splitlines()) == 5
    reply, body = curl("".join(lines[-2:]))
    assert reply.headers["x-sandbox-window-scale"].startswith("0.00333")
    assert len(body["data"]) == 5
    while "-d" not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1]
    assert curl("".join(lines[-2:]))[1]["data"]["retweeted"]


def curl(command):
    """What a line of curl would be answered, with the standard library in its place."""
    words = shlex.split(command)
    assert words[0] == "curl"
    url = next(word for word in words if word.startswith("http://"))
    headers = dict(word.split(": ", 1) for flag, word in itertools.pairwise(words) if flag == "-H")
    body = next((word for flag, word in itertools.pairwise(words) if flag == "-d"), None)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    method, target = ("GET" if body is None else "POST"), f"{parts.path}?{parts.query}"
    connection.request(method, target, body, headers)
    reply = connection.getresponse()
    assert reply.status == 200
    answer = json.loads(reply.read())
    connection.close()
    return reply, answer


def test_what_it_prints_under_https_can_be_copied_too(start, bare):
    process = start("sandbox", "--tls", "--retweets", "3", env=bare)
    lines = []
    while not lines or " login " not in lines[-1]:
        lines.append(process.stdout.readline())
        assert lines[-1]
    exports = [line.removeprefix("export ").strip() for line in lines if "export " in line]
    variables = dict(line.split("=", 1) for line in exports)
    assert "SSL_CERT_FILE" not in variables, "nothing else there would be believed"
    *commands, login = [shlex.split(line) for line in lines if " twretweet " in line]
    assert len(commands) == 2
    for words in commands:
        believing, name, *rest = words
        assert name == "twretweet"
        variable, _, value = believing.partition("=")
        done = start(*rest, env={**bare, **variables, variable: value})
        assert done.communicate(timeout=TIMEOUT)[1] == ""
        assert done.returncode == 0
    assert login[0] == believing
    assert login[1] == f"TWRETWEET_BASE_URL={variables['TWRETWEET_BASE_URL']}"


def test_what_is_printed_to_be_exported_is_what_the_fixture_sets():
    with ThreadedSandbox() as sandbox:
        printed = [line for line in describe(facts_of(sandbox)).splitlines() if "export" in line]
        there = environment(sandbox)
    assert printed == [f"export {name}={value}" for name, value in there.items()]


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


def managed(url, path, body=None):
    """What the admin endpoint of a sandbox in another process says, asked as curl would."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT)
    method = "GET" if body is None else "POST"
    connection.request(method, f"/__sandbox__/{path}", body, {"Content-Type": "application/json"})
    reply = connection.getresponse()
    text = reply.read()
    connection.close()
    return json.loads(text) if text else reply.status


def test_it_fails_grows_and_saves_as_it_was_told(start, run, bare, tmp_path):
    kept = tmp_path / "state.jsonl"
    words = ("--fault", "unavailable:endpoint=POST,count=1", "--fault", "latency:seconds=0")
    more = ("--retweets-per-second", "50", "--save", str(kept))
    process = start("sandbox", "--json", "--retweets", "7", *words, *more, env=bare)
    facts = json.loads(process.stdout.readline())
    # The client tries again by itself, so the fault shows in what was asked.
    assert run("retweet", facts["tweet_id"], env={**bare, **account(facts)}).returncode == 0
    asked = managed(facts["url"], "requests")
    assert [one["status"] for one in asked if one["method"] == "POST"] == [503, 200]
    assert managed(facts["url"], "clock", '{"advance": 20}')["ahead"] == 20
    assert managed(facts["url"], "state")["totals"]["retweets"] > 1000
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=TIMEOUT) == ("", "")

    again = start("sandbox", "--json", "--load", str(kept), env=bare)
    facts = json.loads(again.stdout.readline())
    assert managed(facts["url"], "state")["totals"]["retweets"] > 1000
    told = run("retweet", facts["tweet_id"], env={**bare, **account(facts)})
    assert "already" in told.stdout


def test_limits_quirks_and_vocabulary_are_as_they_were_told(start, bare):
    words = ("--limit", "GET /2/tweets/:id/retweets=app-only:2/900", "--vocabulary", "post")
    more = ("--quirk", "empty_pages=0+1", "--quirk", "all_empty", "--retweets", "9")
    process = start("sandbox", "--json", *words, *more, env=bare)
    facts = json.loads(process.stdout.readline())
    connection = http.client.HTTPConnection(urlsplit(facts["url"]).netloc, timeout=TIMEOUT)
    bearer = {"Authorization": f"Bearer {facts['bearer_token']}"}
    connection.request("GET", f"/2/tweets/{facts['tweet_id']}/retweets", headers=bearer)
    reply = connection.getresponse()
    assert reply.headers["x-rate-limit-limit"] == "2"
    assert reply.headers["api-version"] == "2.167"
    assert json.load(reply)["meta"]["result_count"] == 0
    connection.close()


def test_it_speaks_https_and_prints_whom_to_believe(start, bare):
    process = start("sandbox", "--tls", "--json", env=bare)
    facts = json.loads(process.stdout.readline())
    context = ssl.create_default_context(cafile=facts["ca_file"])
    netloc = urlsplit(facts["url"]).netloc
    connection = http.client.HTTPSConnection(netloc, context=context, timeout=TIMEOUT)
    connection.request("GET", "/2/users/me")
    assert connection.getresponse().status == 401
    connection.close()
    process.send_signal(signal.SIGTERM)
    assert process.communicate(timeout=TIMEOUT) == ("", "")
    assert not Path(facts["ca_file"]).exists()
    told = describe(msgspec.convert(facts, Facts))
    assert f"curl --cacert {facts['ca_file']} --connect-to ::{netloc} -H" in told


def test_a_line_that_can_not_be_loaded_is_told_of_in_plain_words(capsys, tmp_path):
    kept = tmp_path / "state.jsonl"
    for line, words in (
        ('{"type": "nope"}', "there is no type 'nope'; there are sandbox, account, user, tweet,"),
        ("{}", "'type' is missing; there are sandbox, account, user, tweet,"),
        ('{"type": "tweet", "retweets": "x"}', "retweets must be a whole number or an object"),
        ('{"type": "tweet", "tweets": 1}', "there is no 'tweets'"),
        ("[]", "it must be an object"),
        ('{"type"', "the JSON ends too early"),
    ):
        kept.write_text(line, encoding="utf-8")
        assert main(["sandbox", "--load", str(kept)]) == 2
        told = one_line(capsys.readouterr().err)
        assert f"--load {kept}: line 1: {words}" in told


def test_another_module_that_is_missing_is_not_the_extra(monkeypatch):
    def broken(**_):
        raise ImportError("no such thing", name="something")

    monkeypatch.setattr("twretweet.sandbox.Sandbox", broken)
    for words in (["--tls"], []):
        with pytest.raises(ImportError, match="no such thing"):
            main(["sandbox", *words])


def test_without_the_extra_it_says_which_one_tls_needs(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert main(["sandbox", "--tls"]) == 1
    assert "pip install 'twretweet[tls]'" in one_line(capsys.readouterr().err)


def test_it_tells_what_can_go_wrong(capsys):
    assert main(["sandbox", "--fault", "list"]) == 0
    told = capsys.readouterr().out
    for kind in ("latency:seconds=1.0\n", "lost_reply\n", "spend_cap_reached:seconds=86400.0\n"):
        assert kind in told


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--host", "0.0.0.0"), "--host is '0.0.0.0': others could reach it; if"),
        (("--host", "example.com"), "say --listen-beyond-loopback as well"),
        (("--listen-beyond-loopback",), "--host is 127.0.0.1, which no other machine reaches"),
        (("--listen-beyond-loopback", "--host", "localhost"), "--host is localhost, which no"),
        (("--listen-beyond-loopback", "--host", "::1"), "--host is ::1, which no"),
        (("--fault", "slow"), "--fault 'slow': there is no 'slow'; there are latency"),
        (("--fault", "latency:seconds=few"), "seconds must be a number; write KIND"),
        (("--fault", "latency:second=1"), "there is no 'second'; write KIND"),
        (("--fault", '{"kind": "slow"}'), "there is no kind 'slow'; there are latency"),
        (("--fault", "latency:endpoint=/x"), "--fault: no endpoint is at '/x'"),
        (("--retweets-per-second", "-1"), "--retweets-per-second is -1"),
        (("--retweets-per-second", "nan"), "--retweets-per-second is nan"),
        (("--retweets", "-1"), "--retweets is -1: it must be between 0 and"),
        (("--seed", str(1 << 63)), "--seed is 9223372036854775808: it must fit"),
        (("--load", "no such file"), "--load no such file: No such file"),
        (("--load", "."), "--load .: Is a directory"),
        (("--save", "no such folder/x"), "--save no such folder/x: No such file"),
        (("--save", "."), "--save .: Is a directory"),
        (("--limit", "/x=1/900"), "--limit: no endpoint is at '/x'"),
        (("--limit", "=1/900"), "there is no endpoint; write ENDPOINT"),
        (("--limit", "GET"), "limit 'GET': there is no '='; write ENDPOINT"),
        (("--limit", "GET=many/900"), "--limit 'GET=many/900': requests must be a whole number"),
        (("--limit", "GET=1/soon"), "seconds must be a whole number; write"),
        (("--limit", "GET=us:1/900"), "there is no per 'us'; there are user, app-only, app"),
        (("--limit", "GET=1/60", "--limit", "GET=2/60"), "--limit: GET has two of 'user' for 60"),
        (("--limit", "GET=1000000000"), "--limit: requests of a limit of GET is 1000000000"),
        (("--limit", "GET=1/0"), "seconds more than 0"),
        (("--quirk", "slow"), "there is no 'slow'; there are short_pages"),
        (("--quirk", "short_pages=2"), "--quirk 'short_pages=2': short_pages is a share"),
        (
            ("--quirk", "latency=1", "--quirk", "all_empty=perhaps"),
            "--quirk 'all_empty=perhaps': all_empty must be true or false",
        ),
        (("--quirk", "empty_pages=a"), "empty_pages[0] must be a whole number"),
        (("--quirk", "latency=nan"), "latency is a number of seconds, not nan"),
        (("--quirk", "latency=inf"), "latency is a number of seconds, not inf"),
        (("--quirk", "short_pages=few"), "'short_pages=few': short_pages must be a number;"),
        (("--quirk", "empty_pages=-1"), "counts pages from 0"),
        (("--quirk", "latency=1", "--quirk", "latency=2"), "latency is there twice"),
        (("--vocabulary", "toots"), "toots"),
        (("--daily-updates", "-1"), "--daily-updates is -1"),
    ],
)
def test_what_can_not_be_served_says_why_and_starts_nothing(capsys, words, complaint):
    assert main(["sandbox", *words]) == 2
    assert complaint in one_line(capsys.readouterr().err)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.0.0.2", "::1", "LOCALHOST"])
def test_an_address_of_loopback_is_for_this_machine_only(host):
    told = describe(Facts("http://x:1", *["-"] * 9), host)
    assert told.startswith("An X API listens on http://x:1, for this machine only.")


def test_it_listens_beyond_loopback_when_told_twice(start, bare):
    words = ("--host", "0.0.0.0", "--listen-beyond-loopback")
    process = start("sandbox", *words, env=bare)
    first = process.stdout.readline()
    assert "and for others at 0.0.0.0" in first
    assert "http://127.0.0.1:" in first


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="no terminal is closed here")
def test_a_closed_terminal_ends_it_with_its_state_saved(start, bare, tmp_path):
    kept = tmp_path / "state.jsonl"
    process = start("sandbox", "--json", "--save", str(kept), env=bare)
    assert process.stdout.readline()
    assert not list(tmp_path.iterdir()), "what was tried is gone"
    process.send_signal(signal.SIGHUP)
    assert process.communicate(timeout=TIMEOUT) == ("", "")
    assert process.returncode == 0
    assert list(tmp_path.iterdir()) == [kept]
    assert json.loads(kept.read_text().splitlines()[0])["type"] == "sandbox"


def test_a_file_that_can_no_longer_be_written_is_one_line(start, bare, tmp_path):
    folder = tmp_path / "soon gone"
    folder.mkdir()
    process = start("sandbox", "--json", "--save", str(folder / "x"), env=bare)
    assert process.stdout.readline()
    folder.rmdir()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 1
    assert "can't write" in one_line(errors)


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

"""The commands as a person runs them, in processes of their own."""

import array
import csv
import fcntl
import io
import json
import signal
import sys
import termios
from pathlib import Path

import pytest

from tests.cli.conftest import PREFIX, TIMEOUT, one_line

# With these, a page is more than twice what a pipe holds.
FIELDS, USERS = "entities,public_metrics", "description,public_metrics"
LONG = (
    "--fields",
    FIELDS,
    "--author",
    USERS,
    "--referenced",
    FIELDS,
    "--referenced-author",
    USERS,
)


def test_each_line_is_one_retweet_in_the_names_of_the_api(run, tweet):
    done = run("retweets", tweet, "--fields", "created_at,public_metrics", "--fields", "entities")
    assert (done.returncode, done.stderr) == (0, "")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == len(rows) == 230
    newest = rows[0]
    assert newest["text"].startswith("RT @TwitterDev: ")
    assert newest["created_at"].endswith("Z")
    assert newest["public_metrics"]["retweet_count"] == 230
    assert "author" not in newest


def test_counts_of_zero_are_written_like_any_other(run, tweet):
    done = run("retweets", tweet, "--fields", "public_metrics", "--limit", "1")
    assert json.loads(done.stdout)["public_metrics"]["reply_count"] == 0


def test_the_author_is_joined_in_when_asked_for(run, tweet):
    done = run("retweets", tweet, "--author", "verified,public_metrics", "--limit", "3")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 3
    for row in rows:
        assert row["author"]["id"] == row["author_id"]
        assert row["author"]["public_metrics"]["followers_count"] >= 0
        assert row["author"]["verified"] in (True, False)


def test_retweeters_are_users(run, tweet):
    page = f"https://x.com/TwitterDev/status/{tweet}?s=20"
    done = run("retweeters", page, "--fields", "verified", "--out", "-")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len({row["id"] for row in rows}) == 230
    assert set(rows[0]) == {"id", "name", "username", "verified"}


def test_a_file_gets_what_standard_output_would(here, run, tweet, tmp_path: Path):
    code, out, err = here("retweets", tweet, "--out", "rows.jsonl", "--limit", "120")
    assert (code, out) == (0, "")
    assert one_line(err) == "twretweet: done: 120 retweets, 2 pages, $0.60, in rows.jsonl"
    shown = run("retweets", tweet, "--limit", "120").stdout
    assert (tmp_path / "rows.jsonl").read_text() == shown
    assert shown.count("\n") == 120


def test_an_existing_file_is_kept_unless_forced(here, tweet, tmp_path: Path):
    file = tmp_path / "rows.jsonl"
    file.write_text("precious\n" * 1000)
    code, _, err = here("retweets", tweet, "--out", "rows.jsonl")
    assert code == 2
    assert "rows.jsonl exists: give --force" in one_line(err)
    assert file.read_text() == "precious\n" * 1000
    assert here("retweets", tweet, "--out", "rows.jsonl", "--limit", "2", "--force")[0] == 0
    assert len([json.loads(line) for line in file.read_text().splitlines()]) == 2


def test_a_walk_that_fails_at_once_leaves_files_as_they_were(here, tmp_path: Path):
    (tmp_path / "old.jsonl").write_text("precious\n")
    for name in ("new.jsonl", "old.jsonl"):
        code, _, err = here("retweets", "99", "--out", name, "--force")
        assert code == 1
        assert "99" in one_line(err)
    assert (tmp_path / "old.jsonl").read_text() == "precious\n"
    assert not (tmp_path / "new.jsonl").exists()


def test_output_that_can_not_be_written_is_an_error(run, tweet, tmp_path: Path):
    assert "Is a directory" in one_line(run("retweets", tweet, "--out", str(tmp_path)).stderr)
    if Path("/dev/full").exists():
        full = run("retweets", tweet, "--out", "/dev/full")
        assert full.returncode == 1
        assert "No space left" in one_line(full.stderr)


def test_a_reader_that_has_seen_enough_ends_it_quietly(start, tweet):
    # More than a pipe holds, so that it is still writing when the reader goes.
    words = ("--fields", "entities,public_metrics", "--author", "description,public_metrics")
    process = start("retweets", tweet, *words)
    assert json.loads(process.stdout.readline())["text"]
    process.stdout.close()
    assert process.wait(TIMEOUT) == 0
    assert process.stderr.read() == ""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_with_one_line_and_whole_rows(
    start, bare, number, code, sandbox_of_its_own
):
    env, tweet = sandbox_of_its_own
    process = start("retweets", tweet, "--max-results", "1", env={**bare, **env})
    # After 75 pages it waits a quarter of an hour for the window.
    lines = [process.stdout.readline() for _ in range(75)]
    process.send_signal(number)
    rest, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == code
    # On a slow machine it has told of the wait by then.
    *meanwhile, last = said.splitlines()
    assert last == "twretweet: stopped after 75 retweets, 75 pages, $0.375"
    assert all("waiting for the window" in line for line in meanwhile)
    assert len(meanwhile) <= 1
    assert rest == ""
    assert len({json.loads(line)["id"] for line in lines}) == 75


def test_a_wait_longer_than_allowed_ends_it_and_says_how_far_it_came(
    run, bare, sandbox_of_its_own
):
    env, tweet = sandbox_of_its_own
    words = ("retweeters", tweet, "--max-results", "2", "--max-wait", "0.5")
    done = run(*words, env={**bare, **env})
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 150
    assert "retweeters of user" in done.stderr
    assert one_line(done.stderr).endswith("written so far: 150 retweeters, 75 pages, $1.50")


def test_the_app_itself_may_read(run, bare, facts, tweet):
    env = {
        **bare,
        PREFIX + "BASE_URL": facts["url"],
        PREFIX + "BEARER_TOKEN": facts["bearer_token"],
    }
    done = run("retweeters", tweet, "--limit", "1", env=env)
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)


def test_csv_goes_to_standard_output_too(here, tweet):
    _, out, _ = here("retweets", tweet, "--format", "csv", "--author", "--limit", "3")
    header, *records = csv.reader(io.StringIO(out, newline=""))
    assert header == ["id", "text", "author_id", "author.id", "author.username", "author.name"]
    assert len(records) == 3
    assert all(record[2] == record[3] != "" for record in records)


def test_every_join_has_an_option(here, tweet):
    words = ("--author", "--media", "url", "--place", "--poll", "--mentions", "--reply-author")
    more = ("--referenced", "lang", "--referenced-author", "--expand", "edit_history_tweet_ids")
    code, out, err = here("retweets", tweet, *words, *more, "--limit", "1")
    assert code == 0, err
    row = json.loads(out)
    joined = {"author", "media", "place", "polls", "mentions", "reply_author"}
    assert row.keys() >= joined | {"referenced", "edit_history"}
    [original] = row["referenced"]
    assert original["id"] == tweet
    assert original["author"]["username"] == "TwitterDev"
    _, out, _ = here("retweeters", tweet, "--pinned-tweet", "--most-recent-tweet", "--limit", "1")
    assert json.loads(out).keys() >= {"pinned_tweet", "most_recent_tweet"}


def test_users_are_gone_on_with_as_retweets_are(here, tweet, tmp_path):
    words = ("retweeters", tweet, "--out", "users.csv", "--resume")
    for limit in ("70", "120"):
        assert here(*words, "--limit", limit)[0] == 0
    assert one_line(here(*words, "--limit", "100")[2]).startswith(
        "twretweet: done: 120 retweeters,"
    )
    assert here(*words)[0] == 0
    with (tmp_path / "users.csv").open(newline="") as file:
        ids = [row["id"] for row in csv.DictReader(file)]
    assert len(ids) == len(set(ids)) == 230


def test_a_stopped_export_is_gone_on_with(start, run, bare, tmp_path, sandbox_of_its_own):
    env, tweet = sandbox_of_its_own
    own = {**bare, **env, "HOME": str(tmp_path)}
    words = ("retweets", tweet, "--max-results", "2", "--out", "rows.jsonl")
    process = start(*words, env=own)
    # After 75 pages it waits a quarter of an hour for the window.
    file = tmp_path / "rows.jsonl"
    while process.poll() is None and (not file.exists() or file.read_bytes().count(b"\n") < 150):
        pass
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 143
    assert said.endswith(
        "stopped after 150 of 1,000 retweets, 75 pages, $0.755, in rows.jsonl; the same command "
        "with --resume goes on\n"
    )
    done = run(*words, "--resume", "--max-wait", "1", env=own)
    assert done.returncode == 1
    assert done.stderr.endswith(
        "written so far: 150 of 1,000 retweets, 75 pages, $0.755, in rows.jsonl; the same command "
        "with --resume goes on\n"
    )
    assert file.read_bytes().count(b"\n") == 150


@pytest.mark.skipif(sys.platform == "win32", reason="needs a shell")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_second_signal_ends_even_a_write_that_nobody_reads(start, env, tweet, unbuffered):
    own = {**env, "PYTHONUNBUFFERED": unbuffered}
    process = start("retweets", tweet, *LONG, env=own)
    assert process.stdout.read(1) == "{"
    while _unread(process.stdout.fileno()) < 60_000:
        pass
    # Two of one kind could arrive as one.
    process.send_signal(signal.SIGINT)
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT) in {130, 143}
    assert "stopped at once" in one_line(process.stderr.read())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pipe")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_signal_during_a_write_leaves_the_page_whole(start, env, tweet, unbuffered):
    own = {**env, "PYTHONUNBUFFERED": unbuffered}
    process = start("retweets", tweet, *LONG, env=own)
    while _unread(process.stdout.fileno()) < 60_000:
        pass
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 130
    assert one_line(said).startswith("twretweet: stopped after 100 retweets, 1 page")
    assert len([json.loads(line)["id"] for line in out.splitlines()]) == 100


def _unread(pipe: int) -> int:
    held = array.array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, held)
    return held[0]

"""What a type checker sees: names that it completes, and typos that it refuses."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import assert_type

import pytest

from twretweet import models
from twretweet.query import TweetQuery, UserQuery

ROOT = Path(__file__).resolve().parents[2]

RIGHT = """
from twretweet.query import TweetQuery, UserField, UserQuery
names: list[UserField] = ["name"]
TweetQuery().fields("created_at", "note_post").author("username").referenced("id", author=names)
UserQuery().fields("verified").pinned_tweet("text").expand("affiliation")
"""
TYPOS = {
    "field": 'TweetQuery().fields("created_att")',
    "user field": 'TweetQuery().author("usrname")',
    "media field": 'TweetQuery().media("alttext")',
    "expansion": 'TweetQuery().expand("author")',
    "author of the referenced": 'TweetQuery().referenced(author=["nme"])',
    "user query": 'UserQuery().fields("text")',
    "raw parameter": 'TweetQuery().raw("tweets.fields", "new")',
    "vocabulary": 'TweetQuery().to_params("toot")',
}


def test_builders_return_their_own_kind():
    assert_type(TweetQuery().fields("id").author("name").raw("user.fields", "x"), TweetQuery)
    assert_type(UserQuery().pinned_tweet("id").expand("pinned_tweet_id"), UserQuery)
    assert_type(TweetQuery().to_params("post"), dict[str, str])
    assert_type(TweetQuery().private_metrics, tuple[str, ...])


def test_pages_know_what_they_hold():
    page = models.tweet_page(b'{"data": [{"id": "1"}]}')
    assert_type(page, models.Page[models.Tweet])
    assert_type(page.data[0].author, models.User | None)
    assert_type(page.data[0].referenced, tuple[models.Tweet, ...])
    assert_type(models.one_user(b"{}").data, models.User | None)


def test_a_type_checker_refuses_each_typo_and_nothing_else(tmp_path: Path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    typos = "\n".join(TYPOS.values())
    snippet = tmp_path / "snippet.py"
    snippet.write_text(RIGHT + typos + "\n", encoding="utf-8")
    run = subprocess.run(
        [
            sys.executable, "-m", "mypy", "--check-untyped-defs", "--config-file=",
            "--no-error-summary", f"--cache-dir={tmp_path / 'cache'}", str(snippet), __file__,
        ],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    refused = {
        int(line.split(":")[1])
        for line in run.stdout.splitlines()
        if line.startswith(f"{snippet}:") and ": error:" in line
    }
    first = len(RIGHT.splitlines()) + 1
    assert refused == set(range(first, first + len(TYPOS))), run.stdout + run.stderr
    assert run.stdout.count(": error:") == len(TYPOS), run.stdout

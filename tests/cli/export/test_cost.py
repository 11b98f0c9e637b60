"""What an export costs, refuses and leaves out."""

import subprocess
import sys

import pytest

from tests.cli.conftest import one_line


def test_a_dry_run_says_what_it_would_take_and_writes_nothing(here, tweet, tmp_path):
    words = ("--author", "--dry-run", "--out", "rows.csv", "--budget", "1")
    code, out, err = here("retweets", tweet, *words)
    assert (code, err) == (0, "")
    lines = {line.split("  ")[0]: line.partition("  ")[2].strip() for line in out.splitlines()}
    assert lines["retweets"] == "230"
    assert lines["pages"] == "3 of 100"
    assert lines["cost"] == "about $3.45: 230 posts at $0.005, 230 users at $0.01"
    assert lines["budget"] == "$1.00, which is enough for about 66 more retweets, on 1 page"
    assert lines["prices"].endswith("this look cost $0.005")
    assert list(tmp_path.iterdir()) == []


def test_a_budget_ends_an_export_with_what_it_pays_for(here, tweet, tmp_path):
    words = ("retweets", tweet, "--out", "rows.parquet", "--budget")
    code, _, err = here(*words, "0.605")
    assert code == 1
    assert one_line(err) == (
        "twretweet: the budget of $0.605 has $0.00 left, and one more can cost $0.005; "
        "written so far: 120 of 230 retweets, 2 pages, $0.605 of $0.605, in rows.parquet; with a "
        "larger --budget, --resume goes on"
    )
    assert here("plot", "rows.parquet")[1].startswith("120 retweets in rows.parquet\n")
    code, _, err = here(*words, "5", "--resume")
    assert code == 0
    assert "done: 230 retweets, 4 pages, $1.155 of $5.00" in err


def test_a_budget_is_not_used_up_by_pages_of_a_few_rows(here, tweet):
    words = ("--author", "--mentions", "--out", "rows.jsonl", "--budget", "3")
    code, _, err = here("retweets", tweet, *words)
    assert code == 1
    assert one_line(err) == (
        "twretweet: the budget of $3.00 has $0.51 left, and 10 more can cost $0.65; written so "
        "far: 165 of 230 retweets, 2 pages, $2.49 of $3.00, in rows.jsonl; with a larger "
        "--budget, --resume goes on"
    )


def test_a_look_that_the_budget_does_not_bear_is_not_taken(here, tweet):
    code, out, err = here("retweets", tweet, "--dry-run", "--budget", "0.004")
    assert (code, out) == (1, "")
    assert one_line(err) == (
        "twretweet: the budget of $0.004 has $0.004 left, and one more can cost $0.005"
    )
    prices = ("--prices", "post_read=0.001,user_read=0.1", "--free-includes")
    code, out, _ = here("retweets", tweet, "--author", "--dry-run", "--budget", "0.1", *prices)
    assert code == 0
    assert "about $0.23: 230 posts at $0.001\n" in out
    assert "$0.10, which is enough for about 100 more retweets, on 1 page\n" in out
    assert out.endswith("as given, others of August 2026; this look cost $0.001\n")


def test_an_export_goes_by_the_prices_that_are_given(here, tweet):
    words = ("retweets", tweet, "--author", "--out", "rows.jsonl", "--limit", "100")
    assert here(*words, "--prices", "user_read=0.02")[2].endswith(", $2.50, in rows.jsonl\n")
    free = here(*words, "--force", "--free-includes")[2]
    assert free.endswith(", $0.50, in rows.jsonl\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--resume",), "--resume goes on with a file"),
        (("--resume", "--force", "--out", "rows"), "give one of them"),
        (("--format", "xml"), "must be one of jsonl, csv, parquet"),
        (("--format", "parquet"), "Parquet can't go to standard output"),
        (("--budget", "lots"), "--budget is 'lots': it must be a number of US dollars"),
        (("--max-results", "0"), "--max-results is 0: it must be between 1 and 100"),
        (("--limit", "-1"), "--limit is -1: "),
        (("--max-wait", "-1"), "--max-wait is -1.0: "),
        (("--fields", "newest"), "pass it with --raw tweet.fields=NAME"),
        (("--raw", "newest"), "it must be like tweet.fields=NAME"),
        (("--raw", "tweet.field=newest"), "the nearest is 'tweet.fields'"),
        (("--budget", "-1", "--out", "rows"), "must be between 0"),
        (("--prices", "post=1", "--out", "rows"), "must be like post_read=0.004"),
        (("--prices", "post_read=dear", "--dry-run"), "--prices post_read is 'dear': it must be"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    here, tweet, tmp_path, words, said
):
    code, out, err = here("retweets", tweet, *words)
    assert (code, out) == (2, "")
    assert said in one_line(err)
    assert list(tmp_path.iterdir()) == []


def test_no_key_stands_in_the_file_or_its_checkpoint(here, env, tweet, tmp_path):
    assert here("retweets", tweet, "--out", "rows.jsonl", "--limit", "5")[0] == 0
    left = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    secrets = [value for name, value in env.items() if "TOKEN" in name or "SECRET" in name]
    assert secrets
    assert not [secret for secret in secrets if secret.encode() in left]


def test_neither_pyarrow_nor_matplotlib_is_imported_where_it_is_not_needed(env, tweet, tmp_path):
    program = (
        "import sys; from twretweet.cli import main\n"
        f"assert main(['retweets', '{tweet}', '--out', 'rows.csv']) == 0\n"
        "assert main(['plot', 'rows.csv']) == 0\n"
        "assert not {'pyarrow', 'matplotlib', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run(
        [sys.executable, "-c", program], env=env, cwd=tmp_path, check=True, capture_output=True
    )

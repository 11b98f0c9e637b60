"""What is refused before a file is opened: it is left as it was, to the byte."""

import pytest

from tests.cli.conftest import one_line
from tests.cli.export.test_file import opened, write
from twretweet.cli.export.parquet import journal_of
from twretweet.cli.export.place import beside
from twretweet.cli.outcome import OutputRefused


def contents(folder):
    return {each.name: (each.read_bytes(), each.stat().st_mtime_ns) for each in folder.iterdir()}


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)])
def test_another_query_or_tweet_is_refused_and_changes_no_file(here, tweet, tmp_path, kind, dry):
    out = f"rows.{kind}"
    assert here("retweets", tweet, "--author", "--out", out, "--budget", "2")[0] == 1
    # As if it had been killed while it wrote.
    with (tmp_path / (out if kind == "jsonl" else f"{out}.journal")).open("ab") as end:
        end.write(b'{"id":"torn')
    before = contents(tmp_path)
    for words in ((tweet,), ("20", "--author"), (tweet, "--author", "--format", "csv")):
        code, said, err = here("retweets", *words, "--out", out, "--resume", *dry)
        assert (code, said) == (2, "")
        assert "to go on, --force" in one_line(err) or "give --format" in one_line(err)
        assert contents(tmp_path) == before


def test_a_dry_run_refuses_a_file_that_is_there(here, tweet, tmp_path):
    (tmp_path / "rows.csv").write_text("precious")
    code, out, err = here("retweets", tweet, "--out", "rows.csv", "--dry-run")
    assert (code, out) == (2, "")
    assert "rows.csv exists: give --force" in one_line(err)


@pytest.mark.parametrize("mode", ["new", "force"])
@pytest.mark.parametrize("content", [b"precious", b"", b'{"what":"something else","version":1}'])
def test_the_checkpoint_of_another_program_is_not_overwritten(tmp_path, mode, content):
    file = tmp_path / "rows.csv"
    beside(file).write_bytes(content)
    with pytest.raises(
        OutputRefused, match=r"rows\.csv\.checkpoint is no checkpoint of an export"
    ):
        opened(file, mode)
    assert beside(file).read_bytes() == content


def test_a_journal_without_a_checkpoint_is_not_overwritten(tmp_path):
    file = tmp_path / "rows.parquet"
    journal_of(file).write_bytes(b"precious")
    with pytest.raises(OutputRefused, match="is no journal of an export"):
        opened(file, "force")
    assert journal_of(file).read_bytes() == b"precious"


@pytest.mark.parametrize("mode", ["new", "force"])
def test_the_checkpoint_of_a_file_that_is_gone_is_overwritten(tmp_path, mode):
    file = tmp_path / "rows.csv"
    with opened(file) as output:
        write(output, 0)
    file.unlink()
    with opened(file, mode) as output:
        write(output, 1)
    assert file.read_bytes().startswith(b"id,text\r\n1a,")

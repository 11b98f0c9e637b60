"""A Parquet file: made of its journal whenever an export ends other than by being killed."""

import subprocess
import sys
from pathlib import Path

import msgspec
import pyarrow.parquet as pq
import pytest

from tests.cli.export.test_file import opened, write
from twretweet.cli.export.columns import Column
from twretweet.cli.export.opening import examine, open_output
from twretweet.cli.export.parquet import journal_of
from twretweet.cli.export.place import Place, beside
from twretweet.cli.outcome import OutputFailed, OutputRefused


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "rows.parquet"


def ids(file: Path) -> list[str]:
    return pq.read_table(file).column("id").to_pylist()


def names(file: Path) -> set[str]:
    return {each.name.removeprefix(file.name) for each in file.parent.iterdir()}


def test_a_complete_export_leaves_the_file_and_its_checkpoint(file):
    with opened(file) as output:
        write(output, 0, 1, finished=True)
    assert ids(file) == ["0a", "0b", "1a", "1b"]
    assert names(file) == {"", ".checkpoint"}


def test_one_that_stops_leaves_a_file_that_can_be_read_and_can_be_gone_on_with(file):
    with opened(file) as output:
        write(output, 0)
    assert ids(file) == ["0a", "0b"]
    assert names(file) == {"", ".checkpoint", ".journal"}
    with pytest.raises(ValueError, match="X is down"), opened(file) as output:
        write(output, 1)
        raise ValueError("X is down")
    assert ids(file) == ["0a", "0b", "1a", "1b"]
    with opened(file) as output:
        write(output, 2, finished=True)
    assert ids(file) == ["0a", "0b", "1a", "1b", "2a", "2b"]
    assert names(file) == {"", ".checkpoint"}


def test_one_that_is_killed_leaves_its_journal(file):
    with pytest.raises(KeyboardInterrupt), opened(file) as output:
        write(output, 0)
        raise KeyboardInterrupt
    assert names(file) == {".checkpoint", ".journal"}
    with journal_of(file).open("ab") as end:
        end.write(b'{"id":"torn')
    with opened(file) as output:
        write(output, 1, finished=True)
    assert ids(file) == ["0a", "0b", "1a", "1b"]


def test_one_that_was_killed_while_the_file_was_made_makes_it_anew(file):
    with pytest.raises(KeyboardInterrupt), opened(file) as output:
        write(output, 0, finished=True)
        raise KeyboardInterrupt
    file.with_name(".rows.parquet.0123abcd.twretweet-draft").write_bytes(b"PAR1 half of it")
    with opened(file) as output:
        assert output.place.finished
    assert ids(file) == ["0a", "0b"]
    assert names(file) == {"", ".checkpoint"}


def test_a_complete_one_is_not_begun_anew(file):
    with opened(file) as output:
        write(output, 0, finished=True)
    before = file.read_bytes()
    with opened(file) as output:
        assert output.place.finished
    assert file.read_bytes() == before


def test_an_export_without_a_row_has_its_columns(file):
    with opened(file) as output:
        write(output, finished=True)
    assert pq.read_table(file).schema.names == ["id", "text"]
    assert ids(file) == []


def test_a_file_or_a_journal_that_is_there_is_not_overwritten_by_mistake(file):
    file.write_bytes(b"precious")
    for mode in ("new", "resume"):
        with pytest.raises(OutputRefused, match="--force"):
            opened(file, mode)
    assert file.read_bytes() == b"precious"
    with opened(file, "force") as output:
        assert file.read_bytes() == b"precious"
        write(output, 0)
    file.unlink()
    with pytest.raises(OutputRefused, match="journal exists: give --resume to go on with it"):
        opened(file, "new")


def test_one_that_can_not_be_made_says_where_its_rows_are(file):
    with (
        pytest.raises(OutputFailed, match=r"rows\.parquet can't be written: Is a directory"),
        opened(file) as output,
    ):
        write(output, 0, finished=True)
        file.mkdir()
    assert output.where == f"{file}.journal as JSON Lines"
    file.rmdir()
    with pytest.raises(ValueError, match="X is down"), opened(file) as output:
        file.mkdir()
        raise ValueError("X is down")
    assert output.where == (
        f"{file}.journal as JSON Lines, since {file} can't be written: Is a directory"
    )
    file.rmdir()
    with opened(file) as output:
        pass
    assert output.where == str(file)
    assert ids(file) == ["0a", "0b"]


def test_one_that_is_complete_by_its_limit_can_be_gone_on_with(file):
    with opened(file) as output:
        write(output, 0, finished=True, more=True)
    assert ids(file) == ["0a", "0b"]
    assert names(file) == {"", ".checkpoint", ".journal"}
    with opened(file) as output:
        write(output, 1, finished=True)
    assert ids(file) == ["0a", "0b", "1a", "1b"]
    assert names(file) == {"", ".checkpoint"}


@pytest.mark.parametrize("count", [2**63, -(2**63) - 1, 10**30])
def test_a_number_that_has_no_room_is_told_and_its_rows_stay(file, count):
    number = (Column(("id",), "text"), Column(("metrics", "count"), "integer"))

    def begin():
        return open_output(examine(str(file), Place(format="parquet"), mode="resume"), number)

    with (
        pytest.raises(OutputFailed, match=r"a value of the column metrics\.count does not fit"),
        begin() as output,
    ):
        row = {"id": "1", "metrics": {"count": count}}
        place = msgspec.structs.replace(output.place, pages=1, rows=1)
        output.write([row], place)
        output.end(place)
    with pytest.raises(OutputFailed, match="does not fit"), begin():
        pass
    assert names(file) == {".checkpoint", ".journal"}
    assert str(count) in journal_of(file).read_text()


def test_a_file_that_is_gone_with_its_journal_is_told(file):
    with opened(file) as output:
        write(output, 0, finished=True)
    file.unlink()
    with pytest.raises(OutputRefused, match="is gone"):
        opened(file)
    assert beside(file).exists()


def test_without_the_extra_it_says_so_before_anything_is_sent(tmp_path, env, tweet):
    program = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from twretweet.cli import main\n"
        f"sys.exit(main(['retweets', '{tweet}', '--out', 'rows.parquet']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=env,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "twretweet: Parquet needs the extra: pip install 'twretweet[parquet]'\n"
    )
    assert list(tmp_path.iterdir()) == []

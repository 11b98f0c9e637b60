"""A file and its checkpoint: what is whole is kept, what is not ours is refused."""

import json
import os
from pathlib import Path

import msgspec
import pytest

from twretweet.cli.export.columns import Column
from twretweet.cli.export.opening import examine, open_output
from twretweet.cli.export.place import Place, beside
from twretweet.cli.outcome import OutputFailed, OutputRefused
from twretweet.walk import Checkpoint

COLUMNS = (Column(("id",), "text"), Column(("text",), "text"))


@pytest.fixture(params=["jsonl", "csv"])
def kind(request):
    return request.param


@pytest.fixture
def file(tmp_path: Path, kind: str) -> Path:
    return tmp_path / f"rows.{kind}"


def opened(file: Path, mode: str = "resume", kind: str | None = None):
    kind = kind or file.suffix[1:]
    return open_output(examine(str(file), Place(format=kind), mode=mode), COLUMNS)


def page(number: int) -> list[dict[str, object]]:
    return [{"id": f"{number}{each}", "text": f"page {number},\n“two lines”"} for each in "ab"]


def write(output, *numbers: int, finished: bool = False, more: bool = False) -> None:
    """Write these pages; ``finished`` with all there is, or ``more`` is there, as by a limit."""
    walk = Checkpoint(endpoint="retweets", target="1", params={}, finished=finished and not more)
    for number in numbers:
        walk = msgspec.structs.replace(walk, page_token=f"after {number}")
        place = output.place.at(walk)
        place = msgspec.structs.replace(place, pages=place.pages + 1, rows=place.rows + 2)
        output.write(page(number), place)
    output.end(msgspec.structs.replace(output.place.at(walk), finished=finished))


def whole(file: Path, *numbers: int) -> bytes:
    """What a file holds that was written without an interruption."""
    other = file.with_name(f"whole{file.suffix}")
    with opened(other, "force") as output:
        write(output, *numbers)
    return other.read_bytes()


def test_what_was_written_in_several_runs_is_what_one_would_have_written(file):
    for number in range(3):
        with opened(file) as output:
            assert output.place.pages == number
            write(output, number)
    assert file.read_bytes() == whole(file, 0, 1, 2)


@pytest.mark.parametrize("torn", [b'{"id":"2', b"20,page\r\n", b"\x00" * 5000])
def test_what_stands_behind_the_checkpoint_is_cut_off(file, torn):
    with opened(file) as output:
        write(output, 0)
    with file.open("ab") as end:
        end.write(torn)
    with opened(file) as output:
        assert output.place.checkpoint().page_token == "after 0"
        write(output, 1)
    assert file.read_bytes() == whole(file, 0, 1)


def test_a_run_that_was_killed_before_its_first_page_was_noted_begins_anew(file):
    with opened(file) as output:
        write(output, 0)
    # The first thing that is written is a checkpoint of nothing.
    beside(file).write_bytes(msgspec.json.encode(Place(format=file.suffix[1:])))
    with opened(file) as output:
        assert output.place.checkpoint() is None
        write(output, 1)
    assert file.read_bytes() == whole(file, 1)


def test_a_file_and_a_checkpoint_that_are_not_there_are_a_beginning(file):
    file.touch()
    with opened(file) as output:
        write(output, 0)
    assert file.read_bytes() == whole(file, 0)


def test_a_file_without_a_checkpoint_is_not_gone_on_with(file):
    file.write_text("precious\n")
    with pytest.raises(OutputRefused, match=r"has no rows\.\w+\.checkpoint beside it"):
        opened(file)
    assert file.read_text() == "precious\n"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: content.replace(b"page 0", b"page 9"),
        lambda content: content[:-1],
        lambda content: b"x" + content,
        lambda _: b"",
    ],
    ids=["edited", "shorter", "moved", "emptied"],
)
def test_a_file_that_the_checkpoint_does_not_describe_is_left_as_it_is(file, spoil):
    with opened(file) as output:
        write(output, 0, 1)
    spoilt = spoil(file.read_bytes())
    file.write_bytes(spoilt)
    with pytest.raises(OutputRefused, match="is not the file that"):
        opened(file)
    assert file.read_bytes() == spoilt


def test_a_checkpoint_whose_file_is_gone_is_told(file):
    with opened(file) as output:
        write(output, 0)
    file.unlink()
    with pytest.raises(OutputRefused, match=r"is gone, and .* was written for it"):
        opened(file)
    assert not file.exists()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no checkpoint of an export"),
        (b'{"endpoint":"retweets"}', "is no checkpoint of an export"),
        (b"\xff\xfe", "is no checkpoint of an export"),
        (b'{"what":"twretweet export","version":1,"format":"xml"}', "is no checkpoint"),
        (b'{"what":"twretweet export","version":2}', "has version 2, .*: upgrade twretweet"),
    ],
)
def test_a_checkpoint_that_is_not_ours_or_of_a_newer_version_is_refused(file, content, words):
    with opened(file) as output:
        write(output, 0)
    before = file.read_bytes()
    beside(file).write_bytes(content)
    with pytest.raises(OutputRefused, match=words):
        opened(file)
    assert file.read_bytes() == before


def test_another_format_does_not_go_on_with_the_file(tmp_path):
    file = tmp_path / "rows"
    with opened(file, kind="csv") as output:
        write(output, 0)
    with pytest.raises(OutputRefused, match="give --format csv"):
        opened(file, kind="jsonl")


def test_two_exports_do_not_write_one_file(file):
    with opened(file) as output:
        write(output, 0)
        for mode in ("resume", "force"):
            with pytest.raises(OutputRefused, match="is being written by another export"):
                opened(file, mode)
        write(output, 1)
    assert file.read_bytes() == whole(file, 0, 1)


def test_a_file_that_exists_is_kept_and_the_way_on_is_told(file):
    file.write_text("precious\n")
    with pytest.raises(OutputRefused, match="exists: give --force to overwrite it, or another"):
        opened(file, "new")
    with opened(file, "force") as output:
        assert file.read_text() == "precious\n"
        write(output, 0)
    with pytest.raises(OutputRefused, match="exists: give --resume to go on with it, --force"):
        opened(file, "new")


def test_overwriting_leaves_no_moment_with_the_old_checkpoint_beside_new_rows(file):
    with opened(file) as output:
        write(output, 0, 1, 2, finished=True)
    with opened(file, "force") as output:
        assert json.loads(beside(file).read_text())["finished"] is True
        write(output, 7)
    assert json.loads(beside(file).read_text())["finished"] is False
    assert file.read_bytes() == whole(file, 7)


def test_a_run_that_can_not_overwrite_leaves_the_old_rows(file):
    with opened(file) as output:
        write(output, 0, finished=True)
    before = file.read_bytes()
    in_the_way = beside(file)
    with pytest.raises(OutputFailed), opened(file, "force") as output:
        in_the_way.unlink()
        in_the_way.mkdir()
        write(output, 7)
    assert file.read_bytes() == before


@pytest.mark.parametrize("mode", ["new", "force", "resume"])
def test_a_checkpoint_that_can_not_be_written_is_told_before_anything_is_sent(tmp_path, mode):
    # There is room for the name of the checkpoint, and none for that of its draft.
    file = tmp_path / f"{'x' * 238}.csv"
    if mode == "force":
        file.write_text("precious\n")
    with pytest.raises(OutputRefused, match=r"checkpoint can't be written: File name too long"):
        opened(file, mode)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["precious\n"] * (mode == "force")


def test_a_run_that_ends_while_it_overwrites_can_be_gone_on_with(file):
    with opened(file) as output:
        write(output, 0, finished=True)
    # The first thing that is written is a checkpoint of nothing; then the file is emptied.
    beside(file).write_bytes(msgspec.json.encode(Place(format=file.suffix[1:])))
    with opened(file) as output:
        write(output, 8)
    assert file.read_bytes() == whole(file, 8)


def test_an_output_that_turns_read_only_keeps_its_whole_pages(file):
    with (
        pytest.raises(OutputFailed, match=rf"{file.name} can't be written: "),
        opened(file) as output,
    ):
        write(output, 0)
        # As if the file system had been mounted anew: writing through this handle fails.
        handle = os.open(file, os.O_RDONLY)
        os.dup2(handle, output._file.fileno())
        os.close(handle)
        write(output, 1)
    assert file.read_bytes() == whole(file, 0)
    with opened(file) as output:
        write(output, 1)
    assert file.read_bytes() == whole(file, 0, 1)


def test_a_checkpoint_that_can_not_be_written_is_told_and_its_page_is_whole(file):
    with pytest.raises(OutputFailed, match="will be asked for again"), opened(file) as output:
        write(output, 0)
        saved = beside(file).read_bytes()
        beside(file).unlink()
        (beside(file) / "in the way").mkdir(parents=True)
        write(output, 1)
    assert file.read_bytes() == whole(file, 0, 1)
    (beside(file) / "in the way").rmdir()
    beside(file).rmdir()
    beside(file).write_bytes(saved)
    with opened(file) as output:
        write(output, 1)
    assert file.read_bytes() == whole(file, 0, 1)


def test_no_drafts_are_left_beside_it(file):
    with opened(file) as output:
        write(output, 0, 1)
    assert {each.name for each in file.parent.iterdir()} == {file.name, beside(file).name}


def test_an_export_without_a_row_leaves_an_empty_table(tmp_path, kind):
    file = tmp_path / f"rows.{kind}"
    with opened(file) as output:
        write(output, finished=True)
    assert file.read_bytes() == (b"id,text\r\n" if kind == "csv" else b"")


def test_one_that_failed_before_its_first_row_leaves_nothing(file):
    with pytest.raises(ZeroDivisionError), opened(file):
        raise ZeroDivisionError
    assert list(file.parent.iterdir()) == []


def test_a_folder_and_a_missing_one_are_refused(tmp_path):
    with pytest.raises(OutputRefused, match="Is a directory"):
        opened(tmp_path, kind="jsonl")
    with pytest.raises(OutputRefused, match="No such file or directory"):
        opened(tmp_path / "missing" / "rows.jsonl")


def test_devices_are_streams_that_can_not_be_gone_on_with(kind):
    with opened(Path(os.devnull), "new", kind) as output:
        assert not output.resumable
        write(output, 0)
    with pytest.raises(OutputRefused, match="--resume goes on with a file"):
        opened(Path(os.devnull), "resume", kind)
    with pytest.raises(OutputRefused, match="Parquet needs one"):
        opened(Path(os.devnull), "new", "parquet")

"""Drafts: whole files or none, under names that are nobody else's."""

import os
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.export.test_file import opened, write
from twretweet.cli.export.place import beside
from twretweet.cli.files import drafted, replace_durably, sweep


def test_files_of_others_beside_an_export_are_left_alone(tmp_path):
    others = [f"rows.{end}" for end in ("parquet.new", "jsonl.new", "jsonl.checkpoint.new")]
    for name in others:
        (tmp_path / name).write_text("precious")
    for name in ("rows.parquet", "rows.jsonl"):
        with opened(tmp_path / name) as output:
            write(output, 0, finished=True)
    assert [(tmp_path / name).read_text() for name in others] == ["precious"] * 3


def test_the_drafts_of_killed_processes_are_swept_up_and_nothing_else(tmp_path):
    file = tmp_path / "rows [1].parquet"
    left = [f".{each.name}.01234567.twretweet-draft" for each in (file, beside(file))]
    kept = [".other.01234567.twretweet-draft", ".rows 1.parquet.01234567.twretweet-draft"]
    for name in (*left, *kept):
        (tmp_path / name).write_text("x")
    with opened(file) as output:
        write(output, 0, finished=True)
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(
        [file.name, beside(file).name, *kept]
    )
    sweep(tmp_path / "missing" / "rows")


def test_a_draft_that_fails_leaves_the_file_as_it_was(tmp_path):
    file = tmp_path / "rows"
    replace_durably(file, b"old")
    with pytest.raises(ZeroDivisionError), drafted(file) as draft:
        draft.write(b"new")
        raise ZeroDivisionError
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_draft_is_on_the_disk_before_it_takes_the_place_of_the_file(tmp_path, monkeypatch):
    """Nothing but the call itself tells, short of a power failure: so it is listened to."""
    synced: list[tuple[int, bool]] = []
    fsync = os.fsync

    def listen(handle: int) -> None:
        fsync(handle)
        synced.append((os.fstat(handle).st_ino, file.exists()))

    monkeypatch.setattr(os, "fsync", listen)
    file = tmp_path / "rows.parquet"
    with opened(file) as output:
        write(output, 0, finished=True)
    assert (file.stat().st_ino, False) in synced
    assert pq.read_table(file).num_rows == 2


def test_a_link_stays_one_and_what_it_leads_to_is_written(tmp_path):
    (tmp_path / "other").mkdir()
    for kind in ("jsonl", "parquet"):
        link, target = tmp_path / f"rows.{kind}", tmp_path / "other" / f"target.{kind}"
        link.symlink_to(Path("other") / target.name)
        for mode in ("new", "force"):  # first it leads nowhere
            with opened(link, mode) as output:
                write(output, 0, finished=True)
            assert link.is_symlink()
            assert target.stat().st_size
    assert pq.read_table(target).num_rows == 2

"""From ``--out`` and its companions to what takes the rows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from twretweet.cli.export.columns import Column
from twretweet.cli.export.file import File, Mode
from twretweet.cli.export.formats import STANDARD_OUTPUT, Format, encoder
from twretweet.cli.export.output import Output, Stream
from twretweet.cli.export.parquet import Parquet, journal_of
from twretweet.cli.export.place import Place, beside, load
from twretweet.cli.outcome import OutputRefused


def open_output(
    target: str, kind: Format, columns: Sequence[Column], fresh: Place, *, mode: Mode
) -> Output:
    """Open what ``--out`` names.

    Args:
        target: the path of a file, or ``"-"``.
        kind: how to write rows.
        columns: of a table.
        fresh: the place of an export that begins.
        mode: what to do with what is there.

    Raises:
        OutputRefused: it can't be opened, or must not be written.
    """
    path = Path(target)
    if path.is_dir():
        raise OutputRefused(f"{path} can't be written: Is a directory")
    if target == STANDARD_OUTPUT or (path.exists() and not path.is_file()):
        if mode == "resume":
            raise OutputRefused("--resume goes on with a file: give --out FILE")
        if kind == "parquet":
            raise OutputRefused(f"{path} is no file, and Parquet needs one: give another --out")
        return Stream(target, encoder(kind, columns), fresh)
    written = journal_of(path) if kind == "parquet" else path
    if mode == "new":
        _refuse_to_overwrite(path, written)
    place = load(beside(path)) if mode == "resume" else None
    if mode == "resume":
        _refuse_what_does_not_fit(place, fresh, path, written)
    if kind != "parquet":
        return _file(path, written, columns, place or fresh, mode)
    if place is not None and place.finished and not written.exists():
        return Parquet(path, columns, None, place)
    file = _file(path, written, columns, place or fresh, mode)
    return Parquet(path, columns, file, place or fresh)


def _file(path: Path, written: Path, columns: Sequence[Column], place: Place, mode: Mode) -> File:
    rows = encoder(place.format, columns)
    return File(written, rows, place, mode=mode, checkpoint=beside(path))


def _refuse_to_overwrite(path: Path, written: Path) -> None:
    there = next((each for each in (path, written) if each.exists()), None)
    if there is None:
        return
    going_on = "--resume to go on with it, " if beside(path).exists() else ""
    raise OutputRefused(
        f"{there} exists: give {going_on}--force to overwrite it, or another --out"
    )


def _refuse_what_does_not_fit(
    place: Place | None, fresh: Place, path: Path, written: Path
) -> None:
    checkpoint = beside(path)
    if place is None:
        there = next((each for each in (path, written) if _size(each)), None)
        if there is not None:
            raise OutputRefused(
                f"{there} has no {checkpoint.name} beside it, so nothing tells where it stopped: "
                "give --force to begin anew, or another --out"
            )
        return
    if place.format != fresh.format:
        raise OutputRefused(
            f"{checkpoint} was written for the format {place.format}, and this is "
            f"{fresh.format}: give --format {place.format}, or another --out"
        )
    complete = place.finished and path.exists()
    if place.size and not written.exists() and not complete:
        raise OutputRefused(
            f"{written} is gone, and {checkpoint} was written for it: give --force to begin anew"
        )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

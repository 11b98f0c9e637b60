"""From ``--out`` and its companions to what takes the rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from twretweet.cli.export.columns import Column
from twretweet.cli.export.file import File, Mode
from twretweet.cli.export.formats import STANDARD_OUTPUT, encoder
from twretweet.cli.export.output import Complete, Output, Stream
from twretweet.cli.export.parquet import Parquet, journal_of
from twretweet.cli.export.place import Place, beside, is_foreign, load
from twretweet.cli.outcome import OutputRefused


@dataclass(frozen=True, slots=True)
class Target:
    """What ``--out`` names, looked at and not yet opened.

    Attributes:
        name: as it was given.
        path: the path of the file.
        mode: what to do with what is there.
        place: where the export stands.
        is_stream: whether it is standard output, a pipe or a device.
    """

    name: str
    path: Path
    mode: Mode
    place: Place
    is_stream: bool = False

    @property
    def written(self) -> Path:
        """What rows are appended to."""
        return journal_of(self.path) if self.place.format == "parquet" else self.path


def examine(target: str, fresh: Place, *, mode: Mode) -> Target:
    """Look at what ``--out`` names, and change nothing.

    Args:
        target: the path of a file, or ``"-"``.
        fresh: the place of an export that begins.
        mode: what to do with what is there.

    Raises:
        OutputRefused: it must not be written.
    """
    path = Path(target)
    if path.is_dir():
        raise OutputRefused(f"{path} can't be written: Is a directory")
    if target == STANDARD_OUTPUT or (path.exists() and not path.is_file()):
        if mode == "resume":
            raise OutputRefused("--resume goes on with a file: give --out FILE")
        if fresh.format == "parquet":
            raise OutputRefused(f"{path} is no file, and Parquet needs one: give another --out")
        return Target(target, path, mode, fresh, is_stream=True)
    found = Target(target, path, mode, fresh)
    if mode == "resume":
        place = load(beside(path))
        _refuse_what_does_not_fit(place, fresh, path, found.written)
        return Target(target, path, mode, place or fresh)
    if mode == "new":
        _refuse_to_overwrite(path, found.written)
    _refuse_what_is_not_ours(path, found.written)
    return found


def open_output(target: Target, columns: Sequence[Column]) -> Output:
    """Open what :func:`examine` has found good.

    Args:
        target: what it is.
        columns: of a table.

    Raises:
        OutputRefused: it can't be opened, or must not be written.
    """
    path, place = target.path, target.place
    rows = encoder(place.format, columns)
    if target.is_stream:
        return Stream(target.name, rows, place)
    if place.format == "parquet" and place.finished and not target.written.exists():
        return Complete(path, place)
    file = File(target.written, rows, place, mode=target.mode, checkpoint=beside(path))
    return Parquet(path, columns, file) if place.format == "parquet" else file


def _refuse_to_overwrite(path: Path, written: Path) -> None:
    there = next((each for each in (path, written) if each.exists()), None)
    if there is None:
        return
    going_on = "--resume to go on with it, " if beside(path).exists() else ""
    raise OutputRefused(
        f"{there} exists: give {going_on}--force to overwrite it, or another --out"
    )


def _refuse_what_is_not_ours(path: Path, written: Path) -> None:
    """Refuse to overwrite files beside ``path`` that nobody has named."""
    checkpoint = beside(path)
    if is_foreign(checkpoint):
        raise OutputRefused(
            f"{checkpoint} is no checkpoint of an export, and would be overwritten: move it away, "
            "or give another --out"
        )
    if written != path and _size(written) and not checkpoint.exists():
        raise OutputRefused(
            f"{written} is no journal of an export, and would be overwritten: move it away, or "
            "give another --out"
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
        raise gone(written, checkpoint)


def gone(written: Path, checkpoint: Path) -> OutputRefused:
    """The error of rows that are not where they were."""
    return OutputRefused(
        f"{written} is gone, and {checkpoint} was written for it: give --force to begin anew"
    )


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0

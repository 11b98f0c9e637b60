"""Parquet: made of a journal of JSON Lines, because it can't be appended to.

What leads to the rows of a Parquet file stands at its end, and is lost if the process is killed
before it is written. So rows go to ``FILE.journal``, which is appended to like any other file and
resumed like one; whenever an export ends other than by being killed, complete or not, ``FILE`` is
made anew of the whole journal. An export of all that there is then removes the journal; one that
is complete by its ``--limit`` keeps it, for it can be gone on with.

A journal is read a stretch at a time, each of which becomes a row group, so memory does not grow
with its length.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from twretweet.cli import arrow
from twretweet.cli.export.columns import Column, cell
from twretweet.cli.export.file import File
from twretweet.cli.export.place import Place
from twretweet.cli.export.rows import Row
from twretweet.cli.files import drafted, sweep
from twretweet.cli.outcome import OutputFailed, OutputLost

_GROUP = 10_000  # rows
_GROUP_BYTES = 32 << 20


def journal_of(path: Path) -> Path:
    """Where the rows are until the Parquet file is made of them."""
    return path.with_name(f"{path.name}.journal")


class Parquet:
    """A Parquet file and its journal.

    Args:
        path: where the Parquet file is to be.
        columns: its columns.
        journal: takes the rows.

    Raises:
        MissingExtra: pyarrow is not installed.
    """

    resumable = True

    def __init__(self, path: Path, columns: Sequence[Column], journal: File) -> None:
        self._path = path
        # A link stays one; what it leads to is written.
        self._target = Path(os.path.realpath(path))
        self._columns = tuple(columns)
        self._journal = journal
        self._made = False
        self._why_not = ""

    @property
    def where(self) -> str:
        """The file, if it was made of all rows, else the journal."""
        if self._made:
            return str(self._path)
        why = f", since {self._why_not}" if self._why_not else ""
        return f"{journal_of(self._path)} as JSON Lines{why}"

    @property
    def place(self) -> Place:
        """Where the journal stands."""
        return self._journal.place

    def __enter__(self) -> Self:
        # Missed before anything is paid, not when it is to be written.
        try:
            arrow.schema(_kinds(self._columns))
        except BaseException:
            self._journal.__exit__(None, None, None)
            raise
        sweep(self._target)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        journal = self._journal
        try:
            if journal.begun and error is None:
                self._make()
            elif isinstance(error, OutputLost):
                pass  # there is nothing to make it of
            elif journal.begun and isinstance(error, Exception):
                # It is the first error that is raised; this one is told with where the rows are.
                try:
                    self._make()
                except OutputFailed as failure:
                    self._why_not = str(failure)
        finally:
            journal.__exit__(kind, error, trace)
        if error is not None or not journal.place.finished:
            return
        point = journal.place.checkpoint()
        if point is not None and point.finished:
            journal_of(self._path).unlink(missing_ok=True)

    def expect(self, place: Place) -> None:
        """Note what the first request can cost."""
        self._journal.expect(place)

    def write(self, rows: Sequence[Row], place: Place) -> None:
        """Write these rows to the journal now."""
        self._journal.write(rows, place)

    def check(self) -> None:
        """See whether the journal is still there, and as long as it was left."""
        self._journal.check()

    def read(self) -> Iterator[Row]:
        """All rows of the journal."""
        return self._journal.read()

    def end(self, place: Place) -> None:
        """No more rows come; leaving the block makes the file."""
        self._journal.end(place)

    def _make(self) -> None:
        try:
            with journal_of(self._path).open("rb") as journal, drafted(self._target) as file:
                convert(journal, self.place.size, self._columns, file)
        except OSError as error:
            raise OutputFailed(
                f"{self._path} can't be written: {error.strerror or error}"
            ) from error
        except ValueError as error:
            raise OutputFailed(f"{self._path} can't be made: {error}") from error
        self._made = True


def convert(journal: BinaryIO, size: int, columns: Sequence[Column], file: BinaryIO) -> None:
    """Write the rows of the first ``size`` bytes of ``journal`` to ``file``, as Parquet.

    Raises:
        OSError: one of them can't be read or written.
        ValueError: one of them holds what Parquet has no room for.
    """
    schema, types = arrow.schema(_kinds(columns))
    with arrow.writer(file, schema) as writer:
        for rows in _stretches(journal, size):
            values = [[_value(row, column) for row in rows] for column in columns]
            writer.write_batch(arrow.batch(values, schema, types))
            del rows, values  # before the next ones are read: there is memory for one of them


def _stretches(journal: BinaryIO, size: int) -> Iterator[list[Row]]:
    decoder = msgspec.json.Decoder(dict[str, object])
    rows: list[Row] = []
    held = 0
    while size > 0 and (line := journal.readline()):
        size -= len(line)
        held += len(line)
        rows.append(decoder.decode(line))
        if len(rows) == _GROUP or held > _GROUP_BYTES:
            yield rows
            rows, held = [], 0
    if rows:
        yield rows


def _kinds(columns: Sequence[Column]) -> dict[str, str]:
    return {column.name: column.kind for column in columns}


def _value(row: Row, column: Column) -> object:
    value = cell(row, column)
    if column.kind == "json" and value is not None:
        return msgspec.json.encode(value).decode()
    return value

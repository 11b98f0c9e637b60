"""What rows look like as bytes. All formats are appended to, a page at a time.

- JSON Lines: each row in X's own names, with what was joined inside; fields that are newer than
  this version are left out.
- CSV after RFC 4180: UTF-8, lines end with CRLF, a cell is quoted where it has to be. A list is
  JSON within its cell; what is missing is an empty cell.
- Parquet can't be appended to, for what leads to its rows stands at its end. So rows go to a
  journal of JSON Lines beside it, and :mod:`twretweet.cli.export.parquet` makes the file of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeAlias, cast

import msgspec

from twretweet.cli.export.columns import Column, cell
from twretweet.cli.export.rows import Row
from twretweet.cli.outcome import OutputRefused
from twretweet.errors import QueryError

Format: TypeAlias = Literal["jsonl", "csv", "parquet"]

STANDARD_OUTPUT = "-"
_NAMED: dict[str, Format] = {"jsonl": "jsonl", "csv": "csv", "parquet": "parquet"}
_SUFFIXES: dict[str, Format] = {".csv": "csv", ".parquet": "parquet", ".pq": "parquet"}


# Whoever gives a file such a name does not mean JSON Lines.
_OTHERS = frozenset({".tsv", ".xls", ".xlsx", ".gz", ".bz2", ".xz", ".zst", ".zip"})


class Encoder(Protocol):
    """Turns rows into bytes."""

    @property
    def head(self) -> bytes:
        """What a file begins with."""
        ...

    def encode(self, rows: Sequence[Row]) -> bytes:
        """These rows, whole lines."""
        ...

    def decode(self, file: BinaryIO) -> Iterator[Row]:
        """The rows of a file, read back."""
        ...


class JsonLines:
    """One row, one line."""

    head = b""

    def __init__(self) -> None:
        self._encoder = msgspec.json.Encoder()

    def encode(self, rows: Sequence[Row]) -> bytes:
        """These rows, whole lines."""
        return self._encoder.encode_lines(rows)

    def decode(self, file: BinaryIO) -> Iterator[Row]:
        """The rows of a file, read back."""
        return map(msgspec.json.Decoder(Row).decode, file)


class Csv:
    """One row, one record.

    Args:
        columns: what the header names, whatever the rows hold.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = tuple(columns)
        self.head = _records([[column.name for column in columns]])

    def encode(self, rows: Sequence[Row]) -> bytes:
        """These rows, whole records."""
        return _records([[_text(cell(row, each)) for each in self._columns] for row in rows])

    def decode(self, file: BinaryIO) -> Iterator[Row]:
        """The rows of a file, read back: what is no list or object is text."""
        records = csv.reader(line.decode() for line in file)
        next(records, None)
        return (_row(self._columns, record) for record in records)


def encoder(kind: Format, columns: Sequence[Column]) -> Encoder:
    """What writes ``kind``, or its journal."""
    return Csv(columns) if kind == "csv" else JsonLines()


def chosen(given: str | None, target: str) -> Format:
    """The format that was asked for, else the one of the file's suffix, else JSON Lines.

    Raises:
        QueryError: there is no such format.
        OutputRefused: Parquet can't go to a stream, or the suffix is one of another format.
    """
    suffix = Path(target).suffix.lower()
    kind = _SUFFIXES.get(suffix, "jsonl")
    if given is None and suffix in _OTHERS:
        raise OutputRefused(
            f"--out is {target!r}, and {suffix} is none of the formats: give another name, or "
            f"--format to write {', '.join(_NAMED)} under this one"
        )
    if given is not None:
        if given.lower() not in _NAMED:
            raise QueryError(f"--format is {given!r}: it must be one of {', '.join(_NAMED)}")
        kind = _NAMED[given.lower()]
    if kind == "parquet" and target == STANDARD_OUTPUT:
        raise OutputRefused(
            "Parquet can't go to standard output, since its index is written last, over what is "
            "on disk: give --out FILE, or --format csv"
        )
    return kind


def _records(lines: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    return text.getvalue().encode()


def _row(columns: Sequence[Column], record: Sequence[str]) -> Row:
    row: Row = {}
    for column, text in zip(columns, record, strict=True):
        if text:
            part = row
            for key in column.path[:-1]:
                part = cast("Row", part.setdefault(key, {}))
            part[column.path[-1]] = msgspec.json.decode(text) if column.kind == "json" else text
    return row


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return msgspec.json.encode(value).decode()

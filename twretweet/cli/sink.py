"""Where rows go: standard output, or a file that is not overwritten by mistake.

The rules:

- A page of rows is written and flushed as a whole, so that whoever looks sees whole lines, and a
  walk that is stopped leaves them.
- A file is opened before anything is asked of X, so that a mistake costs nothing; but an old one
  is emptied only when the first page is there, and a new one that stayed empty because the walk
  failed is removed again, so that the same command can simply be repeated.
- If a disk is full, the file ends with the last whole page.
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self

import msgspec

from twretweet.cli.outcome import OutputFailed, OutputRefused, drop_output
from twretweet.cli.rows import Row

STANDARD_OUTPUT = "-"


class Sink(Protocol):
    """Takes rows, page by page."""

    def __enter__(self) -> Self:
        """Ready to take rows; leaving the block closes it."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close, and leave behind nothing but what was written whole."""
        ...

    def write(self, rows: Sequence[Row]) -> None:
        """Write these rows now.

        Raises:
            BrokenPipeError: nobody reads them any more.
            OutputFailed: they can't be written.
        """
        ...


def open_sink(target: str, *, force: bool) -> Sink:
    """Open what ``--out`` names.

    Args:
        target: the path of a file, or ``"-"``.
        force: whether an existing file may be overwritten.

    Raises:
        OutputRefused: it can't be opened, or exists and may not be overwritten.
    """
    if target != STANDARD_OUTPUT:
        return File(Path(target), force=force)
    # A shell's `>&-` leaves none, whatever the type says.
    if getattr(sys, "stdout", None) is None:
        raise OutputRefused("standard output is closed: give --out, or open it")
    return StandardOutput()


class StandardOutput:
    """JSON Lines on standard output."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def write(self, rows: Sequence[Row]) -> None:
        """Write these rows now."""
        try:
            sys.stdout.buffer.write(_lines(rows))
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            drop_output()
            raise OutputFailed(f"standard output can't be written: {error.strerror}") from error


class File:
    """JSON Lines in a file."""

    def __init__(self, path: Path, *, force: bool) -> None:
        self._path = path
        self._file, self._is_new = _open(path, force=force)
        self._whole: int | None = None  # how long the file is with its last whole page

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._whole is None and error is None:
            self._empty()  # a walk that found nothing has found that
        with contextlib.suppress(OSError):
            self._file.close()
        if self._is_new and self._whole is None:
            self._path.unlink(missing_ok=True)

    def write(self, rows: Sequence[Row]) -> None:
        """Write these rows now."""
        if self._whole is None:
            self._empty()
        lines = _lines(rows)
        try:
            self._file.write(lines)
            self._file.flush()
        except OSError as error:
            with contextlib.suppress(OSError):
                os.truncate(self._path, self._whole or 0)
            raise OutputFailed(f"{self._path} can't be written: {error.strerror}") from error
        self._whole = (self._whole or 0) + len(lines)

    def _empty(self) -> None:
        self._whole = 0
        if self._path.is_file():
            self._file.truncate(0)


def _open(path: Path, *, force: bool) -> tuple[BinaryIO, bool]:
    """Open ``path`` for writing without losing what it holds; also whether it is new."""
    try:
        try:
            return path.open("xb"), True
        except FileExistsError:
            # A pipe or a device holds nothing that could be lost.
            if path.exists() and not path.is_file():
                return path.open("wb"), False
            if force:
                return path.open("r+b"), False
    except OSError as error:
        raise OutputRefused(f"{path} can't be written: {error.strerror}") from error
    raise OutputRefused(f"{path} exists: give --force to overwrite it, or another --out")


def _lines(rows: Iterable[Row]) -> bytes:
    return msgspec.json.Encoder().encode_lines(rows)

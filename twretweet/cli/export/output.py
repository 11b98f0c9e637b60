"""What takes rows, and the plain one: a stream, where nothing could be read again."""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Protocol, Self, TextIO, cast

from twretweet.cli.export.formats import STANDARD_OUTPUT, Encoder
from twretweet.cli.export.place import Place
from twretweet.cli.export.rows import Row
from twretweet.cli.outcome import OutputFailed, OutputRefused, drop_output


class Output(Protocol):
    """Takes rows, page by page."""

    @property
    def place(self) -> Place:
        """Where it stands; where an earlier run came to, if this one goes on with it."""
        ...

    @property
    def resumable(self) -> bool:
        """Whether another run could go on."""
        ...

    @property
    def where(self) -> str:
        """Where the rows are, in words for who looks for them."""
        ...

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

    def expect(self, place: Place) -> None:
        """The first request is about to be sent: note what it can cost.

        Raises:
            OutputFailed: that can't be noted.
        """
        ...

    def write(self, rows: Sequence[Row], place: Place) -> None:
        """Write these rows now, and that the walk is at ``place`` with them.

        Raises:
            BrokenPipeError: nobody reads them any more.
            OutputFailed: they can't be written.
        """
        ...

    def check(self) -> None:
        """See whether what was written is still where it was, before more is paid for.

        Raises:
            OutputLost: it is not.
        """
        ...

    def read(self) -> Iterator[Row]:
        """All rows up to where it stands, read back; none from where they can't be.

        Raises:
            OSError: they can't be read.
        """
        ...

    def end(self, place: Place) -> None:
        """No more rows come, at least not now.

        Raises:
            OutputFailed: that can't be noted.
        """
        ...


class Complete:
    """A file that an earlier run has completed: nothing is written any more.

    Args:
        path: where it is.
        place: where it stands.
    """

    resumable = True

    def __init__(self, path: Path, place: Place) -> None:
        self.where = str(path)
        self.place = place

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        pass

    def expect(self, place: Place) -> None:
        """Nothing is going to be sent."""

    def write(self, rows: Sequence[Row], place: Place) -> None:
        """Write nothing: nobody asks for more of a complete export."""

    def check(self) -> None:
        """Nothing is going to be written."""

    def read(self) -> Iterator[Row]:
        """No rows: none come again."""
        return iter(())

    def end(self, place: Place) -> None:
        """It has ended."""


class Stream:
    """Standard output, a pipe or a device: nothing there could be read again, or gone on with.

    Args:
        target: its path, or ``"-"``.
        encoder: makes bytes of rows.
        place: where it stands.

    Raises:
        OutputRefused: it can't be opened.
    """

    resumable = False

    def __init__(self, target: str, encoder: Encoder, place: Place) -> None:
        self.place = place
        self._encoder = encoder
        self._head = encoder.head
        self.where = target
        self._name = "standard output" if target == STANDARD_OUTPUT else target
        self._own: BinaryIO | None = None
        if target != STANDARD_OUTPUT:
            try:
                self._own = _opened(Path(target))
            except OSError as error:
                raise OutputRefused(f"{target} can't be written: {error.strerror}") from error
        # A shell's `>&-` leaves none, whatever the type says.
        elif getattr(sys, "stdout", None) is None:
            raise OutputRefused("standard output is closed: give --out, or open it")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._own is not None:
            with contextlib.suppress(OSError):
                self._own.close()

    def expect(self, place: Place) -> None:
        """Nobody could go on with it, so nobody needs to know."""

    def write(self, rows: Sequence[Row], place: Place) -> None:
        """Write these rows now."""
        self.place = place
        self._put(self._head + self._encoder.encode(rows))
        self._head = b""

    def check(self) -> None:
        """Nobody can tell."""

    def read(self) -> Iterator[Row]:
        """No rows: they are gone."""
        return iter(())

    def end(self, place: Place) -> None:
        """Write the head of a table that has no rows."""
        self.place = place
        if place.finished and self._head:
            self._put(self._head)

    def _put(self, content: bytes) -> None:
        size = None if self._own is not None else _size_of_file(sys.stdout)
        try:
            if self._own is not None:
                write_all(self._own, content)
            else:
                # With PYTHONUNBUFFERED it takes them in parts, where a signal comes in between.
                write_all(sys.stdout.buffer, content)
                sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            if self._own is None:
                if size is not None:
                    with contextlib.suppress(OSError):
                        os.ftruncate(sys.stdout.fileno(), size)
                drop_output()
            raise OutputFailed(f"{self._name} can't be written: {error.strerror}") from error


def _opened(path: Path) -> BinaryIO:
    return cast("BinaryIO", path.open("wb", buffering=0))


def _size_of_file(stream: TextIO) -> int | None:
    """How long a file is to which output was redirected, so that it ends with a whole page."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:
        return None  # what stands for it in a program has no file
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def write_all(file: BinaryIO, content: bytes) -> None:
    """Write ``content`` to a file that may take it in parts."""
    view = memoryview(content)
    while view:
        view = view[file.write(view) :]

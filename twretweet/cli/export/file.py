"""A file that is neither overwritten nor mixed up by mistake, and its checkpoint.

The rules:

- A page of rows is written as a whole and is on the disk before its checkpoint is. Whoever looks
  sees whole lines, and a walk that is stopped leaves them.
- A file is opened before anything is asked of X, and its checkpoint is tried, so that a mistake
  costs nothing; but an old one is emptied only when the first page is there and its checkpoint is
  written, and a new one that stayed empty because the walk failed is removed again, so that the
  same command can simply be repeated.
- A checkpoint names what the request can cost that may be on its way. That of a new file is there
  before the first one is sent; beside an old one there is none until its page has come.
- Before a page is paid for, before it is written and at the end it is seen whether the file is
  still there and as long as it was left: nothing is paid for rows that nobody would find.
- If a disk is full, the file ends with the last whole page.
- One process at a time: the file is locked while it is written.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Literal, Self, TypeAlias, cast

import msgspec

from twretweet.cli.export.formats import Encoder
from twretweet.cli.export.output import write_all
from twretweet.cli.export.place import Place, checksum, describes, save, try_to_save
from twretweet.cli.export.rows import Row
from twretweet.cli.files import sweep, sync_folder
from twretweet.cli.outcome import OutputFailed, OutputLost, OutputRefused

Mode: TypeAlias = Literal["new", "force", "resume"]


class File:
    """A file on a disk, and its checkpoint.

    Args:
        path: where it is.
        encoder: makes bytes of rows.
        place: where it stands.
        mode: ``"resume"``: ``place`` is in the file; else ``place`` is the beginning.
        checkpoint: where the checkpoint is.

    Raises:
        OutputRefused: it can't be opened, or must not be written.
    """

    resumable = True

    def __init__(
        self, path: Path, encoder: Encoder, place: Place, *, mode: Mode, checkpoint: Path
    ) -> None:
        self._path = path
        self.where = str(path)
        self._checkpoint = checkpoint
        self._encoder = encoder
        self.place = place
        self._begun = mode == "resume" and place.rows + place.size > 0
        # A link stays one; what it leads to is written.
        self._real = Path(os.path.realpath(path))
        with _refusing(path):
            self._file, self._is_new = _open(self._real, mode)
            try:
                _lock(self._file, path)
                sweep(checkpoint)
                try_to_save(checkpoint, place)
                if self._begun:
                    self._go_on()
                # What an old file holds is given up only for something to put in its place.
                self._noted = self._begun or self._is_new or mode == "resume"
            except BaseException:
                self._close()
                raise

    @property
    def begun(self) -> bool:
        """Whether it holds what this export wrote, and nothing else."""
        return self._begun

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            self._file.close()
        if self._is_new and not self._begun:
            self._checkpoint.unlink(missing_ok=True)
            self._real.unlink(missing_ok=True)

    def expect(self, place: Place) -> None:
        """Note what the first request can cost."""
        self.place = msgspec.structs.replace(
            place, size=self.place.size, checksum=self.place.checksum
        )
        if self._noted:
            save(self._checkpoint, self.place)

    def write(self, rows: Sequence[Row], place: Place) -> None:
        """Write these rows now, then the checkpoint."""
        self._begin()
        lines = self._encoder.encode(rows)
        if not self.place.size:
            lines = self._encoder.head + lines
        self._put(lines, place)

    def check(self) -> None:
        """See whether the file is still there, and as long as it was left."""
        try:
            here, there = os.fstat(self._file.fileno()), self._real.stat()
        except OSError as error:
            raise OutputLost(
                f"{self._path} was taken away while it was written ({error.strerror}): what was "
                "written is lost unless you find it; --force begins anew"
            ) from error
        if not os.path.samestat(here, there):
            raise OutputLost(
                f"another file was put in the place of {self._path} while it was written: give "
                "another --out, or --force to overwrite that one"
            )
        if self._begun and here.st_size != self.place.size:
            raise OutputLost(
                f"{self._path} was changed while it was written: it has {here.st_size:,} bytes "
                f"and not {self.place.size:,}; --force begins anew"
            )

    def read(self) -> Iterator[Row]:
        """All rows up to where it stands, read back."""
        if self._begun:
            with self._path.open("rb") as file:
                yield from islice(self._encoder.decode(file), self.place.rows)

    def end(self, place: Place) -> None:
        """Write the checkpoint; and the head of a table that has no rows."""
        if place.finished:
            self._begin()
        if self._begun:
            self._put(b"" if self.place.size else self._encoder.head, place)
        elif self._noted and not self._is_new:
            self.expect(place)

    def _begin(self) -> None:
        """Give up what the file held before; from here on it is this export's."""
        if self._begun:
            return
        # In this order no moment has a checkpoint beside a file that it does not describe: that
        # of a beginning describes any file.
        save(self._checkpoint, self.place)
        with _failing(self._path):
            self._file.truncate(0)
        sync_folder(self._real.parent)
        self._begun = True

    def _put(self, content: bytes, place: Place) -> None:
        self.check()
        before = self.place
        try:
            write_all(self._file, content)
            os.fsync(self._file.fileno())
        except OSError as error:
            with contextlib.suppress(OSError):
                self._file.truncate(before.size)
                self._file.seek(before.size)
            raise OutputFailed(f"{self._path} can't be written: {error.strerror}") from error
        self.place = msgspec.structs.replace(
            place,
            size=before.size + len(content),
            checksum=checksum(content, before.checksum),
        )
        try:
            save(self._checkpoint, self.place)
        except OutputFailed as error:
            raise OutputFailed(
                f"{error}. The rows of the last page are in {self._path}, but will be asked for "
                "again"
            ) from error

    def _go_on(self) -> None:
        """Cut off what came with a page that was not whole."""
        if not describes(self.place, self._path):
            raise OutputRefused(
                f"{self._path} is not the file that {self._checkpoint} was written for, or was "
                "changed since: give --force to begin anew, or another --out"
            )
        self._file.truncate(self.place.size)
        self._file.seek(self.place.size)


def _open(path: Path, mode: Mode) -> tuple[BinaryIO, bool]:
    """Open ``path`` for writing without losing what it holds; also whether it is new."""
    try:
        return cast("BinaryIO", path.open("xb", buffering=0)), True
    except FileExistsError:
        # Whoever refuses to overwrite has looked before; this is for what came in between.
        if mode == "new":
            raise
        # Unbuffered, so that nothing is left to be written later, at a place that was given up.
        return cast("BinaryIO", path.open("r+b", buffering=0)), False


def _lock(file: BinaryIO, path: Path) -> None:
    try:
        import fcntl  # noqa: PLC0415  # Windows has none, and no lock here
    except ImportError:
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OutputRefused(
            f"{path} is being written by another export: wait for it, or give another --out"
        ) from None
    except OSError:
        return  # some network file systems have no locks


@contextlib.contextmanager
def _refusing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise OutputRefused(f"{path} can't be written: {error.strerror}") from error


@contextlib.contextmanager
def _failing(path: Path) -> Generator[None]:
    try:
        yield
    except OSError as error:
        raise OutputFailed(f"{path} can't be written: {error.strerror}") from error

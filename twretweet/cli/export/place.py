"""The checkpoint beside an exported file: the file is the truth, and this names a place in it.

The rules:

- It is written after the rows of a page are on the disk, and replaced as a whole. So it never
  names a place that the file does not reach, whatever ends the process or the machine.
- What stands in the file behind that place came with a page that was not whole when the process
  ended; it is cut off, and that page is asked for again. No other page is.
- It describes the file up to the place by length and checksum. A file that is not the one it was
  written for, or was edited since, is refused.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

from twretweet.cli.export.formats import Format
from twretweet.cli.files import attempt, replace_durably
from twretweet.cli.outcome import OutputFailed, OutputRefused
from twretweet.walk import Checkpoint

_VERSION = 1
_CHUNK = 1 << 20


class Place(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an export is; plain data.

    Attributes:
        what: tells it from other files.
        version: of this format.
        format: of the exported file.
        walk: where the walk is, as JSON; none before its first page.
        size: how many bytes of the file belong to whole pages.
        checksum: their CRC-32.
        pages: how many pages that were.
        rows: how many rows.
        total: how many rows there should be, as far as that was known.
        spent: what it cost so far, in micro-dollars.
        pending: what the request that may be on its way can cost, or did cost if its page could
            not be written, in micro-dollars.
        day: the UTC day on which X charged for what was written last, counted from 1970-01-01.
        earlier: how many of the rows X charged for on days before that one.
        finished: whether the export is complete.
    """

    what: Literal["twretweet export"] = "twretweet export"
    version: int = _VERSION
    format: Format
    walk: msgspec.Raw = msgspec.Raw(b"null")
    size: int = 0
    checksum: int = 0
    pages: int = 0
    rows: int = 0
    total: int | None = None
    spent: int = 0
    pending: int = 0
    day: int = 0
    earlier: int = 0
    finished: bool = False

    def checkpoint(self) -> Checkpoint | None:
        """Where the walk is, for ``resume=``.

        Raises:
            CheckpointMismatch: it was written by a newer version.
        """
        return None if bytes(self.walk) == b"null" else Checkpoint.from_json(bytes(self.walk))

    def on(self, day: int) -> Place:
        """This place on that day: if it is another one, all of its rows are of earlier days."""
        if day == self.day:
            return self
        return msgspec.structs.replace(self, day=day, earlier=self.rows)

    def at(self, checkpoint: Checkpoint) -> Place:
        """This place with the walk at ``checkpoint``."""
        return msgspec.structs.replace(self, walk=msgspec.Raw(checkpoint.to_json().encode()))


class _Versioned(Struct, frozen=True):
    what: Literal["twretweet export"]
    version: int


def beside(file: Path) -> Path:
    """Where the checkpoint of ``file`` is."""
    return file.with_name(f"{file.name}.checkpoint")


def save(path: Path, place: Place) -> None:
    """Write the checkpoint ``path``.

    Raises:
        OutputFailed: it can't be written.
    """
    try:
        replace_durably(path, _encoded(place))
    except OSError as error:
        raise OutputFailed(f"{path} can't be written: {error.strerror}") from error


def try_to_save(path: Path, place: Place) -> None:
    """Write a checkpoint to where ``path`` is going to be, and remove it again.

    Raises:
        OutputRefused: it can't be written.
    """
    try:
        attempt(path, _encoded(place))
    except OSError as error:
        raise OutputRefused(
            f"{path} can't be written: {error.strerror}. An export needs it beside its file, to "
            "be gone on with: give another --out"
        ) from error


def _encoded(place: Place) -> bytes:
    return msgspec.json.encode(place) + b"\n"


def load(path: Path) -> Place | None:
    """Read the checkpoint ``path``; ``None`` where there is none.

    Raises:
        OutputRefused: it can't be read, is no checkpoint of an export, or of a newer version.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputRefused(f"{path} can't be read: {error.strerror}") from error
    try:
        version = msgspec.json.decode(content, type=_Versioned).version
        if version > _VERSION:
            raise OutputRefused(
                f"{path} has version {version}, and this package reads up to {_VERSION}: upgrade "
                "twretweet, or give --force to begin anew"
            )
        return msgspec.json.decode(content, type=Place)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise OutputRefused(
            f"{path} is no checkpoint of an export ({error}): move it away and give --force to "
            "begin anew, or another --out"
        ) from error


def is_foreign(path: Path) -> bool:
    """Whether ``path`` is there and holds no checkpoint of an export, of whatever version.

    Raises:
        OutputRefused: it can't be read.
    """
    try:
        msgspec.json.decode(path.read_bytes(), type=_Versioned)
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputRefused(f"{path} can't be read: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError):
        return True
    return False


def checksum(content: bytes, before: int = 0) -> int:
    """The CRC-32 of what had ``before``, and then ``content``."""
    return zlib.crc32(content, before)


def describes(place: Place, file: Path) -> bool:
    """Whether ``file`` begins with what ``place`` was written for.

    Raises:
        OSError: it can't be read.
    """
    left, found = place.size, 0
    with file.open("rb") as content:
        while left and (chunk := content.read(min(left, _CHUNK))):
            found = checksum(chunk, found)
            left -= len(chunk)
    return left == 0 and found == place.checksum

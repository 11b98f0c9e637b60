"""Writing files so that a crash leaves the old one or the new one, and nothing in between.

What is written first is a draft beside the file, made anew under a name that nobody else has. A
process that is killed leaves its draft; the next that writes the same file sweeps it up.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import BinaryIO

_DRAFT = ".twretweet-draft"
_BINARY = getattr(os, "O_BINARY", 0)  # Windows would end lines in its own way


def replace(file: Path, content: bytes) -> None:
    """Write the whole file or nothing, readable by its owner alone; others may write it too.

    Raises:
        OSError: it can't be written; what was there is there.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def drafted(file: Path, *, mode: int = 0o666) -> Generator[BinaryIO]:
    """Write a draft, which becomes ``file`` at the end of the block and outlives a power failure.

    Args:
        file: where it is to be.
        mode: who may read and write it, less what the process's umask takes away.

    Raises:
        OSError: it can't be written; what was there is there.
    """
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}{_DRAFT}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, mode)
    try:
        with os.fdopen(handle, "wb") as content:
            yield content
            content.flush()
            os.fsync(content.fileno())
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def replace_durably(file: Path, content: bytes) -> None:
    """Write the whole file or nothing, readable by its owner alone, to outlive a power failure.

    Raises:
        OSError: it can't be written; what was there is there.
    """
    with drafted(file, mode=0o600) as draft:
        draft.write(content)


def attempt(file: Path, content: bytes) -> None:
    """Write a draft of ``file``, and remove it again.

    Raises:
        OSError: it can't be written.
    """
    with contextlib.suppress(_Given), drafted(file, mode=0o600) as draft:
        draft.write(content)
        draft.flush()
        raise _Given


class _Given(Exception):
    """The draft is given up."""


def sweep(file: Path) -> None:
    """Remove the drafts of ``file`` that killed processes have left; nobody else may write it."""
    ours = re.compile(re.escape(f".{file.name}.") + "[0-9a-f]{8}" + re.escape(_DRAFT))
    with contextlib.suppress(OSError):
        for each in file.parent.iterdir():
            if ours.fullmatch(each.name):
                each.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let what was created, renamed or removed in ``folder`` outlive a power failure."""
    # Not every system opens folders, and not every file system has more to do here.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

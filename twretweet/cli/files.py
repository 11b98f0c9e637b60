"""Writing files so that a crash leaves the old one or the new one, and nothing in between."""

import contextlib
import os
import tempfile
from pathlib import Path


def replace(file: Path, content: bytes) -> None:
    """Write the whole file or nothing, readable by its owner alone; others may write it too.

    Raises:
        OSError: it can't be written; what was there is there.
    """
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    _fill(handle, Path(name), content, durable=False)
    _rename(Path(name), file)


def replace_durably(file: Path, content: bytes) -> None:
    """Write the whole file or nothing, so that it outlives a power failure.

    Nobody else may write it. So the draft has the same name each time, and a process that is
    killed over and over leaves one of them at the most.

    Raises:
        OSError: it can't be written; what was there is there.
    """
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    _fill(handle, draft, content, durable=True)
    _rename(draft, file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Let what was created, renamed or removed in ``folder`` outlive a power failure."""
    # Not every system opens folders, and not every file system has more to do here.
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _fill(handle: int, draft: Path, content: bytes, *, durable: bool) -> None:
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def _rename(draft: Path, file: Path) -> None:
    try:
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise

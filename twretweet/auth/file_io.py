"""A file of secrets on disk: read only if nobody else can, replaced in one step, locked.

All of it blocks, so it runs in worker threads. Nothing here knows what the file says.

A lock is one of the kernel's (``flock``): its owner is a process, and it expires with that,
however it ends. One that was stopped still has it when it goes on, and must: it may be in the
middle of what the lock is for. So there is no time after which others take it away; whoever has
waited for long says which process it is.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

_PRIVATE = 0o600
_OTHERS = 0o077
# Whoever writes is done within milliseconds; who is at it for longer, with nothing to show, hangs.
_WRITE_PATIENCE = 5.0
_PAUSE = 0.002
_LONGEST_PAUSE = 0.05


class FileFault(Exception):
    """What is wrong with a file, as the end of a sentence; it holds nothing of its content."""


def read_private(path: Path) -> bytes | None:
    """Read a file that is ours alone; ``None`` if there is none.

    Raises:
        FileFault: others can read it, it is another user's, or it can't be read.
    """
    try:
        # O_NONBLOCK, or opening a pipe would wait for its other end.
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise FileFault(_reason(error)) from error
    try:
        _require_private(os.fstat(file))
        with os.fdopen(file, "rb", closefd=False) as opened:
            return opened.read()
    except OSError as error:
        raise FileFault(_reason(error)) from error
    finally:
        os.close(file)


def replace_private(path: Path, change: Callable[[bytes | None], bytes]) -> None:
    """Rewrite a file, so that a crash leaves the old one or the new one, whole.

    Only one process at a time does it, so nothing that another wrote is lost.

    Args:
        path: the file.
        change: makes the new content from the old one; ``None`` where there is no file yet.

    Raises:
        FileFault: it can't be read or written. The old file is as it was.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with write_lock(path):
            _replace(path, change(read_private(path)))
    except OSError as error:
        raise FileFault(_reason(error)) from error


def _replace(path: Path, content: bytes) -> None:
    new = beside(path, ".new")
    new.unlink(missing_ok=True)  # of a process that died here
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _PRIVATE)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(file)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise
    # The new name is durable only once the folder is.
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextmanager
def write_lock(path: Path, *, passing: bool = False) -> Generator[None]:
    """Hold the lock of a file while it is read and rewritten, so that no change is lost.

    Args:
        path: the file; its folder is there.
        passing: leave no file of the lock behind.

    Raises:
        FileFault: somebody has held it for long without changing the file.
        OSError: it can't be had.
    """
    name = beside(path, ".lock")
    lock = FileLock(name, passing=passing)
    pause, patience = _PAUSE, Patience(time.monotonic(), _state(path))
    while not lock.take():
        if patience.ends(time.monotonic(), _state(path)):
            raise FileFault(
                f"{lock.owner()} has held {name} for {_WRITE_PATIENCE:g} s: end it if it hangs"
            )
        time.sleep(pause)
        pause = min(2 * pause, _LONGEST_PAUSE)
    try:
        yield
    finally:
        lock.drop()


class Patience:
    """How long to wait for a file that others change in turn.

    The kernel keeps no queue of those who wait for a lock, so who is unlucky waits for long while
    all is well. What counts is how long nothing has changed.

    Args:
        now: a monotonic clock, in seconds.
        state: of the file; it differs once that was changed.
    """

    def __init__(self, now: float, state: object) -> None:
        self._since = now
        self._state = state

    def ends(self, now: float, state: object) -> bool:
        """Whether nothing has changed for too long."""
        if state != self._state:
            self._since, self._state = now, state
        return now - self._since > _WRITE_PATIENCE


class FileLock:
    """A lock that the kernel drops when its process ends, however it ends.

    :meth:`take` may still run in its thread when whoever wanted the lock has left; then it drops
    the lock by itself.

    Args:
        path: a file that tells who has it; it is made where it is missing.
        passing: delete the file when the lock is dropped.
    """

    def __init__(self, path: Path, *, passing: bool = False) -> None:
        self._path = path
        self._passing = passing
        self._guard = threading.Lock()
        self._file: int | None = None
        self._left = False

    def take(self) -> bool:
        """Take the lock unless somebody has it; whether it is ours now.

        Raises:
            OSError: its file can't be opened.
        """
        import fcntl  # noqa: PLC0415  # Windows has none, and imports this module all the same

        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(self._path, flags, _PRIVATE)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Who had it before may have deleted the file, and others lock another by now.
            ours = _same_file(file, self._path)
        except BlockingIOError:
            ours = False
        except BaseException:
            os.close(file)
            raise
        if not ours:
            os.close(file)
            return False
        with suppress(OSError):  # of a full disk; the lock is ours none the less
            os.ftruncate(file, 0)
            os.write(file, _who().encode())
        with self._guard:
            self._file = file
            left = self._left
        if left:
            self.drop()
        return True

    def drop(self) -> None:
        """Let others have the lock; also once :meth:`take` gets it, should that still run."""
        import fcntl  # noqa: PLC0415

        with self._guard:
            self._left = True
            file, self._file = self._file, None
        if file is None:
            return
        if self._passing:
            # One that can't be deleted is in nobody's way: whoever comes next locks it again.
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
        # A child that was forked meanwhile has the file open too; closing alone would leave the
        # lock with it.
        try:
            fcntl.flock(file, fcntl.LOCK_UN)
        finally:
            os.close(file)

    def owner(self) -> str:
        """Who has it, for a person to read."""
        try:
            said = read_private(self._path)
        except FileFault:
            said = None
        return said.decode("utf-8", "replace").strip() if said else "another process"


def _who() -> str:
    """This process, for whoever waits for it to be done."""
    since = datetime.now(UTC).isoformat(" ", "seconds")
    return f"process {os.getpid()} on {socket.gethostname()}, since {since},\n"


def beside(path: Path, ending: str) -> Path:
    """The file of the same name with something added to it."""
    return path.with_name(path.name + ending)


def _state(path: Path) -> tuple[int, int] | None:
    """What differs once a file was replaced."""
    try:
        found = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
    return (found.st_ino, found.st_mtime_ns)


def _same_file(file: int, path: Path) -> bool:
    try:
        there = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(file), there)


def _require_private(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise FileFault("it is no regular file: give the path of one")
    if found.st_uid != os.geteuid():
        raise FileFault(
            f"it belongs to user {found.st_uid} and not to {os.geteuid()}, who runs this: take "
            "it over, or give the path of another"
        )
    if found.st_mode & _OTHERS:
        raise FileFault(
            f"others can read or write it (mode {stat.S_IMODE(found.st_mode):04o}): make it yours "
            "alone with `chmod 600`, and sign in again if anyone may have read it"
        )


def _reason(error: OSError) -> str:
    if error.errno == errno.ELOOP:
        return "it is a symbolic link: give the path of the file that it leads to"
    return error.strerror or type(error).__name__

"""What the commands remember of rate limits from one run to the next.

X tells what is left only in its answers, so a command that starts anew would know nothing. The
windows that are open are kept in the user's state folder, in a file for each host: no secret,
only fingerprints of accounts, counts and times. What several commands at once leave there is put
together; where they differ about a window, the higher count is believed.
"""

import contextlib
import re
import sys
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from twretweet.auth.file_io import FileFault, write_lock
from twretweet.cli.files import replace
from twretweet.cli.outcome import complain
from twretweet.errors import QueryError
from twretweet.limits import MemoryLimiter
from twretweet.limits.spec import WindowMemory

# No window of X lasts longer, in seconds.
_STALE = 25 * 3600
_SAME = 3.0


def path(env: Mapping[str, str], base_url: str) -> Path:
    """Where the file of a host is: below ``XDG_STATE_HOME``, or ``~/.local/state``."""
    state = env.get("XDG_STATE_HOME")
    folder = Path(state) if state else Path(env.get("HOME") or Path.home()) / ".local" / "state"
    host = re.sub(r"[^A-Za-z0-9.-]", "_", urlsplit(base_url).netloc)
    return folder / "twretweet" / "limits" / f"{host}.json"


def recall(limiter: MemoryLimiter, file: Path, *, quiet: bool = False) -> None:
    """Take over what earlier commands left; a file that can't be read is told and passed over.

    Args:
        limiter: what will count.
        file: where they left it.
        quiet: whether that is not even told.
    """
    try:
        limiter.restore(file.read_bytes())
    except FileNotFoundError:
        return
    except (OSError, QueryError) as error:
        if quiet:
            return
        complain(f"what is left of the rate limits is not remembered: {file}: {error}")


def remember(limiter: MemoryLimiter, file: Path, *, quiet: bool = False) -> None:
    """Leave what is known for the next command. A failure is told, and is no failure.

    Args:
        limiter: what counted.
        file: where to leave it.
        quiet: whether a failure is not even told, since another try will follow.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _turn(file):
            replace(file, msgspec.json.encode(_together(_read(file), limiter.snapshot().encode())))
        _sweep(file.parent)
    except (OSError, FileFault) as error:
        if not quiet:
            complain(f"what is left of the rate limits can't be remembered: {error}")


def _turn(file: Path) -> AbstractContextManager[None]:
    """One command at a time rewrites a file, or what another has just left would be lost."""
    # Windows has no such locks; there the last of two commands at the same moment wins.
    return nullcontext() if sys.platform == "win32" else write_lock(file, passing=True)


def _together(*sources: bytes) -> list[WindowMemory]:
    windows: dict[str, WindowMemory] = {}
    for source in sources:
        for window in msgspec.json.decode(source, type=list[WindowMemory]):
            before = windows.get(window.key)
            windows[window.key] = window if before is None else _newer(before, window)
    return list(windows.values())


def _newer(one: WindowMemory, other: WindowMemory) -> WindowMemory:
    """What is to be believed of two records of a window."""
    # The local end of one window is known to a second or two only.
    if abs(one.ends_at - other.ends_at) < _SAME:
        return one if one.used >= other.used else other
    return one if one.ends_at > other.ends_at else other


def _read(file: Path) -> bytes:
    try:
        content = file.read_bytes()
        msgspec.json.decode(content, type=list[WindowMemory])
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return b"[]"
    return content


def _sweep(folder: Path) -> None:
    """Drop the files of hosts that nobody has talked to for longer than a window lasts."""
    oldest = time.time() - _STALE
    for file in folder.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if file.stat().st_mtime < oldest:
                file.unlink()

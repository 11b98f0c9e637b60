"""Opening an address in the person's browser."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

# In a process of its own: a browser may run until it is closed, and writes what it likes.
_OPEN = "import sys, webbrowser; sys.exit(not webbrowser.open(sys.argv[1]))"


def is_there(env: Mapping[str, str]) -> bool:
    """Whether a browser with a window can be opened here."""
    named = any(env.get(name) for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"))
    return named or sys.platform in {"darwin", "win32"}


def open_page(url: str, failed: Callable[[], None]) -> None:
    """Open an address and return at once.

    Args:
        url: the address.
        failed: is called, in another thread, if no browser opened.
    """

    def run() -> None:
        command = [sys.executable, "-I", "-c", _OPEN, url]
        nothing = subprocess.DEVNULL
        done = subprocess.run(  # noqa: S603  # our own interpreter, and no shell
            command,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
            start_new_session=True,
            check=False,
        )
        if done.returncode:
            failed()

    # A daemon, because the browser may outlive the command.
    threading.Thread(target=run, name="twretweet: browser", daemon=True).start()

"""The consoles that rich writes to."""

import sys
from typing import TextIO

from rich.console import Console


class PipedConsole(Console):
    """Lets a closed pipe be what it is, where rich would end the process with an error."""

    def on_broken_pipe(self) -> None:
        """Pass on the error that is being handled."""
        raise  # noqa: PLE0704  # rich calls this from its except block


def output() -> Console:
    """Standard output; its words are shown as they are, not searched for numbers and markup."""
    return _plain(sys.stdout)


def errors() -> Console:
    """Standard error."""
    return _plain(sys.stderr)


def _plain(stream: TextIO) -> Console:
    return PipedConsole(file=stream, highlight=False, markup=False, emoji=False)

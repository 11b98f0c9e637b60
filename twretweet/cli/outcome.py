"""How a command ends: one readable line on standard error, and an exit code.

0 went well, also when the reader of a pipe has seen enough; 1 something failed; 2 it was asked
for wrongly, and nothing was sent; 130 and 143 stopped by Ctrl-C and by SIGTERM, as shells say it.
"""

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import TextIO, cast

from twretweet.cli.words import on_command_line
from twretweet.errors import CredentialsError, QueryError, TwretweetError

OK = 0
FAILED = 1
USAGE = 2
_BY_SIGNAL = 128


class OutputRefused(QueryError):
    """The output can't be written to where it was asked for; nothing was sent."""


class OutputFailed(TwretweetError):
    """Writing the output failed half-way.

    Attributes:
        paid: what that cost which could not be written, in micro-dollars.
    """

    paid = 0


class OutputLost(OutputFailed):
    """What was written is not where it was any more; somebody else has changed it."""


class MissingExtra(TwretweetError):
    """What was asked for needs packages that are not installed.

    Args:
        what: what needs them.
        extra: the extra that brings them.
    """

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra: pip install 'twretweet[{extra}]'")


class Stopped(BaseException):
    """A signal asked the command to stop, and it did, leaving a word on how far it came.

    Args:
        word: that word.
        number: of the signal, where the command itself listened for it.
    """

    def __init__(self, word: str, number: int | None = None) -> None:
        super().__init__(word)
        self.number = number


def complain(message: str) -> None:
    """Say what went wrong, as one line without control characters."""
    # A shell's `2>&-` leaves none, whatever the type says; print() would take the output for it.
    if getattr(sys, "stderr", None) is None:
        return
    try:
        print("twretweet:", plain(message), file=sys.stderr, flush=True)
    except OSError:
        _drop(sys.stderr)


def is_watched() -> bool:
    """Whether standard error is a terminal."""
    return getattr(sys, "stderr", None) is not None and sys.stderr.isatty()


def plain(message: str) -> str:
    """``message`` as one line without control characters.

    Replies of a server end up in messages, and must not be able to steer a terminal.
    """
    return " ".join(_harmless(message).split())


def _harmless(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)


def say(line: str) -> None:
    """Print a line, or several, on standard output now, without other control characters.

    Raises:
        BrokenPipeError: nobody reads it any more.
        OutputFailed: it can't be written.
    """
    try:
        print("\n".join(map(_harmless, line.split("\n"))), flush=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        drop_output()
        raise OutputFailed(f"standard output can't be written: {error.strerror}") from error


def settle(command: Callable[[], int]) -> int:
    """Run ``command`` and turn however it ends into an exit code."""
    for stream in (sys.stdout, sys.stderr):
        _never_choke(stream)
    stop = _Stop()
    try:
        with stop:
            return command()
    except BrokenPipeError:
        # `twretweet … | head` has what it wanted.
        drop_output()
        return OK
    except (KeyboardInterrupt, Stopped) as word:
        complain(f"stopped{word}")
        heard = word.number if isinstance(word, Stopped) else None
        return _BY_SIGNAL + (stop.number if heard is None else heard)
    except TwretweetError as error:
        return report(error)


def report(error: TwretweetError, then: str = "") -> int:
    """Say what went wrong and return the exit code for it.

    Args:
        error: what went wrong.
        then: what else there is to know, as the end of the line.
    """
    complain(f"{on_command_line(str(error))}{then}")
    return USAGE if isinstance(error, QueryError | CredentialsError) else FAILED


def drop_output() -> None:
    """Let nothing more be written to standard output, not even when Python ends."""
    _drop(sys.stdout)


def _drop(stream: TextIO | None) -> None:
    # What could not be written is still in its buffer, and would fail again when Python ends.
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, cast("TextIO", stream).fileno())
        os.close(nowhere)


class _Stop:
    """Lets SIGTERM end a command the way Ctrl-C does, and remembers which it was."""

    def __init__(self) -> None:
        self.number = int(signal.SIGINT)
        self._before: Callable[[int, FrameType | None], object] | int | None = None

    def __enter__(self) -> None:
        self._before = signal.signal(signal.SIGTERM, self._terminate)

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGTERM, self._before)

    def _terminate(self, number: int, _: FrameType | None) -> None:
        self.number = number
        # The event loop knows what to do with an interrupt, on every platform.
        if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
            raise KeyboardInterrupt
        signal.raise_signal(signal.SIGINT)


def _never_choke(stream: TextIO | None) -> None:
    """Have a terminal without UTF-8 show a question mark instead of a traceback."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="replace")

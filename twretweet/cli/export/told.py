"""What a person is told of an export: meanwhile, and as its last word."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from twretweet.cli.export.formats import STANDARD_OUTPUT
from twretweet.cli.export.options import How
from twretweet.cli.export.output import Output
from twretweet.cli.export.stop import Stop
from twretweet.cli.lines import Lines
from twretweet.cli.outcome import OutputLost, complain, is_watched
from twretweet.cli.tally import Tally, money, progress
from twretweet.cli.watch import Display
from twretweet.errors import BudgetExceeded, Forbidden, NotFound, QueryError, TwretweetError

_LINE_EVERY = 30.0  # seconds


class Shown(Display, Protocol):
    """What shows how far an export is."""

    def note(self, line: str) -> None:
        """Say this."""
        ...


class Told:
    """What a person is told, meanwhile and in the end."""

    def __init__(self, noun: str, how: How) -> None:
        self._out = how.out
        self.tally = Tally(noun)
        self.stop = Stop()
        self.output: Output | None = None
        self.shown: Shown | None = None

    @property
    def resumable(self) -> bool:
        """Whether another run could go on."""
        return self.output is not None and self.output.resumable

    @property
    def is_followed(self) -> bool:
        """Whether somebody may look: then it is worth to know how many there will be."""
        return self.resumable or is_watched()

    def so_far(self, error: TwretweetError | None = None) -> str:
        """How far it came and how to go on, as the end of a line."""
        tally = self.tally
        if not tally.pages:
            return ""
        if isinstance(error, OutputLost):
            return f"; it had {progress(tally)}"
        before = "; written so far: " if error is not None else " after "
        return f"{before}{progress(tally)}{self._where}{self._way(error)}"

    def used_up(self, error: BudgetExceeded) -> str:
        """That the money is used up, as the beginning of a line."""
        left = max(error.cap - error.spent, 0.0)
        more = "one more" if error.items == 1 else f"{error.items} more"
        return (
            f"the budget of {money(error.cap)} has {money(left)} left, and {more} can cost "
            f"{money(error.needed)}"
        )

    def summary(self) -> None:
        """Say what was written, if anybody would miss the word."""
        tally, said = self.tally, isinstance(self.shown, Lines) and self.shown.said
        if self.is_followed or said:
            if tally.total is not None and tally.total <= tally.items:
                tally.total = None  # "of" only where some are missing
            complain(f"done: {progress(tally)}{self._where}")
        if tally.problems:
            complain(
                f"X could not deliver {tally.problems:,} of the objects asked for, such as "
                "protected or deleted accounts; they are missing, or null"
            )

    @property
    def _where(self) -> str:
        if self._out == STANDARD_OUTPUT:
            return ""
        return f", in {self._out if self.output is None else self.output.where}"

    def _way(self, error: TwretweetError | None) -> str:
        if not self.resumable or isinstance(error, QueryError | NotFound | Forbidden):
            return ""
        if isinstance(error, BudgetExceeded):
            return "; with a larger --budget, --resume goes on"
        return "; the same command with --resume goes on"


def display(how: How) -> AbstractContextManager[Shown]:
    """A bar; or lines, where nobody looks, or the rows may well go to the same screen."""
    if not is_watched():
        return nullcontext(Lines(complain, every=_LINE_EVERY))
    if how.out == STANDARD_OUTPUT and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        return nullcontext(Lines(complain, every=None if sys.stdout.isatty() else _LINE_EVERY))
    # rich is of use only to whom looks.
    from twretweet.cli import bar, console  # noqa: PLC0415

    return bar.Bar(console.errors(), keep=False)

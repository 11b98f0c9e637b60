"""The progress of a walk on a terminal: a bar, and a line that fits narrow windows too."""

import contextlib
import time
from collections.abc import Generator
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from twretweet.cli.estimate import time_left
from twretweet.cli.outcome import plain
from twretweet.cli.tally import Tally, Window, describe, outlook, progress

_WIDEST_BAR = 60


class Bar:
    """Redraws the progress in place while its block runs.

    Args:
        console: a terminal.
        keep: whether the last state stays on the screen.
    """

    def __init__(self, console: Console, *, keep: bool) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=not keep)
        self._gone = False

    def __enter__(self) -> Self:
        with self._on_terminal():
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._on_terminal():
            self._live.stop()

    def note(self, line: str) -> None:
        """Write a line above the bar."""
        if not self._gone:
            with self._on_terminal():
                self._live.console.print(plain(line), markup=False, highlight=False)

    def show(self, tally: Tally, window: Window | None) -> None:
        """Draw this state."""
        if not self._gone:
            with self._on_terminal():
                self._live.update(draw(tally, window, self._console.width), refresh=True)

    @contextlib.contextmanager
    def _on_terminal(self) -> Generator[None]:
        """Go on without the terminal when it is closed: the walk is worth more than its bar."""
        try:
            yield
        except BrokenPipeError:
            raise  # `| head` has seen enough
        except OSError:
            self._gone = True


def draw(tally: Tally, window: Window | None, width: int) -> Table:
    """The lines for one state.

    Args:
        tally: how far the walk is.
        window: what its window allows.
        width: how many columns there are.
    """
    room = describe(window)
    ahead = outlook(tally, time_left(tally, window), time.time()) if tally.elapsed else ""
    waiting = window is not None and window.waiting
    # A grid ends every row, where a bar by itself lets the next words run on behind it.
    lines = Table.grid()
    if tally.total:
        done = min(tally.items, tally.total)
        lines.add_row(
            ProgressBar(total=tally.total, completed=done, width=min(width, _WIDEST_BAR))
        )
    phrases = [
        Text(progress(tally)),
        Text(ahead),
        Text(room, style="yellow" if waiting else "dim"),
    ]
    for line in _filled([phrase for phrase in phrases if phrase], width):
        lines.add_row(line)
    return lines


def _filled(phrases: list[Text], width: int) -> list[Text]:
    """Put as many phrases on each line as fit."""
    lines: list[Text] = []
    for phrase in phrases:
        if lines and len(lines[-1]) + 2 + len(phrase) <= width:
            lines[-1] = Text.assemble(lines[-1], "  ", phrase)
        else:
            lines.append(phrase)
    return lines

"""The progress of a walk on a terminal: a bar, and a line that fits narrow windows too."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from twretweet.cli.tally import Tally, Window, describe, progress

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

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()

    def show(self, tally: Tally, window: Window | None) -> None:
        """Draw this state."""
        self._live.update(draw(tally, window, self._console.width), refresh=True)


def draw(tally: Tally, window: Window | None, width: int) -> Table:
    """The lines for one state.

    Args:
        tally: how far the walk is.
        window: what its window allows.
        width: how many columns there are.
    """
    room = describe(window)
    waiting = window is not None and window.waiting
    # A grid ends every row, where a bar by itself lets the next words run on behind it.
    lines = Table.grid()
    if tally.total:
        done = min(tally.items, tally.total)
        lines.add_row(
            ProgressBar(total=tally.total, completed=done, width=min(width, _WIDEST_BAR))
        )
    far = Text(progress(tally))
    state = Text(room, style="yellow" if waiting else "dim")
    if len(far) + len(state) + 2 <= width:
        lines.add_row(Text.assemble(far, "  " if room else "", state))
    else:
        lines.add_row(far)
        lines.add_row(state)
    return lines

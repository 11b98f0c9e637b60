"""The progress of a walk on a terminal: a bar, and a line that fits narrow windows too."""

from types import TracebackType
from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
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


def draw(tally: Tally, window: Window | None, width: int) -> RenderableType:
    """The lines for one state.

    Args:
        tally: how far the walk is.
        window: what its window allows.
        width: how many columns there are.
    """
    room = describe(window)
    waiting = window is not None and window.waiting
    lines: list[RenderableType] = []
    if tally.total:
        lines.append(
            ProgressBar(
                total=tally.total,
                completed=min(tally.items, tally.total),
                width=min(width, _WIDEST_BAR),
            )
        )
    done = Text(progress(tally))
    state = Text(room, style="yellow" if waiting else "dim")
    if len(done) + len(state) + 2 <= width:
        lines.append(Text.assemble(done, "  " if room else "", state))
    else:
        lines += [done, state]
    return Group(*lines)

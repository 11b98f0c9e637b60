"""The progress of a walk as plain lines, for pipes and logs, where nothing can be redrawn."""

from collections.abc import Callable

from twretweet.cli.tally import Tally, Window, describe, progress


class Lines:
    """Says a line when the walk has to wait, and one when it goes on.

    Args:
        say: writes a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._waiting = False

    def show(self, tally: Tally, window: Window | None) -> None:
        """Say a line if this differs from before in more than numbers."""
        waiting = window is not None and window.waiting
        if waiting and not self._waiting:
            self._say(f"{progress(tally)}: {describe(window)}")
        elif self._waiting and not waiting:
            self._say(f"{progress(tally)}: going on, {describe(window)}")
        self._waiting = waiting

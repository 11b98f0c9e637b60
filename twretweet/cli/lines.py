"""The progress of a walk as plain lines, for pipes and logs, where nothing can be redrawn."""

import time
from collections.abc import Callable

from twretweet.cli.estimate import time_left
from twretweet.cli.tally import Tally, Window, describe, outlook, progress


class Lines:
    """Says a line when the walk has to wait, when it goes on, and now and then.

    Args:
        say: writes a line.
        every: how far apart lines are that say no more than that it goes on, in seconds; ``None``
            says none of these.

    Attributes:
        said: whether anything was said.
    """

    def __init__(self, say: Callable[[str], None], *, every: float | None = None) -> None:
        self._say = say
        self._every = every
        self._stuck_at: int | None = None  # how many pages there were when the wait was told
        self._last = 0.0
        self.said = False

    def show(self, tally: Tally, window: Window | None) -> None:
        """Say a line if this differs from before in more than numbers, or it is time for one."""
        waiting = window is not None and window.waiting
        if waiting and self._stuck_at is None:
            self._stuck_at = tally.pages
            self._tell(tally, describe(window), window)
        elif not waiting and self._stuck_at is not None and tally.pages > self._stuck_at:
            # Not before a page has come: a wait may also have been broken off.
            self._stuck_at = None
            self._tell(tally, f"going on, {describe(window)}", window)
        elif self._every is not None and tally.elapsed - self._last >= self._every:
            self._tell(tally, describe(window), window)

    def note(self, line: str) -> None:
        """Say this."""
        self.said = True
        self._say(line)

    def _tell(self, tally: Tally, state: str, window: Window | None) -> None:
        self._last = tally.elapsed
        ahead = ""
        if self._every is not None:
            ahead = outlook(tally, time_left(tally, window), time.time())
        parts = [f"{progress(tally)}: {state}" if state else progress(tally), ahead]
        self.note(", ".join(part for part in parts if part))

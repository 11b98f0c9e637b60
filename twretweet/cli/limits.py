"""``twretweet limits``: what is left of each window, as bars."""

import os
import time
from collections.abc import Sequence
from typing import Annotated, TypeAlias

import anyio
from cyclopts import Parameter
from rich import box
from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from twretweet.auth import account_of
from twretweet.cli import environment, memory
from twretweet.cli.console import output
from twretweet.cli.options import Account
from twretweet.cli.outcome import OK
from twretweet.cli.tally import seconds
from twretweet.credentials import Credentials
from twretweet.limits import BucketState, MemoryLimiter
from twretweet.manager import SessionManager

_TICK = 0.5
_BAR = 20
_NARROW = 64

Watch: TypeAlias = Annotated[
    bool, Parameter(negative="", show_default=False, help="Keep showing it until Ctrl-C.")
]


def limits(*, account: Account = None, watch: Watch = False) -> int:
    """Show what is left of the rate limits, and when all of it is back.

    X tells it only in the answers to other calls. So this shows what the commands that ran before
    were told; it asks X nothing and costs nothing.
    """
    anyio.run(_show, account, watch)
    return OK


async def _show(account: str | None, watch: bool) -> None:  # anyio.run passes no names
    console = output()
    url = environment.base_url(os.environ)
    keys = (await environment.whose(os.environ, url, account)).credentials
    label = account_of(keys).label
    if not (watch and console.is_terminal):
        console.print(_page(label, _states(keys, url), console))
        return
    with Live(
        _page(label, _states(keys, url), console), console=console, auto_refresh=False
    ) as live:
        while True:
            await anyio.sleep(_TICK)
            states = _states(keys, url, quiet=True)  # what is wrong was told once
            live.update(_page(label, states, console), refresh=True)


def _states(keys: Credentials, url: str, *, quiet: bool = False) -> list[BucketState]:
    limiter = MemoryLimiter()
    memory.recall(limiter, memory.path(os.environ, url), quiet=quiet)
    return SessionManager(base_url=url, limiter=limiter).session(keys).rate_limits()


def _page(label: str, states: Sequence[BucketState], console: Console) -> Table:
    return limits_table(label, states, time.time(), bars=console.width >= _NARROW)


def limits_table(label: str, states: Sequence[BucketState], now: float, *, bars: bool) -> Table:
    """One row for each window, those in use first.

    Args:
        label: whose windows they are.
        states: what is left of them.
        now: the local clock, in epoch seconds.
        bars: whether there is room for a bar.
    """
    table = Table(
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=Text(f"rate limits of {label}"),
        title_justify="left",
    )
    table.add_column("window of")
    table.add_column("left", justify="right")
    if bars:
        table.add_column("", width=_BAR)
    table.add_column("all back")
    for state in sorted(states, key=lambda state: state.resets_at is None):
        cells: list[Text | ProgressBar] = [Text(_name(state)), Text(_left(state))]
        if bars:
            cells.append(
                ProgressBar(total=state.limit or 1, completed=state.remaining or 0, width=_BAR)
            )
        cells.append(Text(_back(state, now)))
        table.add_row(*cells)
    return table


def _name(state: BucketState) -> str:
    whole_app = ":app:" in state.window
    return f"{state.endpoint}, app" if whole_app else state.endpoint


def _left(state: BucketState) -> str:
    return "not told" if state.remaining is None else f"{state.remaining} of {state.limit}"


def _back(state: BucketState, now: float) -> str:
    if state.resets_at is None:
        return "all there" if state.limit is not None else ""
    clock = time.strftime("%H:%M", time.localtime(state.resets_at))
    return f"at {clock}, in {seconds(max(state.resets_at - now, 0.0))}"

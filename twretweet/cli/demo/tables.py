"""The tables that the demo prints: rows in, a table out."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from twretweet.cli.demo.cost import CostLine, total
from twretweet.cli.tally import Window, seconds
from twretweet.models import Tweet

_NARROW = 64


def followers_of(retweet: Tweet) -> int:
    """How many follow who retweeted; 0 where X left the author out."""
    author = retweet.author
    metrics = author.public_metrics if author else None
    return metrics.followers_count if metrics else 0


def most_followed(retweets: Iterable[Tweet], count: int) -> list[Tweet]:
    """The retweets by the most followed authors, the most followed first."""
    known = (retweet for retweet in retweets if retweet.author is not None)
    return sorted(known, key=lambda retweet: (-followers_of(retweet), retweet.id))[:count]


def retweeters_table(retweets: Sequence[Tweet], width: int) -> Table:
    """Who retweeted, one row each; a narrow terminal sees the columns that matter most.

    Args:
        retweets: with their authors.
        width: how many columns there are.
    """
    wide = width >= _NARROW
    table = _table()
    table.add_column("", justify="right")
    table.add_column("user", overflow="ellipsis", no_wrap=True)
    if wide:
        table.add_column("name", overflow="ellipsis", no_wrap=True)
    table.add_column("followers", justify="right")
    if wide:
        table.add_column("verified")
        table.add_column("retweeted", no_wrap=True)
    for rank, retweet in enumerate(retweets, 1):
        author = retweet.author
        if author is None:
            continue
        when = "" if retweet.created_at is None else f"{retweet.created_at:%Y-%m-%d %H:%M}"
        cells = [str(rank), f"@{author.username}", f"{followers_of(retweet):,}"]
        if wide:
            cells.insert(2, author.name)
            cells += ["yes" if author.verified else "", when]
        table.add_row(*map(Text, cells))
    return table


def windows_table(windows: Iterable[tuple[str, Window]]) -> Table:
    """What is left of each window.

    Args:
        windows: each with the name of what is called.
    """
    table = _table()
    table.add_column("window of")
    table.add_column("left", justify="right")
    table.add_column("all back")
    for name, window in windows:
        left = "unknown" if window.left is None else f"{window.left} of {window.limit}"
        back = "all there" if window.resets_in is None else f"in {seconds(window.resets_in)}"
        table.add_row(Text(name), left, back)
    return table


def cost_table(lines: Sequence[CostLine]) -> Table:
    """What each part would have cost, and all of it."""
    table = _table()
    table.add_column("on X")
    table.add_column("number", justify="right")
    table.add_column("each", justify="right")
    table.add_column("US$", justify="right")
    for line in lines:
        table.add_row(Text(line.what), f"{line.count:,}", f"{line.unit:.3f}", f"{line.usd:.3f}")
    table.add_row("at most", "", "", f"{total(lines):.3f}")
    return table


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)

"""``twretweet demo``: everything at once, on this machine and without keys."""

import anyio


def demo() -> int:
    """Show it all on this machine: retweet, undo, and walk 1,000 retweets. Needs no keys."""
    # The other commands need not pay for a server and for tables.
    from twretweet.cli.demo.play import play  # noqa: PLC0415

    return anyio.run(play)

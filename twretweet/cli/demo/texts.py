"""The sentences of the demo."""

from twretweet.cli.tally import Tally, progress, seconds

EXPORTS = (
    "export TWRETWEET_CONSUMER_KEY=...",
    "export TWRETWEET_CONSUMER_SECRET=...",
    "export TWRETWEET_ACCESS_TOKEN=...",
    "export TWRETWEET_ACCESS_TOKEN_SECRET=...",
)


def opening(url: str, quarter_hour: float) -> str:
    """What is about to happen, and where."""
    return (
        f"A local copy of X listens on {url}: nothing leaves this machine, and no keys are "
        f"needed. Its windows of 15 minutes last about {seconds(quarter_hour)}, some of its pages "
        "come short and one comes empty."
    )


def verdict(tally: Tally, ids: list[str], expected: int) -> tuple[bool, str]:
    """Whether every retweet came once, and the sentence that says so.

    Args:
        tally: how the walk went.
        ids: of the retweets that came, in order.
        expected: how many the tweet has.
    """
    distinct = len(set(ids))
    if distinct == len(ids) == expected:
        return True, f"All {expected:,} retweets arrived, each exactly once."
    return False, (
        f"the walk is wrong: of {expected:,} retweets {distinct:,} arrived, "
        f"{len(ids) - distinct:,} of them more than once ({progress(tally)})"
    )


def waiting(tally: Tally) -> str:
    """How long the walk stood still."""
    if not tally.waits:
        return "It never had to wait for a window."
    windows = "the window" if tally.waits == 1 else f"{tally.waits} windows"
    return f"It waited {tally.waited:.1f} s for {windows}, instead of being refused."


def refusals(count: int) -> str:
    """How often the local copy of X said 429."""
    return f"Replies 429 (Too Many Requests): {count}."


def on_x(tweet_id: str) -> list[str]:
    """The commands that do the same on X."""
    return [
        *EXPORTS,
        f"twretweet retweet {tweet_id}",
        f"twretweet undo {tweet_id}",
        f"twretweet retweets {tweet_id} --author verified --out retweets.jsonl",
    ]

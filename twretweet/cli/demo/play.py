"""The demo itself: a sandbox, a session on it over real HTTP, and what is shown of both."""

import time
from dataclasses import dataclass, field

from rich.console import Console
from rich.padding import Padding

from twretweet.cli.bar import Bar
from twretweet.cli.console import output
from twretweet.cli.demo import tables, texts
from twretweet.cli.demo.cost import cost
from twretweet.cli.lines import Lines
from twretweet.cli.outcome import FAILED, OK, complain
from twretweet.cli.tally import Tally, progress, window_of
from twretweet.cli.watch import watched
from twretweet.manager import SessionManager
from twretweet.models import Tweet
from twretweet.protocol.prices import PRICES
from twretweet.query import TweetQuery
from twretweet.sandbox import Sandbox
from twretweet.sandbox.quirks import Quirks
from twretweet.session import Session

# Chosen so that one window is not enough for the walk, and a person has the patience for it:
# about 107 pages at 75 requests in a window of 6 seconds.
_RETWEETS = 1000
_PAGE_SIZE = 10
_WINDOW_SCALE = 1 / 150
_QUARTER_HOUR = 900
_QUIRKS = Quirks(short_pages=0.15, empty_pages=frozenset({40}), latency=0.02)
_LONGEST_WAIT = 30.0
_SHOWN = 10
_USED = ("tweet", "retweet", "undo_retweet", "retweets")

_QUERY = (
    TweetQuery()
    .fields("created_at", "public_metrics")
    .author("username", "verified", "public_metrics")
)


@dataclass(slots=True)
class _Harvest:
    """What the walk brought in."""

    retweets: list[Tweet] = field(default_factory=list)
    authors: set[str] = field(default_factory=set)


async def play() -> int:
    """Play the demo on standard output, and return the exit code."""
    console = output()
    async with (
        Sandbox(retweets=_RETWEETS, window_scale=_WINDOW_SCALE, quirks=_QUIRKS) as sandbox,
        SessionManager(base_url=sandbox.url, max_wait=_LONGEST_WAIT) as manager,
    ):
        console.print(texts.opening(sandbox.url, _QUARTER_HOUR * _WINDOW_SCALE))
        console.print()
        session = manager.session(sandbox.oauth1)
        expected = await _act(console, session, sandbox.tweet_id)
        tally = Tally("retweets", expected)
        harvest = await _walk(console, session, sandbox.tweet_id, tally)
        complete, sentence = texts.verdict(tally, [item.id for item in harvest.retweets], expected)
        console.print()
        if complete:
            console.print(sentence, style="green")
        console.print(texts.waiting(tally))
        console.print(texts.refusals(sandbox.rejected))
        _show(console, session, harvest)
        _show_next(console, sandbox.tweet_id)
    if not complete:
        complain(sentence)
    return OK if complete else FAILED


async def _act(console: Console, session: Session, tweet_id: str) -> int:
    """Look at the tweet, retweet it and undo that; return how many retweets it has."""
    query = TweetQuery().fields("public_metrics").author("username")
    tweet = await session.tweet(tweet_id, query)
    metrics = tweet.public_metrics
    count = 0 if metrics is None else metrics.retweet_count
    writer = "" if tweet.author is None else f"@{tweet.author.username}: "
    console.print(Padding(f"{writer}{tweet.text}", (0, 2)), style="italic")
    console.print()
    console.print(f"tweet    {tweet_id}, {count:,} retweets")
    first = await session.retweet(tweet_id)
    console.print(f"retweet  {'done' if first.retweeted else 'not done'}")
    again = await session.retweet(tweet_id)
    console.print(f"again    {'it was retweeted already' if again.already else 'done anew'}")
    undone = await session.undo_retweet(tweet_id)
    console.print(f"undo     {'not done' if undone.retweeted else 'done'}")
    console.print(f"walk     every retweet with its author, {_PAGE_SIZE} to a page:")
    return count


async def _walk(console: Console, session: Session, tweet_id: str, tally: Tally) -> _Harvest:
    """Walk all retweets, and show it."""
    harvest = _Harvest()

    async def walk() -> None:
        async for page in session.retweets(tweet_id, _QUERY, max_results=_PAGE_SIZE).pages():
            harvest.retweets += page.data
            harvest.authors.update(user.id for user in page.includes.users)
            tally.add(len(page.data))

    if console.is_terminal and not console.is_dumb_terminal:
        with Bar(console, keep=True) as bar:
            await watched(walk, tally, session.rate_limits, "retweets", bar)
    else:
        lines = Lines(console.print)
        await watched(walk, tally, session.rate_limits, "retweets", lines)
        console.print(progress(tally))
    return harvest


def _show(console: Console, session: Session, harvest: _Harvest) -> None:
    top = tables.most_followed(harvest.retweets, _SHOWN)
    console.print()
    console.print(f"The {len(top)} most followed of those who retweeted:")
    console.print(tables.retweeters_table(top, console.width))
    console.print()
    now = time.time()
    states = session.rate_limits()
    used = [(name, window_of(states, name, now)) for name in _USED]
    console.print("What is left of the rate-limit windows:")
    console.print(tables.windows_table([(name, window) for name, window in used if window]))
    console.print()
    lines = cost(
        PRICES,
        posts=len(harvest.retweets) + 1,
        users=len(harvest.authors) + 1,
        retweets=2,
        undos=1,
    )
    console.print(f"What this would have cost on X, by its prices of {PRICES.as_of:%B %Y}:")
    console.print(tables.cost_table(lines))
    console.print()


def _show_next(console: Console, tweet_id: str) -> None:
    console.print("The same on X, with the keys of your app (https://developer.x.com):")
    console.print()
    for command in texts.on_x(tweet_id):
        # Not wrapped: a line is to be copied as it is.
        console.print(f"  {command}", soft_wrap=True, style="cyan")

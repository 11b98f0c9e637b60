"""``twretweet retweets`` and ``twretweet retweeters``: a walk, written as JSON Lines."""

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Annotated, Generic, TypeVar, cast

import anyio
from cyclopts import Parameter

from twretweet import ids
from twretweet.cli import environment
from twretweet.cli.lines import Lines
from twretweet.cli.options import Force, Limit, MaxWait, Out, PageSize, TweetId, names
from twretweet.cli.outcome import OK, Stopped, complain, report
from twretweet.cli.rows import Row, tweet_row, user_row
from twretweet.cli.sink import STANDARD_OUTPUT, open_sink
from twretweet.cli.tally import Tally, progress
from twretweet.cli.watch import Display, watched
from twretweet.errors import TwretweetError
from twretweet.models import Tweet, User
from twretweet.query import TweetField, TweetQuery, UserField, UserQuery
from twretweet.session import Session
from twretweet.walk import Walk

T = TypeVar("T", Tweet, User)

_TweetFields = Annotated[
    list[str] | None,
    Parameter(
        name="--fields",
        negative="",
        help="Fields of the retweets beyond id and text, such as created_at,public_metrics.",
    ),
]
_AuthorFields = Annotated[
    list[str] | None,
    Parameter(
        name="--author",
        negative="",
        help='Join who retweeted as "author", with these fields beyond id, name and username, '
        "such as verified,public_metrics.",
    ),
]
_UserFields = Annotated[
    list[str] | None,
    Parameter(
        name="--fields",
        negative="",
        help="Fields of the users beyond id, name and username, such as verified,public_metrics.",
    ),
]


def retweets(
    tweet_id: TweetId,
    /,
    *,
    fields: _TweetFields = None,
    author: _AuthorFields = None,
    out: Out = STANDARD_OUTPUT,
    force: Force = False,
    max_results: PageSize = 100,
    limit: Limit = None,
    max_wait: MaxWait = None,
) -> int:
    """Write the retweets of a tweet as JSON Lines, newest first."""
    tweet = ids.tweet_id(tweet_id)
    # The builder checks the names; these come from a command line, where no type checker looks.
    query = TweetQuery().fields(*cast("tuple[TweetField, ...]", names(fields)))
    if author is not None:
        query = query.author(*cast("tuple[UserField, ...]", names(author)))

    def start(session: Session) -> Walk[Tweet]:
        return session.retweets(tweet, query, max_results=max_results, limit=limit)

    def row(item: Tweet) -> Row:
        return tweet_row(item, author=author is not None)

    return _run(_Export("retweets", start, row), Tally("retweets", limit), out, force, max_wait)


def retweeters(
    tweet_id: TweetId,
    /,
    *,
    fields: _UserFields = None,
    out: Out = STANDARD_OUTPUT,
    force: Force = False,
    max_results: PageSize = 100,
    limit: Limit = None,
    max_wait: MaxWait = None,
) -> int:
    """Write the users who retweeted a tweet as JSON Lines, the latest first."""
    tweet = ids.tweet_id(tweet_id)
    query = UserQuery().fields(*cast("tuple[UserField, ...]", names(fields)))

    def start(session: Session) -> Walk[User]:
        return session.retweeters(tweet, query, max_results=max_results, limit=limit)

    return _run(
        _Export("retweeters", start, user_row), Tally("retweeters", limit), out, force, max_wait
    )


@dataclass(frozen=True, slots=True)
class _Export(Generic[T]):
    """What to walk and how to write it.

    Args:
        endpoint: the name of the endpoint, in whose window the walk counts.
        start: begins the walk.
        row: turns an item into what is written.
    """

    endpoint: str
    start: Callable[[Session], Walk[T]]
    row: Callable[[T], Row]


def _run(
    job: _Export[T],
    tally: Tally,
    out: str,
    force: bool,
    max_wait: float | None,
) -> int:
    try:
        anyio.run(_export, job, tally, out, force, max_wait)
    except KeyboardInterrupt:
        raise Stopped(f" after {progress(tally)}") from None
    except TwretweetError as error:
        return report(error, then=f"; written so far: {progress(tally)}" if tally.pages else "")
    if sys.stderr.isatty():
        where = "" if out == STANDARD_OUTPUT else f", in {out}"
        complain(f"{progress(tally)}{where}")
    return OK


async def _export(
    job: _Export[T], tally: Tally, out: str, force: bool, max_wait: float | None
) -> None:
    async with environment.session(max_wait=max_wait) as session:
        walk = job.start(session)
        with open_sink(out, force=force) as sink:

            async def write() -> None:
                async for page in walk.pages():
                    sink.write([job.row(item) for item in page.data])
                    tally.add(len(page.data))

            if not sys.stderr.isatty():
                await write()
                return
            with _display(out) as display:
                await watched(write, tally, session.rate_limits, job.endpoint, display)


def _display(out: str) -> AbstractContextManager[Display]:
    """A bar; or lines, where the rows themselves go to the same screen."""
    if out == STANDARD_OUTPUT and sys.stdout.isatty():
        return nullcontext(Lines(complain))
    # rich is of use only to whom looks.
    from twretweet.cli import bar, console  # noqa: PLC0415

    return bar.Bar(console.errors(), keep=False)

"""The options of both exports: what to ask for, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Annotated, Any, TypeAlias, TypeVar, cast

from cyclopts import Group, Parameter

from twretweet.cli.export.file import Mode
from twretweet.cli.export.formats import STANDARD_OUTPUT
from twretweet.cli.export.rates import Rates, rates
from twretweet.cli.options import Account, MaxWait, names
from twretweet.errors import QueryError
from twretweet.query import TweetQuery, UserQuery

_ASKED = Group("What to ask for (names as of X's reference, with commas)", sort_key=1)
_WRITTEN = Group("Where to write it", sort_key=2)
_SPENT = Group("What it may cost", sort_key=3)


def _asked(name: str, help_: str) -> Parameter:
    return Parameter(name=name, negative="", group=_ASKED, help=help_)


_USER = "; fields such as verified,public_metrics."
_TWEET = "; fields such as created_at,lang."
Names: TypeAlias = list[str] | None
Raw: TypeAlias = Annotated[
    Names,
    _asked(
        "--raw",
        "Names that are newer than this version, sent as they stand: tweet.fields=NAME. Of what X "
        "sends for them, only what this version knows is written.",
    ),
]
_Query = TypeVar("_Query", TweetQuery, UserQuery)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class TweetOptions:
    """What to ask of retweets: the methods of ``TweetQuery``."""

    fields: Annotated[
        Names,
        _asked("--fields", "Fields of the retweets, such as created_at,public_metrics."),
    ] = None
    author: Annotated[Names, _asked("--author", f'Join who retweeted as "author"{_USER}')] = None
    referenced: Annotated[
        Names, _asked("--referenced", f'Join what was retweeted as "referenced"{_TWEET}')
    ] = None
    referenced_author: Annotated[
        Names, _asked("--referenced-author", f"Join the authors of those tweets{_USER}")
    ] = None
    mentions: Annotated[
        Names, _asked("--mentions", f'Join the mentioned users as "mentions"{_USER}')
    ] = None
    reply_author: Annotated[
        Names, _asked("--reply-author", f'Join who is answered as "reply_author"{_USER}')
    ] = None
    media: Annotated[
        Names,
        _asked("--media", 'Join photos and videos as "media"; fields such as url,alt_text.'),
    ] = None
    place: Annotated[
        Names, _asked("--place", 'Join the place as "place"; fields such as country_code,geo.')
    ] = None
    poll: Annotated[
        Names, _asked("--poll", 'Join polls as "polls"; fields such as options,voting_status.')
    ] = None
    expand: Annotated[
        Names, _asked("--expand", "Other expansions, such as edit_history_tweet_ids.")
    ] = None
    raw: Raw = None

    def query(self) -> TweetQuery:
        """What is asked for.

        Raises:
            QueryError: a name that X doesn't have.
        """
        query = TweetQuery().fields(*_names(self.fields)).expand(*_names(self.expand))
        if self.author is not None:
            query = query.author(*_names(self.author))
        if self.mentions is not None:
            query = query.mentions(*_names(self.mentions))
        if self.reply_author is not None:
            query = query.reply_author(*_names(self.reply_author))
        if self.media is not None:
            query = query.media(*_names(self.media))
        if self.place is not None:
            query = query.place(*_names(self.place))
        if self.poll is not None:
            query = query.poll(*_names(self.poll))
        if self.referenced is not None or self.referenced_author is not None:
            author = None if self.referenced_author is None else _names(self.referenced_author)
            query = query.referenced(*_names(self.referenced), author=author)
        return _with_raw(query, self.raw)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class UserOptions:
    """What to ask of users: the methods of ``UserQuery``."""

    fields: Annotated[
        Names, _asked("--fields", "Fields of the users, such as verified,public_metrics.")
    ] = None
    pinned_tweet: Annotated[
        Names, _asked("--pinned-tweet", f'Join the pinned tweet as "pinned_tweet"{_TWEET}')
    ] = None
    most_recent_tweet: Annotated[
        Names,
        _asked("--most-recent-tweet", f'Join the newest one as "most_recent_tweet"{_TWEET}'),
    ] = None
    affiliation: Annotated[
        Names,
        _asked("--affiliation", f'Join the organisation\'s accounts as "affiliated_with"{_USER}'),
    ] = None
    expand: Annotated[Names, _asked("--expand", "Other expansions.")] = None
    raw: Raw = None

    def query(self) -> UserQuery:
        """What is asked for.

        Raises:
            QueryError: a name that X doesn't have.
        """
        query = UserQuery().fields(*_names(self.fields)).expand(*_names(self.expand))
        if self.pinned_tweet is not None:
            query = query.pinned_tweet(*_names(self.pinned_tweet))
        if self.most_recent_tweet is not None:
            query = query.most_recent_tweet(*_names(self.most_recent_tweet))
        if self.affiliation is not None:
            query = query.affiliation(*_names(self.affiliation))
        return _with_raw(query, self.raw)


@Parameter(name="*")
@dataclass(frozen=True, slots=True)
class How:
    """What to do with the pages, and what they may cost."""

    out: Annotated[
        str,
        Parameter(
            allow_leading_hyphen=True,
            group=_WRITTEN,
            help='The file to write; "-" is standard output.',
        ),
    ] = STANDARD_OUTPUT
    format: Annotated[
        str | None,
        Parameter(
            group=_WRITTEN,
            help="jsonl, csv or parquet; by default what the file's name ends in, else jsonl.",
        ),
    ] = None
    resume: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            group=_WRITTEN,
            help="Go on with a file that an earlier run did not complete; with none, begin one.",
        ),
    ] = False
    force: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            group=_WRITTEN,
            help="Overwrite the file if it exists.",
        ),
    ] = False
    limit: Annotated[
        int | None,
        Parameter(
            group=_SPENT,
            help="How many at the most; no more than these are asked (and paid) for.",
        ),
    ] = None
    budget: Annotated[
        str | None,
        Parameter(
            name="--budget",
            group=_SPENT,
            help="The most that all of it may cost, in US dollars, such as 5.00; runs that "
            "--resume goes on with are counted in.",
        ),
    ] = None
    prices: Annotated[
        Names,
        Parameter(
            negative="",
            group=_SPENT,
            help="What X charges you where its list says otherwise, in US dollars, such as "
            "post_read=0.004,user_read=0.008.",
        ),
    ] = None
    free_includes: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            group=_SPENT,
            help="Count nothing for what is joined in; X does not say whether it charges for it.",
        ),
    ] = False
    dry_run: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            group=_SPENT,
            help="Only tell how many pages it will take, how long, and what it will cost; for "
            "that it looks at the tweet, which costs as much as one.",
        ),
    ] = False
    max_results: Annotated[
        int, Parameter(group=_SPENT, help="How many to ask for at once, 1 to 100.")
    ] = 100
    max_wait: Annotated[MaxWait, Parameter(group=_SPENT)] = None
    account: Account = None

    @property
    def mode(self) -> Mode:
        """What to do with a file that is there.

        Raises:
            QueryError: two things at once.
        """
        if self.resume and self.force:
            raise QueryError(
                "--resume goes on with a file and --force overwrites it: give one of them"
            )
        return "resume" if self.resume else "force" if self.force else "new"

    @property
    def rates(self) -> Rates:
        """What X charges.

        Raises:
            QueryError: a price that X doesn't have.
        """
        return rates(names(self.prices), includes=not self.free_includes)


DEFAULTS = How()
_LISTS = frozenset(
    f"--{name.replace('_', '-')}"
    for options in (TweetOptions, UserOptions)
    for name in options.__slots__
)


def with_empty_lists(words: Sequence[str]) -> list[str]:
    """Let an option that takes a list stand alone, as ``--author`` does for its defaults."""
    return [
        f"{word}=" if word in _LISTS and following.startswith("-") else word
        for word, following in zip_longest(words, words[1:], fillvalue="-")
    ]


def _with_raw(query: _Query, given: Names) -> _Query:
    parameter = ""
    for name in names(given):
        # As in tweet.fields=one,two: what stands alone belongs to what was named before it.
        before, equals, rest = name.rpartition("=")
        parameter = before if equals else parameter
        if not parameter:
            raise QueryError(f"--raw is {name!r}: it must be like tweet.fields=NAME")
        query = query.raw(cast("Any", parameter), rest)
    return query


def _names(given: Names) -> tuple[Any, ...]:
    # The builders check the names; these come from a command line, where no type checker looks.
    return cast("tuple[Any, ...]", names(given))

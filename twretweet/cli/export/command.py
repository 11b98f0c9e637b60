"""``twretweet retweets`` and ``twretweet retweeters``: a walk, written to a file or a stream."""

from __future__ import annotations

from twretweet import ids
from twretweet.cli.export.job import Job, export
from twretweet.cli.export.options import DEFAULTS, How, TweetOptions, UserOptions
from twretweet.cli.options import TweetId
from twretweet.models import Tweet, User
from twretweet.protocol import endpoints
from twretweet.session import Session
from twretweet.walk import Checkpoint, Walk


def retweets(
    tweet_id: TweetId,
    /,
    *,
    asked: TweetOptions | None = None,
    how: How | None = None,
) -> int:
    """Write the retweets of a tweet, newest first: as JSON Lines, CSV or Parquet."""
    tweet = ids.tweet_id(tweet_id)
    query = (asked or TweetOptions()).query()
    how = how or DEFAULTS

    def walk(session: Session, point: Checkpoint | None) -> Walk[Tweet]:
        return session.retweets(
            tweet, query, max_results=how.max_results, limit=how.limit, resume=point
        )

    return export(Job("retweets", endpoints.RETWEETS, tweet, query, how, walk))


def retweeters(
    tweet_id: TweetId,
    /,
    *,
    asked: UserOptions | None = None,
    how: How | None = None,
) -> int:
    """Write the users who retweeted a tweet, the latest first: as JSON Lines, CSV or Parquet."""
    tweet = ids.tweet_id(tweet_id)
    query = (asked or UserOptions()).query()
    how = how or DEFAULTS

    def walk(session: Session, point: Checkpoint | None) -> Walk[User]:
        return session.retweeters(
            tweet, query, max_results=how.max_results, limit=how.limit, resume=point
        )

    return export(Job("retweeters", endpoints.RETWEETERS, tweet, query, how, walk))

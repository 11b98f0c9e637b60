"""The functions that read replies, one for each kind; those that are pages have their own module.

Every function here raises :class:`~twretweet.errors.DecodeError` and nothing else.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from twretweet.models.base import Model
from twretweet.models.page import One, Problem, RateLimit
from twretweet.models.reader import Reader
from twretweet.models.resources import (
    NO_INCLUDES,
    Includes,
    Linked,
    PageIndex,
    Tweet,
    User,
    link,
)
from twretweet.models.status import Status
from twretweet.models.usage import Usage
from twretweet.models.write import RetweetReply

L = TypeVar("L", bound=Linked)


class _OneReply(Model, Generic[L], frozen=True, kw_only=True):
    data: L | None = None
    includes: Includes = NO_INCLUDES
    errors: tuple[Problem, ...] = ()


class _Written(Model, frozen=True, kw_only=True):
    retweeted: bool | None = None
    id: str | None = None
    rest_id: str | None = None


class _Write(Model, frozen=True, kw_only=True):
    data: _Written = _Written()
    errors: tuple[Problem, ...] = ()


class _UsageReply(Model, frozen=True, kw_only=True):
    data: Usage | None = None
    errors: tuple[Problem, ...] = ()


_ONE_TWEET = Reader(_OneReply[Tweet], "a tweet")
_ONE_USER = Reader(_OneReply[User], "a user")
_WRITE = Reader(_Write, "the result of a retweet")
_USAGE = Reader(_UsageReply, "a project's usage")
_PROBLEM = Reader(Problem, "a problem")
_STATUS = Reader(Status, "a v1.1 status")


def one_tweet(body: bytes, rate_limit: RateLimit | None = None) -> One[Tweet]:
    """Read the reply of GET /2/tweets/:id.

    Raises:
        DecodeError: it is none.
    """
    return _one(_ONE_TWEET(body), rate_limit)


def one_user(body: bytes, rate_limit: RateLimit | None = None) -> One[User]:
    """Read the reply of GET /2/users/me and of GET /2/users/by/username/:username.

    Raises:
        DecodeError: it is none.
    """
    return _one(_ONE_USER(body), rate_limit)


def _one(reply: _OneReply[L], rate_limit: RateLimit | None) -> One[L]:
    if reply.data is not None:
        link((reply.data,), PageIndex(reply.includes))
    return One(
        data=reply.data,
        includes=reply.includes,
        problems=reply.errors,
        rate_limit=rate_limit,
    )


def retweet_result(body: bytes) -> RetweetReply:
    """Read the reply to POST and DELETE /2/users/:id/retweets.

    Raises:
        DecodeError: it is none.
    """
    reply = _WRITE(body)
    written = reply.data
    return RetweetReply(
        retweeted=written.retweeted,
        id=written.rest_id if written.id is None else written.id,
        problems=reply.errors,
    )


def usage(body: bytes, rate_limit: RateLimit | None = None) -> One[Usage]:
    """Read the reply of GET /2/usage/tweets.

    Raises:
        DecodeError: it is none.
    """
    reply = _USAGE(body)
    return One(data=reply.data, problems=reply.errors, rate_limit=rate_limit)


def problem(body: bytes) -> Problem:
    """Read the body of a failure, in the form of v2 or of v1.1.

    Raises:
        DecodeError: it is none, as when a proxy answered with HTML.
    """
    return _PROBLEM(body)


def status(body: bytes) -> Status:
    """Read the v1.1 reply to a retweet and to its undoing.

    Raises:
        DecodeError: it is none.
    """
    # Ids, texts and timestamps of v1.1 always need levelling, so the fast way is not tried.
    return _STATUS.levelled(body)

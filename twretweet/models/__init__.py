"""Frozen structs for the replies of the X API, and the functions that read them.

One shape, in the tweet vocabulary, whichever of the two a reply speaks
(:mod:`twretweet.vocabulary`). Fields and enum values that are not known here never fail; a field
that X left out is ``None``, ``()`` or ``0``.
"""

from twretweet.models.attachments import Media, Place, Poll
from twretweet.models.decode import (
    one_tweet,
    one_user,
    problem,
    retweet_result,
    status,
    usage,
)
from twretweet.models.entities import Entities
from twretweet.models.index import Identified, IncludedIds, ids_in
from twretweet.models.metrics import TweetPublicMetrics, UserPublicMetrics
from twretweet.models.page import Meta, One, Page, Problem, ProblemError, RateLimit, ids_of
from twretweet.models.pages import PageReader, tweet_page, tweet_pages, user_page, user_pages
from twretweet.models.parts import ReferencedTweet
from twretweet.models.resources import Includes, Tweet, User
from twretweet.models.status import Status, StatusUser
from twretweet.models.usage import Usage
from twretweet.models.write import RetweetReply

__all__ = [
    "Entities",
    "Identified",
    "IncludedIds",
    "Includes",
    "Media",
    "Meta",
    "One",
    "Page",
    "PageReader",
    "Place",
    "Poll",
    "Problem",
    "ProblemError",
    "RateLimit",
    "ReferencedTweet",
    "RetweetReply",
    "Status",
    "StatusUser",
    "Tweet",
    "TweetPublicMetrics",
    "Usage",
    "User",
    "UserPublicMetrics",
    "ids_in",
    "ids_of",
    "one_tweet",
    "one_user",
    "problem",
    "retweet_result",
    "status",
    "tweet_page",
    "tweet_pages",
    "usage",
    "user_page",
    "user_pages",
]

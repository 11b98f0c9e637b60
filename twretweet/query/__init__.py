"""Queries: which fields of which objects X is to send.

Kept in the tweet vocabulary and spoken in either (:mod:`twretweet.vocabulary`).
"""

from twretweet.query.names import (
    MediaField,
    Parameter,
    PlaceField,
    PollField,
    TweetExpansion,
    TweetField,
    UserExpansion,
    UserField,
)
from twretweet.query.tweet import TweetQuery
from twretweet.query.user import UserQuery

__all__ = [
    "MediaField",
    "Parameter",
    "PlaceField",
    "PollField",
    "TweetExpansion",
    "TweetField",
    "TweetQuery",
    "UserExpansion",
    "UserField",
    "UserQuery",
]

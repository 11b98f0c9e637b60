"""Queries about users."""

from __future__ import annotations

from typing import ClassVar, Self

from twretweet.query.names import (
    TWEET_FIELDS,
    USER_EXPANSIONS,
    USER_FIELDS,
    Resource,
    TweetField,
    UserExpansion,
    UserField,
)
from twretweet.query.selection import Selection, wanted


class UserQuery(Selection, frozen=True):
    """What to ask of users beyond ``id``, ``name`` and ``username``, which always come.

    Immutable: each method returns a new query with more in it. A method that asks for another
    object's fields adds the expansion which makes X send that object, and the object's fields may
    be left empty.

    Every method raises :class:`~twretweet.errors.QueryError` on a name that X doesn't have.

    Source: https://docs.x.com/x-api/posts/retweets/api-reference/get-tweets-id-retweeted-by
    """

    resource: ClassVar[Resource] = "user"

    def fields(self, *names: UserField) -> Self:
        """Ask for fields of the users."""
        return self._and(wanted("user.fields", names, USER_FIELDS))

    def pinned_tweet(self, *names: TweetField) -> Self:
        """Ask for the tweets at the top of the profiles: ``user.pinned_tweet``."""
        return self._and(
            wanted("tweet.fields", names, TWEET_FIELDS), {("expansions", "pinned_tweet_id")}
        )

    def most_recent_tweet(self, *names: TweetField) -> Self:
        """Ask for the newest tweets: ``user.most_recent_tweet``."""
        return self._and(
            wanted("tweet.fields", names, TWEET_FIELDS), {("expansions", "most_recent_tweet_id")}
        )

    def affiliation(self, *names: UserField) -> Self:
        """Ask for the accounts that users are affiliated with: ``user.affiliated_with``."""
        return self._and(
            wanted("user.fields", names, USER_FIELDS), {("expansions", "affiliation.user_id")}
        )

    def expand(self, *names: UserExpansion) -> Self:
        """Ask for objects that have no method of their own here."""
        return self._and(wanted("expansions", names, USER_EXPANSIONS))

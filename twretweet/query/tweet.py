"""Queries about tweets."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self

from twretweet.query.names import (
    MEDIA_FIELDS,
    PLACE_FIELDS,
    POLL_FIELDS,
    TWEET_EXPANSIONS,
    TWEET_FIELDS,
    USER_FIELDS,
    MediaField,
    PlaceField,
    PollField,
    Resource,
    TweetExpansion,
    TweetField,
    UserField,
)
from twretweet.query.selection import Selection, wanted
from twretweet.query.translate import Ask


class TweetQuery(Selection, frozen=True):
    """What to ask of tweets beyond ``id`` and ``text``, which always come.

    Immutable: each method returns a new query with more in it. A method that asks for another
    object's fields adds the expansion which makes X send that object, and the object's fields may
    be left empty. X has one list of fields per kind of object, so fields asked of one user are
    asked of every user on the page, and likewise of tweets.

    Every method raises :class:`~twretweet.errors.QueryError` on a name that X doesn't have.

    Source: https://docs.x.com/x-api/posts/retweets/api-reference/get-tweets-id-retweets
    """

    resource: ClassVar[Resource] = "tweet"

    def fields(self, *names: TweetField) -> Self:
        """Ask for fields of the tweets, and of the tweets they refer to."""
        return self._and(wanted("tweet.fields", names, TWEET_FIELDS))

    def author(self, *names: UserField) -> Self:
        """Ask for the authors: ``tweet.author``."""
        return self._and(_users(names), {("expansions", "author_id")})

    def mentions(self, *names: UserField) -> Self:
        """Ask for the users that the text mentions: ``tweet.mentions``."""
        return self._and(_users(names), {("expansions", "entities.mentions.username")})

    def reply_author(self, *names: UserField) -> Self:
        """Ask for the users that are answered: ``tweet.reply_author``."""
        return self._and(_users(names), {("expansions", "in_reply_to_user_id")})

    def media(self, *names: MediaField) -> Self:
        """Ask for photos and videos: ``tweet.media``."""
        return self._and(
            wanted("media.fields", names, MEDIA_FIELDS), {("expansions", "attachments.media_keys")}
        )

    def place(self, *names: PlaceField) -> Self:
        """Ask for the places that tweets were tagged with: ``tweet.place``."""
        return self._and(
            wanted("place.fields", names, PLACE_FIELDS), {("expansions", "geo.place_id")}
        )

    def poll(self, *names: PollField) -> Self:
        """Ask for polls: ``tweet.polls``."""
        return self._and(
            wanted("poll.fields", names, POLL_FIELDS), {("expansions", "attachments.poll_ids")}
        )

    def referenced(self, *names: TweetField, author: Iterable[UserField] | None = None) -> Self:
        """Ask for the tweets that are retweeted, quoted or answered: ``tweet.referenced``.

        Args:
            names: fields of those tweets.
            author: fields of their authors; given, even if empty, it asks for the authors.
        """
        asked = wanted("tweet.fields", names, TWEET_FIELDS)
        asked.add(("expansions", "referenced_tweets.id"))
        if author is not None:
            # A lone string would be read letter by letter.
            lone = isinstance(author, str) or not hasattr(author, "__iter__")
            asked |= _users((author,) if lone else author)
            asked.add(("expansions", "referenced_tweets.id.author_id"))
        return self._and(asked)

    def expand(self, *names: TweetExpansion) -> Self:
        """Ask for objects that have no method of their own here."""
        return self._and(wanted("expansions", names, TWEET_EXPANSIONS))


def _users(names: Iterable[object]) -> set[Ask]:
    return wanted("user.fields", names, USER_FIELDS)

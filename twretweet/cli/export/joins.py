"""What is joined to an item: a row per expansion, and the key under which its objects stand.

The keys are those of the models (``tweet.author``, ``tweet.media``). The last three of tweets
have no attribute there; their expansions are asked for with ``--expand``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import msgspec

from twretweet.models import Media, Place, Tweet, User
from twretweet.query.names import Resource

Found: TypeAlias = msgspec.Struct | tuple[msgspec.Struct, ...] | None


@dataclass(frozen=True, slots=True)
class Join:
    """One kind of object that can be joined.

    Args:
        key: its key in a row.
        expansions: any of these asks for it.
        model: what it is, where there is one; ``None`` where there may be several, as a list.
        find: finds it from an item.
    """

    key: str
    expansions: frozenset[str]
    model: type[msgspec.Struct] | None
    find: Callable[[Tweet | User], Found]


def _tweet(
    key: str,
    *expansions: str,
    find: Callable[[Tweet], Found],
    model: type[msgspec.Struct] | None = None,
) -> Join:
    return Join(key, frozenset(expansions), model, cast("Callable[[Tweet | User], Found]", find))


def _user(
    key: str,
    expansion: str,
    find: Callable[[User], Found],
    model: type[msgspec.Struct] | None = None,
) -> Join:
    return Join(key, frozenset({expansion}), model, cast("Callable[[Tweet | User], Found]", find))


def _edit_history(tweet: Tweet) -> tuple[Tweet, ...]:
    return _tweets(tweet, tweet.edit_history_tweet_ids)


def _media_source(tweet: Tweet) -> tuple[Tweet, ...]:
    attachments = tweet.attachments
    return () if attachments is None else _tweets(tweet, attachments.media_source_tweet_id)


def _article_media(tweet: Tweet) -> tuple[Media, ...]:
    article = tweet.article or {}
    inside = article.get("media_entities")
    keys = [article.get("cover_media"), *(cast("list[object]", inside) if _listed(inside) else ())]
    return tuple(media for media in tweet.includes.media if media.media_key in keys)


def _listed(value: object) -> bool:
    return isinstance(value, list)


def _tweets(tweet: Tweet, ids: Collection[str]) -> tuple[Tweet, ...]:
    return tuple(found for found in tweet.includes.tweets if found.id in ids)


AUTHOR: Final = _tweet("author", "author_id", find=lambda tweet: tweet.author, model=User)
MEDIA: Final = _tweet("media", "attachments.media_keys", find=lambda tweet: tweet.media)
REFERENCED: Final = "referenced"
OF_REFERENCED: Final[Mapping[str, Join]] = MappingProxyType(
    {
        "referenced_tweets.id.author_id": AUTHOR,
        "referenced_tweets.id.attachments.media_keys": MEDIA,
    }
)
"""What is joined to the tweets that are joined to a tweet."""

JOINS: Final[Mapping[Resource, tuple[Join, ...]]] = MappingProxyType(
    {
        "tweet": (
            AUTHOR,
            _tweet(
                "reply_author",
                "in_reply_to_user_id",
                find=lambda tweet: tweet.reply_author,
                model=User,
            ),
            _tweet(
                "mentions",
                "entities.mentions.username",
                "entities.note.mentions.username",
                find=lambda tweet: tweet.mentions,
            ),
            MEDIA,
            _tweet("place", "geo.place_id", find=lambda tweet: tweet.place, model=Place),
            _tweet("polls", "attachments.poll_ids", find=lambda tweet: tweet.polls),
            _tweet(
                REFERENCED,
                "referenced_tweets.id",
                *OF_REFERENCED,
                find=lambda tweet: tweet.referenced,
            ),
            _tweet("edit_history", "edit_history_tweet_ids", find=_edit_history),
            _tweet("media_source", "attachments.media_source_tweet", find=_media_source),
            _tweet(
                "article_media",
                "article.cover_media",
                "article.media_entities",
                find=_article_media,
            ),
        ),
        "user": (
            _user("pinned_tweet", "pinned_tweet_id", lambda user: user.pinned_tweet, Tweet),
            _user(
                "most_recent_tweet",
                "most_recent_tweet_id",
                lambda user: user.most_recent_tweet,
                Tweet,
            ),
            _user("affiliated_with", "affiliation.user_id", lambda user: user.affiliated_with),
        ),
    }
)

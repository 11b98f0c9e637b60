"""From the tweet vocabulary, in which queries are kept, to the one that is spoken.

OpenAPI 2.167 (*post*) is not 2.159 (*tweet*) with other words. Where it dropped a field but
delivers the same by an expansion, the expansion is asked for; an expansion without a counterpart
becomes those that deliver the same objects. What has no counterpart is an error: leaving it out
in silence would cost the caller data, and the caller money.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final, TypeAlias

from twretweet.errors import QueryError
from twretweet.query.names import Parameter, Resource
from twretweet.vocabulary import Vocabulary

Ask: TypeAlias = tuple[Parameter, str]

# What each vocabulary calls a name that the other has too, under every resource's queries.
_TO_POST: Final[Mapping[Ask, tuple[Ask, ...]]] = MappingProxyType(
    {
        ("tweet.fields", "note_tweet"): (("post.fields", "note_post"),),
    }
)

# The same, for queries about tweets alone: only these endpoints take these expansions.
_TWEETS_TO_POST: Final[Mapping[Ask, tuple[Ask, ...]]] = MappingProxyType(
    {
        ("tweet.fields", "author_id"): (("expansions", "author_id"),),
        ("tweet.fields", "edit_history_tweet_ids"): (("expansions", "edit_history_post_ids"),),
        ("tweet.fields", "in_reply_to_user_id"): (("expansions", "in_reply_to_user_id"),),
        ("tweet.fields", "referenced_tweets"): (("expansions", "referenced_posts"),),
        ("expansions", "edit_history_tweet_ids"): (("expansions", "edit_history_post_ids"),),
        ("expansions", "entities.note.mentions.username"): (
            ("expansions", "entities.mentions.username"),
        ),
        ("expansions", "referenced_tweets.id"): (("expansions", "referenced_posts"),),
        ("expansions", "referenced_tweets.id.attachments.media_keys"): (
            ("expansions", "attachments.media_keys"),
            ("expansions", "referenced_posts"),
        ),
        ("expansions", "referenced_tweets.id.author_id"): (
            ("expansions", "author_id"),
            ("expansions", "referenced_posts"),
        ),
    }
)

# And for queries about users alone.
_USERS_TO_POST: Final[Mapping[Ask, tuple[Ask, ...]]] = MappingProxyType(
    {
        ("user.fields", "affiliation"): (("expansions", "affiliation"),),
        ("user.fields", "most_recent_tweet_id"): (("expansions", "most_recent_post_id"),),
        ("user.fields", "pinned_tweet_id"): (("expansions", "pinned_post_id"),),
        ("expansions", "affiliation.user_id"): (("expansions", "affiliation"),),
        ("expansions", "most_recent_tweet_id"): (("expansions", "most_recent_post_id"),),
        ("expansions", "pinned_tweet_id"): (("expansions", "pinned_post_id"),),
    }
)

_FOR: Final[Mapping[Resource, Mapping[Ask, tuple[Ask, ...]]]] = MappingProxyType(
    {
        "tweet": MappingProxyType({**_TO_POST, **_TWEETS_TO_POST}),
        "user": MappingProxyType({**_TO_POST, **_USERS_TO_POST}),
    }
)

# Names that 2.159 doesn't have, nor anything that delivers the same.
_POST_ONLY: Final[frozenset[Ask]] = frozenset(
    {
        ("tweet.fields", "article_title"),
        ("tweet.fields", "matched_media_notes"),
        ("tweet.fields", "note_request_suggestions"),
        ("tweet.fields", "paid_partnership"),
        ("user.fields", "subscribes_to_you"),
        ("expansions", "username"),
    }
)

# Names that 2.167 doesn't have. It has an expansion for most, but only where `_FOR` says so.
_TWEET_ONLY: Final[frozenset[Ask]] = frozenset(
    ask for ask in (*_TWEETS_TO_POST, *_USERS_TO_POST) if ask[0] != "expansions"
)


def spoken(asked: Iterable[Ask], vocabulary: Vocabulary, resource: Resource) -> set[Ask]:
    """Say what is asked, in tweet names, in ``vocabulary``.

    Args:
        asked: pairs of a parameter and one of its names.
        vocabulary: the one to speak.
        resource: what the query is about; the endpoints of each take expansions of their own.

    Raises:
        QueryError: ``vocabulary`` has no word for something that is asked.
    """
    if vocabulary == "tweet":
        return {_in_tweet_words(ask) for ask in asked}
    if vocabulary == "post":
        return {said for ask in asked for said in _in_post_words(ask, resource)}
    raise QueryError(f'the vocabulary is "tweet" or "post", not {vocabulary!r}')


def _in_tweet_words(ask: Ask) -> Ask:
    if ask in _POST_ONLY:
        raise _untranslatable(ask, knows="post", speaks="tweet")
    return ask


def _in_post_words(ask: Ask, resource: Resource) -> tuple[Ask, ...]:
    if (said := _FOR[resource].get(ask)) is not None:
        return said
    if ask in _TWEET_ONLY:
        raise _untranslatable(ask, knows="tweet", speaks="post")
    parameter, name = ask
    return (("post.fields" if parameter == "tweet.fields" else parameter, name),)


def _untranslatable(ask: Ask, *, knows: Vocabulary, speaks: Vocabulary) -> QueryError:
    parameter, name = ask
    spelled = "post.fields" if (parameter, speaks) == ("tweet.fields", "post") else parameter
    return QueryError(
        f"{name!r} of {parameter} is known to the {knows} vocabulary alone, and this request "
        f'speaks the {speaks} vocabulary: choose SessionManager(vocabulary="{knows}"), or pass '
        f"the name as it is with .raw({spelled!r}, {name!r})"
    )

"""What all structs of the replies share: their options, timestamps, and the post names.

OpenAPI 2.167 gives eight names that 2.159 has too another spelling (:data:`TWINS`). The structs
have one shape, in the tweet vocabulary. A struct with such a name carries a *tripwire* for the
post spelling: a field of type :class:`PostName`, which is never filled. The decoder stops as soon
as it meets one, and :mod:`twretweet.models.decode` reads the reply again in tweet names. So a
reply in the tweet vocabulary costs nothing extra, and none in the other is misread in silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, TypeAlias

import msgspec

Timestamp: TypeAlias = Annotated[datetime, msgspec.Meta(tz=True)]
"""A moment that knows its offset; one that X sent without is read as UTC."""

TWINS: Mapping[str, str] = MappingProxyType(
    {
        "edit_history_post_ids": "edit_history_tweet_ids",
        "most_recent_post_id": "most_recent_tweet_id",
        "note_post": "note_tweet",
        "pinned_post_id": "pinned_tweet_id",
        "post_count": "tweet_count",
        "posts": "tweets",
        "referenced_posts": "referenced_tweets",
        "repost_count": "retweet_count",
    }
)
"""Each name of a reply's field in the post vocabulary, and the same in the tweet vocabulary."""


class PostName:
    """The type of a tripwire: no value ever has it."""

    __slots__ = ()


class Model(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    repr_omit_defaults=True,
    gc=False,  # nothing in a reply leads back to what holds it
):
    """The base of every struct: frozen, built by keyword, shown without what X left out."""

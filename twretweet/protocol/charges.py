"""What a request can cost at the most, and what its reply was charged for.

Reads are charged per resource returned, writes per request; see
https://docs.x.com/x-api/getting-started/pricing. Whether the objects that expansions add to a
reply are charged is not documented; they are told apart here, so that a budget can count them or
not.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

import msgspec
from msgspec import Struct

from twretweet.models import IncludedIds, One, Page, Tweet, User, ids_in, ids_of
from twretweet.protocol.endpoints import Alike, Endpoint
from twretweet.protocol.prices import Charge

# How many objects an expansion adds at the most for one item of the data, each of them once. X
# names no bounds, so these are what its products allow: four photos, three kinds of reference of
# which a tweet has two at once, five edits, and some fifty names of the least length in 280
# characters. A note has room for thousands of names; no more are expected of it, since to set
# money aside for them all would keep everybody from asking.
_ADDED: Final[Mapping[str, tuple[Charge, int]]] = MappingProxyType(
    {
        "author_id": ("user_read", 1),
        "username": ("user_read", 1),
        "in_reply_to_user_id": ("user_read", 1),
        "entities.mentions.username": ("user_read", 50),
        "entities.note.mentions.username": ("user_read", 50),
        "referenced_tweets.id": ("post_read", 2),
        "referenced_posts": ("post_read", 2),
        "referenced_tweets.id.author_id": ("user_read", 2),
        "referenced_tweets.id.attachments.media_keys": ("media_read", 8),
        # Beside the tweet itself.
        "edit_history_tweet_ids": ("post_read", 5),
        "edit_history_post_ids": ("post_read", 5),
        "attachments.media_keys": ("media_read", 4),
        "attachments.media_source_tweet": ("post_read", 4),
        "article.cover_media": ("media_read", 1),
        "article.media_entities": ("media_read", 25),
        "affiliation": ("user_read", 5),
        "affiliation.user_id": ("user_read", 5),
        "most_recent_tweet_id": ("post_read", 1),
        "most_recent_post_id": ("post_read", 1),
        "pinned_tweet_id": ("post_read", 1),
        "pinned_post_id": ("post_read", 1),
        # No price is listed for these.
        "attachments.poll_ids": ("post_read", 0),
        "geo.place_id": ("post_read", 0),
    }
)
# A page lists an object once, however many of its items lead to it. So what all items have in
# common is added once for all of them.
_OF_AUTHOR: Final = frozenset({"author_id", "username"})
_OF_CONTENT: Final = frozenset(
    {
        "in_reply_to_user_id",
        "entities.mentions.username",
        "entities.note.mentions.username",
        "referenced_tweets.id",
        "referenced_posts",
        "referenced_tweets.id.author_id",
        "referenced_tweets.id.attachments.media_keys",
        "edit_history_tweet_ids",
        "edit_history_post_ids",
        "attachments.media_keys",
        "attachments.media_source_tweet",
        "article.cover_media",
        "article.media_entities",
    }
)
_COMMON: Final[Mapping[Alike | None, frozenset[str]]] = MappingProxyType(
    {None: frozenset(), "content": _OF_CONTENT, "author": _OF_AUTHOR}
)
_READS: Final = frozenset({"post_read", "user_read", "media_read"})


class Most(Struct, frozen=True, kw_only=True):
    """The most that a request can be charged for.

    Attributes:
        charge: what one item of the data, or the request itself, is charged as; ``None`` where
            the price is not documented.
        items: how many items the reply may hold; 1 for a write.
        added: per item, how many objects of each charge the expansions may add.
        shared: the same for all items together.
        fewest: for how few items the request may as well be made; ``None``: for all or nothing.
    """

    charge: Charge | None
    items: int = 1
    added: tuple[tuple[Charge, int], ...] = ()
    shared: tuple[tuple[Charge, int], ...] = ()
    fewest: int | None = None

    @property
    def is_read(self) -> bool:
        """Whether X charges for what it returns, and not for the request."""
        return self.charge in _READS

    def for_fewer(self, items: int) -> Most:
        """The same for another number of items."""
        return msgspec.structs.replace(self, items=items)


class Returned(Struct, frozen=True, kw_only=True):
    """The resources of a reply.

    Attributes:
        charge: what an item of the data is charged as.
        data: the ids of the data.
        added: the ids of the objects that came with it, per charge.
    """

    charge: Charge | None
    data: tuple[str, ...] = ()
    added: tuple[tuple[Charge, tuple[str, ...]], ...] = ()


def most_of(
    endpoint: Endpoint[object],
    params: Mapping[str, str],
    *,
    items: int = 1,
    fewest: int | None = None,
) -> Most:
    """What a request can cost.

    Args:
        endpoint: its row.
        params: its query, not yet encoded.
        items: how many items are asked for.
        fewest: for how few it may as well ask; ``None``: for all or nothing.
    """
    added: dict[Charge, int] = {}
    shared: dict[Charge, int] = {}
    common = _COMMON[endpoint.alike]
    for name in filter(None, params.get("expansions", "").split(",")):
        # One that is not known here may add one object per item, of the dearest kind.
        charge, count = _ADDED.get(name, ("user_read", 1))
        if count:
            counts = shared if name in common else added
            counts[charge] = counts.get(charge, 0) + count
    return Most(
        charge=endpoint.charge,
        items=items,
        added=tuple(sorted(added.items())),
        shared=tuple(sorted(shared.items())),
        fewest=fewest,
    )


def returned(charge: Charge | None, reply: object) -> Returned:
    """What the reply to a request was charged for.

    Args:
        charge: the ``charge`` of the endpoint's row.
        reply: what its ``decode`` made of the body.

    Raises:
        DecodeError: the ids of what it includes can't be read.
    """
    if isinstance(reply, Page):
        page = cast("Page[Tweet | User]", reply)
        data = tuple(ids_in(page.data))
        return Returned(charge=charge, data=data, added=_added(page.included_ids))
    if isinstance(reply, One):
        one = cast("One[Tweet | User]", reply)
        data = () if one.data is None else (one.data.id,)
        return Returned(charge=charge, data=data, added=_added(ids_of(one.includes)))
    return Returned(charge=charge)


def _added(ids: IncludedIds) -> tuple[tuple[Charge, tuple[str, ...]], ...]:
    pairs: tuple[tuple[Charge, tuple[str, ...]], ...] = (
        ("post_read", ids.tweets),
        ("user_read", ids.users),
        ("media_read", ids.media),
    )
    return tuple([pair for pair in pairs if pair[1]])

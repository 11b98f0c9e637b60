"""What stands in a text: links, hashtags, cashtags, mentions, and recognised things.

A ``start`` counts from 0 and is inside; an ``end`` is outside, except an annotation's, which is
inside. Source: the response fields of
https://docs.x.com/x-api/posts/retweets/api-reference/get-tweets-id-retweets
"""

from __future__ import annotations

from twretweet.models.base import Model


class UrlImage(Model, frozen=True, kw_only=True):
    """A preview image of a linked page."""

    url: str | None = None
    width: int | None = None
    height: int | None = None


class UrlEntity(Model, frozen=True, kw_only=True, omit_defaults=False):
    """A link: as it was tweeted (``url``), as it is shown, and where it leads."""

    start: int = 0
    end: int = 0
    url: str | None = None
    expanded_url: str | None = None
    display_url: str | None = None
    unwound_url: str | None = None
    status: int | None = None
    title: str | None = None
    description: str | None = None
    images: tuple[UrlImage, ...] = ()
    media_key: str | None = None


class TagEntity(Model, frozen=True, kw_only=True, omit_defaults=False):
    """A hashtag or cashtag; ``tag`` is without its sign."""

    start: int = 0
    end: int = 0
    tag: str = ""


class MentionEntity(Model, frozen=True, kw_only=True, omit_defaults=False):
    """A mention; ``username`` is without its sign."""

    start: int = 0
    end: int = 0
    username: str = ""
    id: str | None = None


class AnnotationEntity(Model, frozen=True, kw_only=True, omit_defaults=False):
    """A person, place, product or organisation that X recognised in the text.

    Unlike every other range here, this one includes its ``end``: the annotated text is
    ``text[start : end + 1]``.
    """

    start: int = 0
    end: int = 0
    probability: float | None = None
    type: str | None = None
    normalized_text: str | None = None


class Entities(Model, frozen=True, kw_only=True):
    """All entities of one text."""

    urls: tuple[UrlEntity, ...] = ()
    hashtags: tuple[TagEntity, ...] = ()
    cashtags: tuple[TagEntity, ...] = ()
    mentions: tuple[MentionEntity, ...] = ()
    annotations: tuple[AnnotationEntity, ...] = ()


class UserEntities(Model, frozen=True, kw_only=True):
    """The entities of a profile: of its description, and of its address."""

    url: Entities | None = None
    description: Entities | None = None

"""Tweets and users as API v1.1 describes them.

Of each id X sends a number and a string (``id`` and ``id_str``); the fields here hold the string
under the plain name. Source:
https://developer.x.com/en/docs/x-api/v1/data-dictionary/object-model/tweet
"""

from __future__ import annotations

from twretweet.models.base import Model, Timestamp


class StatusUser(Model, frozen=True, kw_only=True):
    """A user of v1.1. With ``trim_user`` only the id comes."""

    id: str = ""
    screen_name: str = ""
    name: str = ""
    created_at: Timestamp | None = None
    description: str | None = None
    location: str | None = None
    url: str | None = None
    protected: bool | None = None
    verified: bool | None = None
    followers_count: int | None = None
    friends_count: int | None = None
    listed_count: int | None = None
    favourites_count: int | None = None
    statuses_count: int | None = None
    profile_image_url_https: str | None = None
    profile_banner_url: str | None = None


class StatusUrl(Model, frozen=True, kw_only=True):
    """A link in the text; ``indices`` are its start, and its end, which is outside."""

    url: str | None = None
    expanded_url: str | None = None
    display_url: str | None = None
    indices: tuple[int, ...] = ()


class StatusTag(Model, frozen=True, kw_only=True):
    """A hashtag or cashtag in the text."""

    text: str = ""
    indices: tuple[int, ...] = ()


class StatusMention(Model, frozen=True, kw_only=True):
    """A mention in the text."""

    id: str | None = None
    screen_name: str = ""
    name: str | None = None
    indices: tuple[int, ...] = ()


class StatusMedia(Model, frozen=True, kw_only=True):
    """A photo or video of the status."""

    id: str | None = None
    type: str | None = None
    media_url_https: str | None = None
    url: str | None = None
    expanded_url: str | None = None
    display_url: str | None = None
    indices: tuple[int, ...] = ()


class StatusEntities(Model, frozen=True, kw_only=True):
    """What stands in the text."""

    urls: tuple[StatusUrl, ...] = ()
    hashtags: tuple[StatusTag, ...] = ()
    symbols: tuple[StatusTag, ...] = ()
    user_mentions: tuple[StatusMention, ...] = ()
    media: tuple[StatusMedia, ...] = ()


class Status(Model, frozen=True, kw_only=True):
    """A tweet of v1.1; ``text`` is the full text where X sent it.

    After a retweet it is the retweet, and ``retweeted_status`` is the tweet that was retweeted.
    """

    id: str
    text: str = ""
    created_at: Timestamp | None = None
    user: StatusUser | None = None
    retweeted_status: Status | None = None
    quoted_status: Status | None = None
    quoted_status_id: str | None = None
    is_quote_status: bool | None = None
    in_reply_to_status_id: str | None = None
    in_reply_to_user_id: str | None = None
    in_reply_to_screen_name: str | None = None
    retweet_count: int = 0
    favorite_count: int = 0
    retweeted: bool | None = None
    favorited: bool | None = None
    truncated: bool | None = None
    possibly_sensitive: bool | None = None
    lang: str | None = None
    source: str | None = None
    display_text_range: tuple[int, ...] = ()
    entities: StatusEntities | None = None
    extended_entities: StatusEntities | None = None

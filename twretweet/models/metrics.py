"""Counts: of tweets, of users, of media.

Public counts that X always sends with their object are plain ints. The private ones, which only
the tweet's author may see, are ``None`` where X left them out.
"""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from twretweet.models.base import Model, PostName


class TweetPublicMetrics(Model, frozen=True, kw_only=True, omit_defaults=False):
    """What everyone sees of a tweet's reach."""

    retweet_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0
    _repost_count: PostName | UnsetType = msgspec.field(default=UNSET, name="repost_count")


class TweetPrivateMetrics(Model, frozen=True, kw_only=True):
    """A tweet's reach as its author sees it: in all, organic or promoted."""

    impression_count: int | None = None
    url_link_clicks: int | None = None
    user_profile_clicks: int | None = None
    retweet_count: int | None = None
    reply_count: int | None = None
    like_count: int | None = None
    _repost_count: PostName | UnsetType = msgspec.field(default=UNSET, name="repost_count")


class UserPublicMetrics(Model, frozen=True, kw_only=True, omit_defaults=False):
    """What everyone sees of a user's reach."""

    followers_count: int = 0
    following_count: int = 0
    tweet_count: int = 0
    listed_count: int = 0
    like_count: int | None = None
    media_count: int | None = None
    _post_count: PostName | UnsetType = msgspec.field(default=UNSET, name="post_count")


class MediaPublicMetrics(Model, frozen=True, kw_only=True, omit_defaults=False):
    """How often a video was played."""

    view_count: int | None = None


class MediaPrivateMetrics(Model, frozen=True, kw_only=True):
    """How far viewers of a video got, as its author sees it: in all, organic or promoted."""

    view_count: int | None = None
    playback_0_count: int | None = None
    playback_25_count: int | None = None
    playback_50_count: int | None = None
    playback_75_count: int | None = None
    playback_100_count: int | None = None

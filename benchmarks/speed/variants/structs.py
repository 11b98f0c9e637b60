"""The structs that a careful programmer writes for these pages: every field that was asked for.

``tuple`` and ``gc=False`` keep the garbage collector from walking through what is held; the second
set shows what ``list`` and the collector cost.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field


class Link(Struct, gc=False):
    start: int = 0
    end: int = 0
    url: str = ""
    expanded_url: str | None = None
    display_url: str | None = None


class Hashtag(Struct, gc=False):
    start: int
    end: int
    tag: str


class Mention(Struct, gc=False):
    start: int
    end: int
    username: str
    id: str


class Entities(Struct, gc=False):
    urls: tuple[Link, ...] = ()
    hashtags: tuple[Hashtag, ...] = ()
    mentions: tuple[Mention, ...] = ()


class EditControls(Struct, gc=False):
    edits_remaining: int
    is_edit_eligible: bool
    editable_until: datetime


class TweetMetrics(Struct, gc=False):
    retweet_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0


class Reference(Struct, gc=False):
    type: str
    id: str


class Tweet(Struct, gc=False):
    author_id: str
    conversation_id: str
    created_at: datetime
    edit_controls: EditControls
    edit_history_tweet_ids: tuple[str, ...]
    entities: Entities | None
    id: str
    lang: str
    possibly_sensitive: bool
    public_metrics: TweetMetrics
    referenced_tweets: tuple[Reference, ...]
    reply_settings: str
    text: str


class UserUrl(Struct, gc=False):
    urls: tuple[Link, ...] = ()


class UserEntities(Struct, gc=False):
    url: UserUrl | None = None


class UserMetrics(Struct, gc=False):
    followers_count: int = 0
    following_count: int = 0
    tweet_count: int = 0
    listed_count: int = 0
    like_count: int = 0
    media_count: int = 0


class User(Struct, gc=False):
    created_at: datetime
    description: str
    entities: UserEntities | None
    id: str
    location: str | None
    name: str
    pinned_tweet_id: str | None
    profile_image_url: str
    protected: bool
    public_metrics: UserMetrics
    url: str
    username: str
    verified: bool
    verified_type: str


class Includes(Struct, gc=False):
    users: tuple[User, ...] = ()


class Meta(Struct, gc=False):
    next_token: str | None = None
    result_count: int = 0


class Page(Struct, gc=False):
    data: tuple[Tweet, ...] = ()
    includes: Includes = field(default_factory=Includes)
    meta: Meta = field(default_factory=Meta)


class Retweeted(Struct):
    retweeted: bool


class Written(Struct):
    data: Retweeted

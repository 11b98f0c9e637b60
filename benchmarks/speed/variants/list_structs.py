"""The structs as they are written first: with lists, and seen by the garbage collector."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct, field


class Link(Struct):
    start: int = 0
    end: int = 0
    url: str = ""
    expanded_url: str | None = None
    display_url: str | None = None


class Hashtag(Struct):
    start: int
    end: int
    tag: str


class Mention(Struct):
    start: int
    end: int
    username: str
    id: str


class Entities(Struct):
    urls: list[Link] = []
    hashtags: list[Hashtag] = []
    mentions: list[Mention] = []


class EditControls(Struct):
    edits_remaining: int
    is_edit_eligible: bool
    editable_until: datetime


class TweetMetrics(Struct):
    retweet_count: int = 0
    reply_count: int = 0
    like_count: int = 0
    quote_count: int = 0
    bookmark_count: int = 0
    impression_count: int = 0


class Reference(Struct):
    type: str
    id: str


class Tweet(Struct):
    author_id: str
    conversation_id: str
    created_at: datetime
    edit_controls: EditControls
    edit_history_tweet_ids: list[str]
    entities: Entities | None
    id: str
    lang: str
    possibly_sensitive: bool
    public_metrics: TweetMetrics
    referenced_tweets: list[Reference]
    reply_settings: str
    text: str


class UserUrl(Struct):
    urls: list[Link] = []


class UserEntities(Struct):
    url: UserUrl | None = None


class UserMetrics(Struct):
    followers_count: int = 0
    following_count: int = 0
    tweet_count: int = 0
    listed_count: int = 0
    like_count: int = 0
    media_count: int = 0


class User(Struct):
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


class Includes(Struct):
    users: list[User] = []


class Meta(Struct):
    next_token: str | None = None
    result_count: int = 0


class Page(Struct):
    data: list[Tweet] = []
    includes: Includes = field(default_factory=Includes)
    meta: Meta = field(default_factory=Meta)

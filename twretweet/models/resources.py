"""Tweets and users, and the includes that their references resolve from.

The rules of linking:

- A reply holds ``data`` and, once each, what ``data`` refers to: ``includes``. Each item of
  ``data`` is handed one reference to the page's :class:`PageIndex`, so that ``tweet.author`` still
  answers when pages are flattened into one stream of tweets.
- The reference sits in a slot that msgspec does not know (:class:`Linked`): it is neither
  compared, nor shown, nor encoded, nor copied.
- Tweets *inside* includes hold none. Hence nothing that an index reaches leads back to it, the
  structs can stay out of the garbage collector's sight (``gc=False``), and a page is freed when
  its last item is. What ``tweet.referenced`` hands out are copies that hold one.
- The index reads the includes when first asked for any, unless they were read with the page.

These classes refer to each other, so they stand in one module. Fields are in alphabetical order,
as in X's pages: msgspec looks for a name from the last one on, so these decode a tenth faster.
"""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Callable, Iterable
from itertools import repeat
from typing import Final, cast

import msgspec
from msgspec import UNSET, UnsetType

from twretweet.models.attachments import Media, Place, Poll
from twretweet.models.base import Model, PostName, Timestamp
from twretweet.models.entities import Entities, UrlEntity, UserEntities
from twretweet.models.index import Index, Table, Unread, ids_in, keys_in
from twretweet.models.metrics import TweetPrivateMetrics, TweetPublicMetrics, UserPublicMetrics
from twretweet.models.parts import (
    Affiliation,
    Attachments,
    ContextAnnotation,
    EditControls,
    MatchedMediaNote,
    MediaMetadata,
    NoteRequestSuggestion,
    NoteTweet,
    ReferencedTweet,
    Scopes,
    Subscription,
    SuggestedSourceLink,
    Topic,
    TweetGeo,
    Withheld,
)


class Linked:
    """Gives a struct one slot for its page, which is no field of the struct."""

    __slots__ = ("_link",)

    _link: PageIndex

    @property
    def includes(self) -> Includes:
        """What came with the page that this came with; empty where there was no page."""
        index = self._index
        return index.includes if index else NO_INCLUDES

    @property
    def _index(self) -> PageIndex | None:
        try:
            return self._link
        except AttributeError:
            return None


class Tweet(Linked, Model, frozen=True, kw_only=True):
    """A tweet, which may be a retweet. ``id`` and ``text`` always come, the rest when asked for.

    ``reply_settings`` is ``everyone``, ``mentionedUsers``, ``following``, ``subscribers``,
    ``verified`` or ``other`` so far. ``article`` and ``article_title`` are as X sends them: their
    shape is not documented.

    Source: https://docs.x.com/x-api/fundamentals/data-dictionary#tweet
    """

    article: dict[str, object] | None = None
    article_title: dict[str, object] | str | None = None
    attachments: Attachments | None = None
    author_id: str | None = None
    card_uri: str | None = None
    community_id: str | None = None
    context_annotations: tuple[ContextAnnotation, ...] = ()
    conversation_id: str | None = None
    created_at: Timestamp | None = None
    display_text_range: tuple[int, ...] = ()
    edit_controls: EditControls | None = None
    edit_history_tweet_ids: tuple[str, ...] = ()
    entities: Entities | None = None
    geo: TweetGeo | None = None
    id: str = ""
    in_reply_to_user_id: str | None = None
    lang: str | None = None
    matched_media_notes: tuple[MatchedMediaNote, ...] = ()
    media_metadata: tuple[MediaMetadata, ...] = ()
    non_public_metrics: TweetPrivateMetrics | None = None
    note_request_suggestions: tuple[NoteRequestSuggestion, ...] = ()
    note_tweet: NoteTweet | None = None
    organic_metrics: TweetPrivateMetrics | None = None
    paid_partnership: bool | None = None
    possibly_sensitive: bool | None = None
    promoted_metrics: TweetPrivateMetrics | None = None
    public_metrics: TweetPublicMetrics | None = None
    referenced_tweets: tuple[ReferencedTweet, ...] = ()
    reply_settings: str | None = None
    scopes: Scopes | None = None
    source: str | None = None
    suggested_source_links: tuple[UrlEntity, ...] = ()
    suggested_source_links_with_counts: tuple[SuggestedSourceLink, ...] = ()
    text: str = ""
    username: str | None = None
    withheld: Withheld | None = None
    _referenced_posts: PostName | UnsetType = msgspec.field(default=UNSET, name="referenced_posts")
    _edit_history: PostName | UnsetType = msgspec.field(
        default=UNSET, name="edit_history_post_ids"
    )
    _note_post: PostName | UnsetType = msgspec.field(default=UNSET, name="note_post")

    @property
    def author(self) -> User | None:
        """Who wrote it; ``None`` where X left the user out, or was not asked for it."""
        try:
            return self._link.users[self.author_id]  # the short way: a walk asks it of each
        except AttributeError:
            index = self._index
            return index.user(self.author_id) if index else None

    @property
    def reply_author(self) -> User | None:
        """Whom it answers."""
        index = self._index
        return index.user(self.in_reply_to_user_id) if index else None

    @property
    def mentions(self) -> tuple[User, ...]:
        """The users that its text mentions, each once, as far as X sent them."""
        index = self._index
        texts = (self.entities, self.note_tweet.entities if self.note_tweet else None)
        if not index:
            return ()
        found = (
            index.mentioned(mention.id, mention.username)
            for text in texts
            if text
            for mention in text.mentions
        )
        return tuple({user.id: user for user in found if user}.values())

    @property
    def referenced(self) -> tuple[Tweet, ...]:
        """The tweets that it retweets, quotes or answers, as far as X sent them."""
        return self._referenced(reference.id for reference in self.referenced_tweets)

    @property
    def retweeted(self) -> Tweet | None:
        """The tweet that it retweets."""
        return self._reference("retweeted")

    @property
    def quoted(self) -> Tweet | None:
        """The tweet that it quotes."""
        return self._reference("quoted")

    @property
    def replied_to(self) -> Tweet | None:
        """The tweet that it answers."""
        return self._reference("replied_to")

    @property
    def media(self) -> tuple[Media, ...]:
        """Its photos and videos, as far as X sent them."""
        index = self._index
        return index.media(self.attachments.media_keys) if index and self.attachments else ()

    @property
    def polls(self) -> tuple[Poll, ...]:
        """Its polls, as far as X sent them."""
        index = self._index
        return index.polls(self.attachments.poll_ids) if index and self.attachments else ()

    @property
    def place(self) -> Place | None:
        """The place that it was tagged with."""
        index = self._index
        return index.place(self.geo.place_id) if index and self.geo else None

    def _reference(self, kind: str) -> Tweet | None:
        found = self._referenced(ref.id for ref in self.referenced_tweets if ref.type == kind)
        return found[0] if found else None

    def _referenced(self, ids: Iterable[str]) -> tuple[Tweet, ...]:
        index = self._index
        if not index:
            return ()
        found = (index.tweet(tweet_id) for tweet_id in ids)
        return tuple(tweet for tweet in found if tweet)


class User(Linked, Model, frozen=True, kw_only=True):
    """A user. ``id``, ``name`` and ``username`` always come, the rest when asked for.

    So far, ``verified_type`` is ``blue``, ``government``, ``business`` or ``none``,
    ``subscription_type`` is ``Basic``, ``Premium``, ``PremiumPlus`` or ``None``, and
    ``connection_status`` holds ``following``, ``followed_by``, ``follow_request_sent``,
    ``follow_request_received``, ``blocking`` or ``muting``.

    Source: https://docs.x.com/x-api/fundamentals/data-dictionary#user
    """

    affiliation: Affiliation | None = None
    confirmed_email: str | None = None
    connection_status: tuple[str, ...] = ()
    created_at: Timestamp | None = None
    description: str | None = None
    entities: UserEntities | None = None
    id: str = ""
    is_identity_verified: bool | None = None
    location: str | None = None
    most_recent_tweet_id: str | None = None
    name: str = ""
    parody: bool | None = None
    pinned_tweet_id: str | None = None
    profile_banner_url: str | None = None
    profile_image_url: str | None = None
    protected: bool | None = None
    public_metrics: UserPublicMetrics | None = None
    receives_your_dm: bool | None = None
    subscribes_to_you: bool | None = None
    subscription: Subscription | None = None
    subscription_type: str | None = None
    url: str | None = None
    username: str = ""
    verified: bool | None = None
    verified_followers_count: int | None = None
    verified_type: str | None = None
    withheld: Withheld | None = None
    _pinned_post_id: PostName | UnsetType = msgspec.field(default=UNSET, name="pinned_post_id")
    _most_recent_post_id: PostName | UnsetType = msgspec.field(
        default=UNSET, name="most_recent_post_id"
    )

    @property
    def pinned_tweet(self) -> Tweet | None:
        """The tweet at the top of the profile, if X sent it."""
        index = self._index
        return index.tweet(self.pinned_tweet_id) if index else None

    @property
    def most_recent_tweet(self) -> Tweet | None:
        """The newest tweet, if X sent it."""
        index = self._index
        return index.tweet(self.most_recent_tweet_id) if index else None

    @property
    def affiliated_with(self) -> tuple[User, ...]:
        """The accounts of the organisation that the user belongs to, as far as X sent them."""
        index = self._index
        return index.users_of(self.affiliation.user_id) if index and self.affiliation else ()


class Includes(Model, frozen=True, kw_only=True):
    """What the data of a page refers to, each object once, in X's order."""

    tweets: tuple[Tweet, ...] = ()
    users: tuple[User, ...] = ()
    media: tuple[Media, ...] = ()
    places: tuple[Place, ...] = ()
    polls: tuple[Poll, ...] = ()
    topics: tuple[Topic, ...] = ()
    _posts: PostName | UnsetType = msgspec.field(default=UNSET, name="posts")


NO_INCLUDES: Final = Includes()


class PageIndex(Index["Includes"]):
    """Finds an object of a page's includes by its id, in constant time.

    Attributes:
        users: the table of users, once :meth:`user` has made it, for who asks at each item.
    """

    __slots__ = ("users",)

    users: Table[User]

    def __init__(self, includes: Includes | Unread[Includes]) -> None:
        if isinstance(includes, Includes):
            super().__init__(includes)
        else:
            super().__init__(NO_INCLUDES, includes)

    def user(self, user_id: str | None) -> User | None:
        """The user of that id."""
        self.users = self._all_users()
        return self.users[user_id]

    def users_of(self, ids: Iterable[str]) -> tuple[User, ...]:
        """The users of those ids."""
        return self._all_users().all(ids)

    def mentioned(self, user_id: str | None, name: str) -> User | None:
        """The user of that id, or else of that name."""
        # X takes @TwitterDev and @twitterdev for the same user.
        return self.user(user_id) or self.table("names", self.includes.users, _names)[name.lower()]

    def media(self, keys: Iterable[str]) -> tuple[Media, ...]:
        """The media of those keys."""
        return self.table("media", self.includes.media, keys_in).all(keys)

    def polls(self, ids: Iterable[str]) -> tuple[Poll, ...]:
        """The polls of those ids."""
        return self.table("polls", self.includes.polls, ids_in).all(ids)

    def place(self, place_id: str | None) -> Place | None:
        """The place of that id."""
        return self.table("places", self.includes.places, ids_in)[place_id]

    def tweet(self, tweet_id: str | None) -> Tweet | None:
        """A copy of the tweet of that id, which knows its page."""
        found = self.table("tweets", self.includes.tweets, ids_in)[tweet_id]
        if found is None:
            return None
        linked = copy.copy(found)
        _set_link(linked, self)
        return linked

    def _all_users(self) -> Table[User]:
        return self.table("users", self.includes.users, ids_in)


def _names(users: Iterable[User]) -> list[str]:
    return [user.username.lower() for user in users]


# A frozen struct refuses setattr; its slot's own descriptor, called directly, is quick besides.
_set_link = cast("Callable[[Linked, PageIndex], None]", Linked.__dict__["_link"].__set__)


def link(items: Iterable[Linked], index: PageIndex) -> None:
    """Let ``items``, the data of one page, resolve their references from its includes."""
    deque(map(_set_link, items, repeat(index)), maxlen=0)  # a loop without Python

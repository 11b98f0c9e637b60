"""The parts of a tweet and of a user that are objects of their own.

Source: https://docs.x.com/x-api/fundamentals/data-dictionary and the OpenAPI files.
"""

from __future__ import annotations

import msgspec

from twretweet.models.attachments import Point
from twretweet.models.base import Model, Timestamp
from twretweet.models.entities import Entities, UrlEntity


class Attachments(Model, frozen=True, kw_only=True):
    """The ids of what hangs on a tweet; ``tweet.media`` and ``tweet.polls`` are the objects."""

    media_keys: tuple[str, ...] = ()
    poll_ids: tuple[str, ...] = ()
    media_source_tweet_id: tuple[str, ...] = ()


class EditControls(Model, frozen=True, kw_only=True):
    """Whether a tweet could be edited when it was published, how often still, and until when."""

    is_edit_eligible: bool | None = None
    editable_until: Timestamp | None = None
    edits_remaining: int | None = None


class ReferencedTweet(Model, frozen=True, kw_only=True):
    """A tweet that this one retweets, quotes or answers.

    ``type`` is ``retweeted``, ``quoted`` or ``replied_to`` so far.
    """

    type: str = ""
    id: str = ""


class TweetGeo(Model, frozen=True, kw_only=True):
    """Where a tweet was sent from, if its author said so; ``tweet.place`` is the object."""

    place_id: str | None = None
    coordinates: Point | None = None


class ContextDomain(Model, frozen=True, kw_only=True):
    """A field of life that a tweet was sorted into, such as *Sports Team*."""

    id: str | None = None
    name: str | None = None
    description: str | None = None


class ContextEntity(Model, frozen=True, kw_only=True):
    """A thing of that field, such as a certain team."""

    id: str | None = None
    name: str | None = None
    description: str | None = None


class ContextAnnotation(Model, frozen=True, kw_only=True):
    """What X thinks a tweet is about."""

    domain: ContextDomain | None = None
    entity: ContextEntity | None = None


class NoteTweet(Model, frozen=True, kw_only=True):
    """The whole text of a tweet of more than 280 characters."""

    text: str = ""
    entities: Entities | None = None


class Withheld(Model, frozen=True, kw_only=True):
    """Where a tweet or a user is not shown, and why.

    ``scope`` is ``tweet`` or ``user``. The post vocabulary says ``post`` for ``tweet``; it is
    read as ``tweet``.
    """

    copyright: bool | None = None
    country_codes: tuple[str, ...] = ()
    scope: str | None = None

    def __post_init__(self) -> None:
        # The one place where the vocabularies differ in a value, so no tripwire can see it.
        if self.scope == "post":
            msgspec.structs.force_setattr(self, "scope", "tweet")


class Scopes(Model, frozen=True, kw_only=True):
    """Who may see a tweet: its author's followers alone?"""

    followers: bool | None = None


class MediaMetadata(Model, frozen=True, kw_only=True):
    """What an author wrote about an attached medium."""

    media_key: str | None = None
    title: str | None = None
    description: str | None = None
    alt_text: str | None = None


class MatchedMediaNote(Model, frozen=True, kw_only=True):
    """A community note that matches an attached medium."""

    note_id: str | None = None
    match_status: str | None = None


class NoteRequestSuggestion(Model, frozen=True, kw_only=True):
    """What someone who asked for a community note suggested."""

    suggestion_id: str | None = None
    suggestion: str | None = None
    source_link: str | None = None


class SuggestedSourceLink(Model, frozen=True, kw_only=True):
    """A source that readers suggested, and how many did."""

    url: UrlEntity | None = None
    count: int | None = None


class Affiliation(Model, frozen=True, kw_only=True):
    """The organisation that a user belongs to; ``user.affiliated_with`` are its accounts."""

    user_id: tuple[str, ...] = ()
    url: str | None = None
    badge_url: str | None = None
    description: str | None = None


class Subscription(Model, frozen=True, kw_only=True):
    """Whether a user subscribes to you."""

    subscribes_to_you: bool | None = None


class Topic(Model, frozen=True, kw_only=True):
    """A topic, as spaces have them."""

    id: str = ""
    name: str = ""
    description: str | None = None

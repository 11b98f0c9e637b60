"""The names of all fields and expansions, for a type checker, an editor, and at run time.

They are those of the reference page, of OpenAPI 2.159 and of OpenAPI 2.167; a test compares them
by machine. A name that 2.167 merely spells otherwise is an alias (:data:`ALIASES`): it is
accepted, and kept under its tweet name.

Source: https://docs.x.com/x-api/posts/retweets/api-reference/get-tweets-id-retweets
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias, get_args

TweetField: TypeAlias = Literal[
    "article",
    "article_title",
    "attachments",
    "author_id",
    "card_uri",
    "community_id",
    "context_annotations",
    "conversation_id",
    "created_at",
    "display_text_range",
    "edit_controls",
    "edit_history_tweet_ids",
    "entities",
    "geo",
    "id",
    "in_reply_to_user_id",
    "lang",
    "matched_media_notes",
    "media_metadata",
    "non_public_metrics",
    "note_post",
    "note_request_suggestions",
    "note_tweet",
    "organic_metrics",
    "paid_partnership",
    "possibly_sensitive",
    "promoted_metrics",
    "public_metrics",
    "referenced_tweets",
    "reply_settings",
    "scopes",
    "source",
    "suggested_source_links",
    "suggested_source_links_with_counts",
    "text",
    "withheld",
]

UserField: TypeAlias = Literal[
    "affiliation",
    "confirmed_email",
    "connection_status",
    "created_at",
    "description",
    "entities",
    "id",
    "is_identity_verified",
    "location",
    "most_recent_tweet_id",
    "name",
    "parody",
    "pinned_tweet_id",
    "profile_banner_url",
    "profile_image_url",
    "protected",
    "public_metrics",
    "receives_your_dm",
    "subscribes_to_you",
    "subscription",
    "subscription_type",
    "url",
    "username",
    "verified",
    "verified_followers_count",
    "verified_type",
    "withheld",
]

MediaField: TypeAlias = Literal[
    "alt_text",
    "duration_ms",
    "height",
    "media_key",
    "non_public_metrics",
    "organic_metrics",
    "preview_image_url",
    "promoted_metrics",
    "public_metrics",
    "type",
    "url",
    "variants",
    "width",
]

PlaceField: TypeAlias = Literal[
    "contained_within",
    "country",
    "country_code",
    "full_name",
    "geo",
    "id",
    "name",
    "place_type",
]

PollField: TypeAlias = Literal[
    "duration_minutes", "end_datetime", "id", "options", "voting_status"
]

TweetExpansion: TypeAlias = Literal[
    "article.cover_media",
    "article.media_entities",
    "attachments.media_keys",
    "attachments.media_source_tweet",
    "attachments.poll_ids",
    "author_id",
    "edit_history_post_ids",
    "edit_history_tweet_ids",
    "entities.mentions.username",
    "entities.note.mentions.username",
    "geo.place_id",
    "in_reply_to_user_id",
    "referenced_posts",
    "referenced_tweets.id",
    "referenced_tweets.id.attachments.media_keys",
    "referenced_tweets.id.author_id",
    "username",
]

UserExpansion: TypeAlias = Literal[
    "affiliation",
    "affiliation.user_id",
    "most_recent_post_id",
    "most_recent_tweet_id",
    "pinned_post_id",
    "pinned_tweet_id",
]

Parameter: TypeAlias = Literal[
    "expansions",
    "media.fields",
    "place.fields",
    "poll.fields",
    "post.fields",
    "tweet.fields",
    "user.fields",
]

Resource: TypeAlias = Literal["tweet", "user"]

TWEET_FIELDS: Final = frozenset[str](get_args(TweetField))
USER_FIELDS: Final = frozenset[str](get_args(UserField))
MEDIA_FIELDS: Final = frozenset[str](get_args(MediaField))
PLACE_FIELDS: Final = frozenset[str](get_args(PlaceField))
POLL_FIELDS: Final = frozenset[str](get_args(PollField))
TWEET_EXPANSIONS: Final = frozenset[str](get_args(TweetExpansion))
USER_EXPANSIONS: Final = frozenset[str](get_args(UserExpansion))
PARAMETERS: Final = frozenset[str](get_args(Parameter))

ALIASES: Final[Mapping[tuple[Parameter, str], str]] = MappingProxyType(
    {
        ("tweet.fields", "note_post"): "note_tweet",
        ("expansions", "edit_history_post_ids"): "edit_history_tweet_ids",
        ("expansions", "referenced_posts"): "referenced_tweets.id",
        ("expansions", "affiliation"): "affiliation.user_id",
        ("expansions", "most_recent_post_id"): "most_recent_tweet_id",
        ("expansions", "pinned_post_id"): "pinned_tweet_id",
    }
)
"""Names of the post vocabulary, and the tweet names under which they are kept."""

PRIVATE_METRICS: Final = frozenset({"non_public_metrics", "organic_metrics", "promoted_metrics"})
"""Fields that X shows to a tweet's author alone, never to an app by itself."""

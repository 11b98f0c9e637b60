"""What X shows of a tweet, field by field.

A field that a tweet has nothing for is absent, not null.
Source: https://docs.x.com/x-api/fundamentals/data-dictionary#tweet
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from twretweet.sandbox.draw import draw
from twretweet.sandbox.snowflake import iso
from twretweet.sandbox.tweets import Tweet

TweetGetter: TypeAlias = Callable[[Tweet], object]
"""Reads one field; ``None`` means that the tweet has none."""

_EDITABLE_MS: Final = 1_800_000
_LANGUAGE: Final = "en"
_SOURCE: Final = "X for Sandboxes"


def _attachments(tweet: Tweet) -> object:
    shown: dict[str, object] = {}
    if tweet.media_keys:
        shown["media_keys"] = tweet.media_keys
    if tweet.media_source is not None:
        shown["media_source_tweet_id"] = [str(tweet.media_source)]
    if tweet.poll_id is not None:
        shown["poll_ids"] = [tweet.poll_id]
    return shown or None


def _edit_controls(tweet: Tweet) -> object:
    return {
        "edits_remaining": 5,
        "is_edit_eligible": tweet.original is None and tweet.poll_id is None,
        "editable_until": iso(tweet.created_ms + _EDITABLE_MS),
    }


def _geo(tweet: Tweet) -> object:
    return None if tweet.place_id is None else {"place_id": tweet.place_id}


def _in_reply_to_user_id(tweet: Tweet) -> object:
    return None if tweet.replied_to is None else str(tweet.replied_to[1])


def _conversation_id(tweet: Tweet) -> object:
    return str(tweet.id if tweet.replied_to is None else tweet.replied_to[0])


def _media_metadata(tweet: Tweet) -> object:
    return [{"media_key": key} for key in tweet.media_keys] or None


def counts(tweet: Tweet, retweet_name: str) -> dict[str, int]:
    """Count as X does: a retweet has its original's retweets, and nothing else of its own."""
    if tweet.original is not None:
        bits, own = 0, 0
    else:
        bits, own = draw(tweet.id), 1
    return {
        retweet_name: len(tweet.retweets),
        "reply_count": own * (bits % 400),
        "like_count": own * (len(tweet.retweets) * 3 + (bits >> 9) % 50),
        "quote_count": own * len(tweet.quotes),
        "bookmark_count": own * ((bits >> 27) % 70),
        "impression_count": own * (len(tweet.retweets) * 110 + (bits >> 36) % 10_000),
    }


def _non_public_metrics(tweet: Tweet) -> object:
    bits = draw(tweet.id, 1)
    return {
        "impression_count": len(tweet.retweets) * 110,
        "url_link_clicks": bits % 80,
        "user_profile_clicks": (bits >> 8) % 40,
        "engagements": (bits >> 16) % 500,
    }


def _paid_metrics(tweet: Tweet) -> object:
    bits = draw(tweet.id, 2)
    return {
        "impression_count": len(tweet.retweets) * 55,
        "url_link_clicks": bits % 40,
        "user_profile_clicks": (bits >> 8) % 20,
        "retweet_count": len(tweet.retweets) // 2,
        "reply_count": (bits >> 16) % 30,
        "like_count": (bits >> 24) % 300,
    }


def _referenced(tweet: Tweet) -> object:
    if tweet.original is not None:
        return [{"type": "retweeted", "id": str(tweet.original.id)}]
    found = (("quoted", tweet.quoted), ("replied_to", tweet.replied_to))
    return [{"type": kind, "id": str(one[0])} for kind, one in found if one is not None] or None


def _article_title(tweet: Tweet) -> object:
    # 2.167 declares an object here without saying what is in it.
    return None if tweet.article is None else {"title": tweet.article.title}


def _card_uri(tweet: Tweet) -> object:
    return None if tweet.poll_id is None else f"card://{tweet.poll_id}"


def _nothing(_: Tweet) -> object:
    return None


_BOTH: Final[dict[str, TweetGetter]] = {
    "article": lambda tweet: tweet.article,
    "attachments": _attachments,
    "card_uri": _card_uri,
    "community_id": _nothing,
    "context_annotations": lambda tweet: tweet.context,
    "conversation_id": _conversation_id,
    "created_at": lambda tweet: iso(tweet.created_ms),
    "display_text_range": lambda tweet: (0, len(tweet.text)),
    "edit_controls": _edit_controls,
    "entities": lambda tweet: tweet.entities,
    "geo": _geo,
    "id": lambda tweet: str(tweet.id),
    "lang": lambda _: _LANGUAGE,
    "media_metadata": _media_metadata,
    "non_public_metrics": _non_public_metrics,
    "organic_metrics": _paid_metrics,
    "possibly_sensitive": lambda _: False,
    "promoted_metrics": _paid_metrics,
    "reply_settings": lambda _: "everyone",
    "scopes": _nothing,
    "source": lambda _: _SOURCE,
    "suggested_source_links": _nothing,
    "suggested_source_links_with_counts": _nothing,
    "text": lambda tweet: tweet.text,
    "withheld": _nothing,
    # These two are fields in one vocabulary and come with their expansions in the other.
    "author_id": lambda tweet: str(tweet.author_id),
    "in_reply_to_user_id": _in_reply_to_user_id,
}

TWEET_GETTERS: Final[dict[str, TweetGetter]] = {
    **_BOTH,
    "edit_history_tweet_ids": lambda tweet: (str(tweet.id),),
    "note_tweet": lambda tweet: tweet.note,
    "public_metrics": lambda tweet: counts(tweet, "retweet_count"),
    "referenced_tweets": _referenced,
}
POST_GETTERS: Final[dict[str, TweetGetter]] = {
    **_BOTH,
    "article_title": _article_title,
    "edit_history_post_ids": lambda tweet: (str(tweet.id),),
    "matched_media_notes": _nothing,
    "note_post": lambda tweet: tweet.note,
    "note_request_suggestions": _nothing,
    "paid_partnership": lambda _: False,
    "public_metrics": lambda tweet: counts(tweet, "repost_count"),
    "referenced_posts": _referenced,
}

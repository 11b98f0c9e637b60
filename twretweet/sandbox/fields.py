"""The names of fields and expansions, in both vocabularies.

The tables are the sandbox's own, so that a name misspelt in the client is refused here. They
follow X's OpenAPI files 2.159 (tweet) and 2.167 (post); a test compares them by machine.
"""

from dataclasses import dataclass, replace
from typing import Final

from twretweet.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Names:
    """What may be asked for in one vocabulary.

    Args:
        tweet_fields_parameter: what the parameter with the fields of tweets is called.
        includes_tweets: what the tweets among the includes are called.
        tweet: the fields of tweets.
        user: the fields of users.
        tweet_expansions: what an endpoint that gives tweets can expand.
        user_expansions: what an endpoint that gives users can expand.
        problems: where the types of problems live.
    """

    tweet_fields_parameter: str
    includes_tweets: str
    tweet: tuple[str, ...]
    user: tuple[str, ...]
    tweet_expansions: tuple[str, ...]
    user_expansions: tuple[str, ...]
    problems: str


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


MEDIA: Final = _words(
    "alt_text duration_ms height media_key non_public_metrics organic_metrics preview_image_url"
    " promoted_metrics public_metrics type url variants width"
)
PLACE: Final = _words("contained_within country country_code full_name geo id name place_type")
POLL: Final = _words("duration_minutes end_datetime id options voting_status")

PRIVATE: Final = frozenset({"non_public_metrics", "organic_metrics", "promoted_metrics"})
"""Fields that only the owner of a tweet sees, signed in."""

_TWEET: Final = Names(
    tweet_fields_parameter="tweet.fields",
    includes_tweets="tweets",
    tweet=_words(
        "article attachments author_id card_uri community_id context_annotations conversation_id"
        " created_at display_text_range edit_controls edit_history_tweet_ids entities geo id"
        " in_reply_to_user_id lang media_metadata non_public_metrics note_tweet organic_metrics"
        " possibly_sensitive promoted_metrics public_metrics referenced_tweets reply_settings"
        " scopes source suggested_source_links suggested_source_links_with_counts text withheld"
    ),
    user=_words(
        "affiliation confirmed_email connection_status created_at description entities id"
        " is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id"
        " profile_banner_url profile_image_url protected public_metrics receives_your_dm"
        " subscription subscription_type url username verified verified_followers_count"
        " verified_type withheld"
    ),
    tweet_expansions=_words(
        "article.cover_media article.media_entities attachments.media_keys"
        " attachments.media_source_tweet attachments.poll_ids author_id edit_history_tweet_ids"
        " entities.mentions.username entities.note.mentions.username geo.place_id"
        " in_reply_to_user_id referenced_tweets.id"
        " referenced_tweets.id.attachments.media_keys referenced_tweets.id.author_id"
    ),
    user_expansions=_words("affiliation.user_id most_recent_tweet_id pinned_tweet_id"),
    problems="https://api.twitter.com/2/problems/",
)
_POST: Final = Names(
    tweet_fields_parameter="post.fields",
    includes_tweets="posts",
    tweet=_words(
        "article article_title attachments card_uri community_id context_annotations"
        " conversation_id created_at display_text_range edit_controls entities geo id lang"
        " matched_media_notes media_metadata non_public_metrics note_post"
        " note_request_suggestions organic_metrics paid_partnership possibly_sensitive"
        " promoted_metrics public_metrics reply_settings scopes source suggested_source_links"
        " suggested_source_links_with_counts text withheld"
    ),
    user=_words(
        "confirmed_email connection_status created_at description entities id"
        " is_identity_verified location name parody profile_banner_url profile_image_url"
        " protected public_metrics receives_your_dm subscribes_to_you subscription"
        " subscription_type url username verified verified_followers_count verified_type withheld"
    ),
    tweet_expansions=_words(
        "article.cover_media article.media_entities attachments.media_keys"
        " attachments.media_source_tweet attachments.poll_ids author_id edit_history_post_ids"
        " entities.mentions.username geo.place_id in_reply_to_user_id referenced_posts username"
    ),
    user_expansions=_words("affiliation most_recent_post_id pinned_post_id"),
    problems="https://api.x.com/2/problems/",
)


_UNTOLD: Final = replace(_TWEET, problems=_POST.problems)
"""For a request that uses no word of either alone, and so may be of either. Only the types of its
problems are not those of 2.159: clients that check them, such as X's xdk, know today's host."""


def _expansions(names: Names) -> set[str]:
    return {*names.tweet_expansions, *names.user_expansions}


_TELLING: Final = (
    ("expansions", _expansions(_TWEET), _expansions(_POST)),
    ("user.fields", set(_TWEET.user), set(_POST.user)),
)
"""Parameters that both have, with the words of either; some of them only one has."""


def names(vocabulary: Vocabulary | None) -> Names:
    """Return the names of one vocabulary; ``None`` where a request leaves it open."""
    if vocabulary is None:
        return _UNTOLD
    return _TWEET if vocabulary == "tweet" else _POST


def vocabulary_of(parameters: dict[str, str]) -> Vocabulary | None:
    """Tell which vocabulary a request speaks, ``None`` if it has no word of either alone."""
    if _POST.tweet_fields_parameter in parameters:
        return "post"
    if _TWEET.tweet_fields_parameter in parameters:
        return "tweet"
    for name, tweet, post in _TELLING:
        if text := parameters.get(name):
            asked = set(text.split(","))
            if asked & (post - tweet):
                return "post"
            if asked & (tweet - post):
                return "tweet"
    return None

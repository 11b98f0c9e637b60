"""Gathering what a page refers to: the ``includes``.

Each expansion is a row: which objects it leads to from a tweet or a user.
Source: https://docs.x.com/x-api/fundamentals/expansions
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from twretweet.sandbox.people import User
from twretweet.sandbox.tweets import Entities, Tweet
from twretweet.sandbox.world import World

_REFERENCED: Final = "referenced_tweets.id"
Absence: TypeAlias = Literal["deleted", "suspended", "protected"]
"""Why something is not there."""


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that is referred to and is not there.

    Args:
        expansion: that was followed to it.
        value: its id, or for users who are mentioned their name.
        resource: what it is.
        why: why it is not there.
    """

    expansion: str
    value: str
    resource: Literal["tweet", "user"]
    why: Absence


class Gathering:
    """The objects that some tweets and users refer to, each once.

    Args:
        world: where they are found.
        hides: tells why a user is kept back, if one is.
    """

    __slots__ = (
        "_expansion",
        "_hides",
        "absent",
        "media",
        "places",
        "polls",
        "tweets",
        "users",
        "world",
    )

    def __init__(self, world: World, hides: Callable[[int], Absence | None]) -> None:
        self.world = world
        self._hides = hides
        self._expansion = ""
        self.absent: dict[Absent, None] = {}
        self.users: dict[int, User] = {}
        self.tweets: dict[int, Tweet] = {}
        self.media: dict[str, int] = {}
        """The media keys, each with the owner of the tweet it was found in."""
        self.places: dict[str, None] = {}
        self.polls: dict[str, None] = {}

    def follow(self, expansions: Iterable[str], tweets: Iterable[Tweet]) -> None:
        """Follow expansions from tweets."""
        steps = [(expansion, _FROM_TWEET[expansion]) for expansion in expansions]
        for tweet in tweets:
            for self._expansion, step in steps:
                step(self, tweet)

    def follow_users(self, expansions: Iterable[str], users: Iterable[User]) -> None:
        """Follow expansions from users."""
        steps = [(expansion, _FROM_USER[expansion]) for expansion in expansions]
        for user in users:
            for self._expansion, step in steps:
                step(self, user)

    def add_user(self, user_id: int, shown: str = "") -> None:
        """Add a user, or note that there is no such one.

        Args:
            user_id: the user's id.
            shown: what the reference to the user says, if it is not the id.
        """
        if user_id in self.users:
            return
        user = self.world.user(user_id)
        why: Absence | None = "deleted" if user is None else self._hides(user_id)
        if user is not None and why is None:
            self.users[user_id] = user
        else:
            self._miss(shown or str(user_id), "user", why or "deleted")

    def add_tweet(self, tweet_id: int) -> None:
        """Add a tweet, or note that there is no such one."""
        if tweet_id in self.tweets:
            return
        tweet = self.world.tweet(tweet_id)
        if tweet is not None:
            self.tweets[tweet_id] = tweet
        else:
            self._miss(str(tweet_id), "tweet", "deleted")

    def _miss(self, value: str, resource: Literal["tweet", "user"], why: Absence) -> None:
        expansion = self._expansion
        if resource == "tweet" and expansion.startswith(_REFERENCED):
            expansion = _REFERENCED  # whatever was to be looked up behind it
        self.absent[Absent(expansion, value, resource, why)] = None


_TweetStep: TypeAlias = Callable[[Gathering, Tweet], None]
_UserStep: TypeAlias = Callable[[Gathering, User], None]


def _media(found: Gathering, tweet: Tweet) -> None:
    for key in tweet.media_keys:
        # A retweet shows its original's media, and those are its author's.
        found.media[key] = (tweet.original or tweet).author_id


def _media_source(found: Gathering, tweet: Tweet) -> None:
    if tweet.media_source is not None:
        found.add_tweet(tweet.media_source)


def _polls(found: Gathering, tweet: Tweet) -> None:
    if tweet.poll_id is not None:
        found.polls[tweet.poll_id] = None


def _place(found: Gathering, tweet: Tweet) -> None:
    if tweet.place_id is not None:
        found.places[tweet.place_id] = None


def _author(found: Gathering, tweet: Tweet) -> None:
    found.add_user(tweet.author_id)


def _history(found: Gathering, tweet: Tweet) -> None:
    # Nothing here was ever edited, so a tweet's history is the tweet.
    found.tweets[tweet.id] = tweet


def _reply_author(found: Gathering, tweet: Tweet) -> None:
    if tweet.replied_to is not None:
        found.add_user(tweet.replied_to[1])


def _mentions(found: Gathering, tweet: Tweet) -> None:
    _mentioned(found, tweet.entities)


def _note_mentions(found: Gathering, tweet: Tweet) -> None:
    _mentioned(found, tweet.note.entities if tweet.note is not None else None)


def _mentioned(found: Gathering, entities: Entities | None) -> None:
    for mention in (entities or {}).get("mentions", []):
        found.add_user(int(mention["id"]), str(mention["username"]))


def _article_cover(found: Gathering, tweet: Tweet) -> None:
    if tweet.article is not None:
        found.media[tweet.article.cover_media] = tweet.author_id


def _article_media(found: Gathering, tweet: Tweet) -> None:
    for key in tweet.article.media_entities if tweet.article is not None else ():
        found.media[key] = tweet.author_id


def _referenced(found: Gathering, tweet: Tweet) -> list[Tweet]:
    if tweet.original is not None:
        found.tweets[tweet.original.id] = tweet.original
        return [tweet.original]
    others: list[Tweet] = []
    for reference in (tweet.quoted, tweet.replied_to):
        if reference is not None:
            found.add_tweet(reference[0])
            if (other := found.tweets.get(reference[0])) is not None:
                others.append(other)
    return others


def _referenced_tweets(found: Gathering, tweet: Tweet) -> None:
    _referenced(found, tweet)


def _referenced_author(found: Gathering, tweet: Tweet) -> None:
    for other in _referenced(found, tweet):
        found.add_user(other.author_id)


def _referenced_media(found: Gathering, tweet: Tweet) -> None:
    for other in _referenced(found, tweet):
        _media(found, other)


def _affiliation(found: Gathering, user: User) -> None:
    if user.affiliated is not None:
        found.add_user(user.affiliated)


def _pinned(found: Gathering, user: User) -> None:
    if user.pinned is not None:
        found.add_tweet(user.pinned)


def _recent(found: Gathering, user: User) -> None:
    if user.recent is not None:
        found.add_tweet(user.recent)


_FROM_TWEET: Final[dict[str, _TweetStep]] = {
    "article.cover_media": _article_cover,
    "article.media_entities": _article_media,
    "attachments.media_keys": _media,
    "attachments.media_source_tweet": _media_source,
    "attachments.poll_ids": _polls,
    "author_id": _author,
    "edit_history_tweet_ids": _history,
    "edit_history_post_ids": _history,
    "entities.mentions.username": _mentions,
    "entities.note.mentions.username": _note_mentions,
    "geo.place_id": _place,
    "in_reply_to_user_id": _reply_author,
    "referenced_posts": _referenced_tweets,
    "referenced_tweets.id": _referenced_tweets,
    "referenced_tweets.id.attachments.media_keys": _referenced_media,
    "referenced_tweets.id.author_id": _referenced_author,
    "username": _author,
}
_FROM_USER: Final[dict[str, _UserStep]] = {
    "affiliation": _affiliation,
    "affiliation.user_id": _affiliation,
    "most_recent_post_id": _recent,
    "most_recent_tweet_id": _recent,
    "pinned_post_id": _pinned,
    "pinned_tweet_id": _pinned,
}

"""What a request asks to see, resolved once into getters.

X gives default fields whatever is asked, and an expansion also brings out the field that it
follows: ``expansions=author_id`` makes ``author_id`` appear.
Source: https://docs.x.com/x-api/fundamentals/expansions
"""

from dataclasses import dataclass
from typing import Final, Literal

from twretweet.sandbox import fields
from twretweet.sandbox.fields import PRIVATE, Names
from twretweet.sandbox.params import Parameters
from twretweet.sandbox.people import User
from twretweet.sandbox.tweet_view import POST_GETTERS, TWEET_GETTERS, TweetGetter
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.user_view import POST_USER_GETTERS, TWEET_USER_GETTERS, UserGetter
from twretweet.vocabulary import Vocabulary

_USER_DEFAULT: Final = ("id", "name", "username")
_MEDIA_DEFAULT: Final = ("media_key", "type")
_PLACE_DEFAULT: Final = ("id", "full_name")
_POLL_DEFAULT: Final = ("id", "options")

# The field that an expansion brings out, where it is not the expansion's own first word.
_FOLLOWED: Final = {
    "edit_history_tweet_ids": (),
    "edit_history_post_ids": (),
    "entities.note.mentions.username": ("note_tweet",),
    "referenced_tweets.id.attachments.media_keys": ("referenced_tweets", "attachments"),
    "referenced_tweets.id.author_id": ("referenced_tweets", "author_id"),
    # Not a field of its own: it is looked up with the author.
    "username": (),
}


@dataclass(frozen=True, slots=True)
class Selection:
    """The getters of the fields to show, and the expansions to follow.

    Args:
        names: the vocabulary.
        tweet: the fields that everybody sees.
        private: the fields of tweets that only their owners see.
        user: the fields of users.
        media: the names of the fields of media.
        place: those of places.
        poll: those of polls.
        expansions: those of the endpoint.
    """

    names: Names
    tweet: tuple[tuple[str, TweetGetter], ...]
    private: tuple[tuple[str, TweetGetter], ...]
    user: tuple[tuple[str, UserGetter], ...]
    media: tuple[str, ...]
    place: tuple[str, ...]
    poll: tuple[str, ...]
    expansions: tuple[str, ...]

    @property
    def asks_private(self) -> bool:
        """Whether it asks for anything that only an owner sees."""
        return bool(self.private) or not PRIVATE.isdisjoint(self.media)

    def show_tweet(self, tweet: Tweet) -> dict[str, object]:
        """Return ``tweet`` with the fields for everybody."""
        return {name: value for name, get in self.tweet if (value := get(tweet)) is not None}

    def show_user(self, user: User) -> dict[str, object]:
        """Return ``user`` with the fields asked for."""
        return {name: value for name, get in self.user if (value := get(user)) is not None}


def allowed_parameters(names: Names, about: Literal["tweet", "user"]) -> tuple[str, ...]:
    """Return the parameters by which an endpoint lets fields be chosen."""
    both = ("expansions", names.tweet_fields_parameter, "user.fields")
    return both if about == "user" else (*both, "media.fields", "place.fields", "poll.fields")


def select(
    parameters: Parameters,
    names: Names,
    vocabulary: Vocabulary,
    about: Literal["tweet", "user"],
) -> Selection:
    """Read what a request asks to see, on an endpoint that gives tweets or users."""
    known = names.tweet_expansions if about == "tweet" else names.user_expansions
    expansions = parameters.words("expansions", known)
    tweet_fields = parameters.words(names.tweet_fields_parameter, names.tweet)
    user_fields = parameters.words("user.fields", names.user)
    followed = [
        name
        for expansion in expansions
        for name in _FOLLOWED.get(expansion, (expansion.partition(".")[0],))
    ]
    history = f"edit_history_{vocabulary}_ids"
    tweets = TWEET_GETTERS if vocabulary == "tweet" else POST_GETTERS
    users = TWEET_USER_GETTERS if vocabulary == "tweet" else POST_USER_GETTERS
    wanted = _merge(("id", "text", history), tweet_fields, followed if about == "tweet" else ())
    shown = _merge(_USER_DEFAULT, user_fields, followed if about == "user" else ())
    return Selection(
        names=names,
        tweet=tuple((n, tweets[n]) for n in wanted if n in tweets and n not in PRIVATE),
        private=tuple((n, tweets[n]) for n in wanted if n in PRIVATE),
        user=tuple((n, users[n]) for n in shown if n in users),
        media=_merge(_MEDIA_DEFAULT, parameters.words("media.fields", fields.MEDIA)),
        place=_merge(_PLACE_DEFAULT, parameters.words("place.fields", fields.PLACE)),
        poll=_merge(_POLL_DEFAULT, parameters.words("poll.fields", fields.POLL)),
        expansions=expansions,
    )


def _merge(*groups: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for group in groups for name in group))

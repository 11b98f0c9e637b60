"""What the sandbox knows of a tweet, and how a retweet of it looks."""

from dataclasses import dataclass, field
from typing import Final, TypeAlias

from twretweet.sandbox.retweets import Retweets
from twretweet.sandbox.snowflake import milliseconds

Entity: TypeAlias = dict[str, str | int | float]
Entities: TypeAlias = dict[str, list[Entity]]
"""What in a text has a meaning of its own, by kind, as v2 writes it."""

_TEXT_LIMIT: Final = 140
"""X cuts the text of a retweet here, a leftover of shorter times."""


@dataclass(frozen=True, slots=True)
class Note:
    """The full text of a tweet that is longer than 280 characters."""

    text: str
    entities: Entities


@dataclass(frozen=True, slots=True)
class Article:
    """An article that a tweet carries; its media are named by their keys."""

    title: str
    cover_media: str
    media_entities: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Tweet:
    """A tweet, or a retweet as X presents it: a tweet of its own with the text cut.

    Args:
        id: the tweet id.
        author_id: who wrote it.
        text: what it says.
        entities: of the text.
        retweets: who retweeted it; a retweet has the list of its original.
        original: the tweet that this one retweets.
        replied_to: the id and the author's id of the tweet that this one answers.
        quoted: the id and the author's id of the tweet that this one quotes.
        quotes: the ids of the tweets that quote this one, ascending.
        media_keys: the media attached.
        media_source: the tweet that the media were taken from.
        poll_id: the poll attached.
        place_id: the place tagged.
        note: the full text of a long tweet.
        article: an article.
        context: what X takes the tweet to be about, as X writes it.
        written_ms: when it was made, in milliseconds since the epoch, if its id does not tell.
    """

    id: int
    author_id: int
    text: str
    entities: Entities | None = None
    retweets: Retweets = field(default_factory=Retweets)
    original: "Tweet | None" = None
    replied_to: tuple[int, int] | None = None
    quoted: tuple[int, int] | None = None
    quotes: tuple[int, ...] = ()
    media_keys: tuple[str, ...] = ()
    media_source: int | None = None
    poll_id: str | None = None
    place_id: str | None = None
    note: Note | None = None
    article: Article | None = None
    context: list[object] | None = None
    written_ms: int | None = None

    @property
    def created_ms(self) -> int:
        """When it was made, in milliseconds since the epoch: as told, or as its id tells."""
        return milliseconds(self.id) if self.written_ms is None else self.written_ms


class Echoes:
    """Makes the retweets of one tweet; whatever is the same in all of them is made once.

    Args:
        original: the tweet.
        username: its author's name.
    """

    __slots__ = ("_entities", "_text", "original")

    def __init__(self, original: Tweet, username: str) -> None:
        self.original = original
        lead = f"RT @{username}: "
        text = lead + original.text
        self._text = text if len(text) <= _TEXT_LIMIT else text[: _TEXT_LIMIT - 1] + "…"
        mention: Entity = {
            "start": 3,
            "end": 4 + len(username),
            "username": username,
            "id": str(original.author_id),
        }
        self._entities = _shifted(original.entities or {}, len(lead), len(self._text))
        self._entities["mentions"] = [mention, *self._entities.get("mentions", [])]

    def echo(self, snowflake: int, user_id: int) -> Tweet:
        """Return the retweet with this id by this user."""
        original = self.original
        return Tweet(
            id=snowflake,
            author_id=user_id,
            text=self._text,
            entities=self._entities,
            retweets=original.retweets,
            original=original,
            media_keys=original.media_keys,
            media_source=original.media_source,
            poll_id=original.poll_id,
            # Few people tag where they are when they retweet.
            place_id=original.place_id if user_id % 8 == 0 else None,
            context=original.context,
        )


def _shifted(entities: Entities, by: int, end: int) -> Entities:
    """Move entities by the length of what was put in front, leaving out those cut off."""
    moved: Entities = {}
    for kind, group in entities.items():
        kept = [
            {**entity, "start": int(entity["start"]) + by, "end": int(entity["end"]) + by}
            for entity in group
            if int(entity["end"]) + by < end
        ]
        if kept:
            moved[kind] = kept
    return moved

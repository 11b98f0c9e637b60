"""Building the bodies of v2 replies: data, includes, and partial errors."""

from collections.abc import Sequence
from typing import Final, get_args

from twretweet.sandbox.draw import chance
from twretweet.sandbox.expand import Absence, Gathering
from twretweet.sandbox.fields import PRIVATE
from twretweet.sandbox.people import User
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.reply import hidden_field, not_included
from twretweet.sandbox.selection import Selection
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.world import World

_ABSENCES: Final[tuple[Absence, ...]] = get_args(Absence)


class Presenter:
    """Shows one reply's objects to one viewer.

    Args:
        world: where the objects are.
        quirks: how many users to leave out.
        seed: decides which.
        selection: what to show.
        viewer: the id of the signed-in user, ``None`` for the app itself.
    """

    __slots__ = ("_errors", "_quirks", "_seed", "_selection", "_viewer", "_world")

    def __init__(
        self, world: World, quirks: Quirks, seed: int, selection: Selection, viewer: int | None
    ) -> None:
        self._world = world
        self._quirks = quirks
        self._seed = seed
        self._selection = selection
        self._viewer = viewer
        self._errors: list[dict[str, object]] = []

    def tweets(self, tweets: Sequence[Tweet]) -> tuple[list[dict[str, object]], dict[str, object]]:
        """Return the data of tweets, and what stands beside it."""
        data = [self._tweet(tweet, "data") for tweet in tweets]
        found = Gathering(self._world, self._hides)
        found.follow(self._selection.expansions, tweets)
        return data, self._beside(found)

    def users(self, users: Sequence[User]) -> tuple[list[dict[str, object]], dict[str, object]]:
        """Return the data of users, and what stands beside it."""
        data = [self._selection.show_user(user) for user in users]
        found = Gathering(self._world, self._hides)
        found.follow_users(self._selection.expansions, users)
        return data, self._beside(found)

    def _tweet(self, tweet: Tweet, section: str) -> dict[str, object]:
        shown = self._selection.show_tweet(tweet)
        if "username" in self._selection.expansions:
            author = self._world.user(tweet.author_id)
            shown["username"] = author.username if author is not None else None
        for name, get in self._selection.private:
            if tweet.author_id == self._viewer:
                shown[name] = get(tweet)
            else:
                self._hide(name, "tweet", str(tweet.id), section)
        return shown

    def _media(self, key: str, owner: int) -> dict[str, object]:
        item = self._world.attachments.media[key]
        shown: dict[str, object] = {}
        for name in self._selection.media:
            if name not in item:
                continue
            if name in PRIVATE and owner != self._viewer:
                self._hide(name, "media", key, "includes")
            else:
                shown[name] = item[name]
        return shown

    def _hides(self, user_id: int) -> Absence | None:
        """Tell why a user is missing among the includes, as the quirk wants some to be."""
        if not chance(self._quirks.missing_authors, self._seed, user_id):
            return None
        return _ABSENCES[user_id % len(_ABSENCES)]

    def _hide(self, name: str, resource: str, resource_id: str, section: str) -> None:
        self._errors.append(
            hidden_field(
                self._selection.names.problems,
                name=name,
                resource=resource,
                resource_id=resource_id,
                section=section,
            )
        )

    def _beside(self, found: Gathering) -> dict[str, object]:
        """Return ``includes`` and ``errors``, each only if there is anything in it."""
        selection, held = self._selection, self._world.attachments
        includes: dict[str, object] = {
            "users": [selection.show_user(user) for user in found.users.values()],
            selection.names.includes_tweets: [
                self._tweet(tweet, "includes") for tweet in found.tweets.values()
            ],
            "media": [self._media(key, owner) for key, owner in found.media.items()],
            "places": [_pick(held.places[key], selection.place) for key in found.places],
            "polls": [_pick(held.polls[key], selection.poll) for key in found.polls],
        }
        self._errors += [
            not_included(
                selection.names.problems,
                expansion=one.expansion,
                value=one.value,
                resource=one.resource,
                why=one.why,
            )
            for one in found.absent
        ]
        filled = {name: group for name, group in includes.items() if group}
        beside: dict[str, object] = {}
        if filled:
            beside["includes"] = filled
        if self._errors:
            beside["errors"] = self._errors
        return beside


def _pick(item: dict[str, object], names: tuple[str, ...]) -> dict[str, object]:
    return {name: item[name] for name in names if name in item}

"""The v1.1 endpoints, which change the same state.

Source: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference
"""

from typing import Final

from twretweet.sandbox import user_view
from twretweet.sandbox.call import Call, State
from twretweet.sandbox.params import is_id
from twretweet.sandbox.people import User
from twretweet.sandbox.reply import Refused, Reply, not_found, v1_error
from twretweet.sandbox.snowflake import first_id, v1_date
from twretweet.sandbox.tweet_view import counts
from twretweet.sandbox.tweets import Entity, Tweet
from twretweet.sandbox.weight import MOST, weight
from twretweet.sandbox.world import World

_TRUE: Final = frozenset({"true", "t", "1"})
_GROUPS: Final = (("hashtags", "text"), ("symbols", "text"), ("user_mentions", ""), ("urls", ""))
_V2_GROUP: Final = {"symbols": "cashtags", "user_mentions": "mentions"}


def retweet(state: State, call: Call) -> Reply:
    """POST /1.1/statuses/retweet/:id.json."""
    tweet = _find(state, call)
    user_id = _updating(state, call)
    made = state.world.retweet(user_id, tweet, first_id(call.incoming.now))
    if made is None:
        return v1_error(403, 327, "You have already retweeted this Tweet.")
    state.updates.count(user_id, call.incoming.now)
    return Reply(200, _Statuses(state.world, user_id, call).show(made))


def unretweet(state: State, call: Call) -> Reply:
    """POST /1.1/statuses/unretweet/:id.json; returns the tweet, retweeted before or not."""
    tweet = _find(state, call)
    user_id = call.caller.user_id or 0
    state.world.undo(user_id, tweet)
    shown = _Statuses(state.world, user_id, call).show(tweet.original or tweet)
    return Reply(200, shown)


def update(state: State, call: Call) -> Reply:
    """POST /1.1/statuses/update.json, as far as it shares a window with retweets."""
    text = call.query.get("status", [""])[0]
    if not text:
        return v1_error(403, 170, "Missing required parameter: status.")
    if weight(text) > MOST:
        return v1_error(403, 186, "Tweet needs to be a bit shorter.")
    user_id = _updating(state, call)
    if text in state.world.recent_texts(user_id):
        # "The update text is compared with the authenticating user's recent Tweets"
        # (POST statuses/update).
        return v1_error(403, 187, "Status is a duplicate.")
    made = state.world.write(user_id, text, first_id(call.incoming.now))
    state.updates.count(user_id, call.incoming.now)
    return Reply(200, _Statuses(state.world, user_id, call).show(made))


def _find(state: State, call: Call) -> Tweet:
    text = call.arguments["id"]
    if not is_id(text):
        raise Refused(not_found(call.incoming.path))
    tweet = state.world.tweet(int(text))
    if tweet is None:
        raise Refused(v1_error(404, 144, "No status found with that ID."))
    return tweet


def _updating(state: State, call: Call) -> int:
    """Return who posts, unless they have posted too much today."""
    user_id = call.caller.user_id or 0
    if state.updates.exhausted(user_id, call.incoming.now):
        raise Refused(v1_error(403, 185, "User is over daily status update limit."))
    return user_id


class _Statuses:
    """Shows tweets as v1.1 does.

    Args:
        world: where the users are.
        viewer: who looks; ``retweeted`` speaks of them.
        call: says whether users come as ids alone, and texts with their names of today.
    """

    __slots__ = ("_extended", "_trim", "_viewer", "_world")

    def __init__(self, world: World, viewer: int, call: Call) -> None:
        self._world = world
        self._viewer = viewer
        self._trim = call.query.get("trim_user", [""])[0] in _TRUE
        self._extended = call.query.get("tweet_mode", [""])[0] == "extended"

    def show(self, tweet: Tweet) -> dict[str, object]:
        """Return the status object of ``tweet``, with its original inside if it is a retweet."""
        reply_to = tweet.replied_to
        author = self._world.user(reply_to[1]) if reply_to is not None else None
        quoted = (tweet.original or tweet).quoted
        shown: dict[str, object] = {
            "created_at": v1_date(tweet.created_ms),
            "id": tweet.id,
            "id_str": str(tweet.id),
            **self._text(tweet),
            "truncated": False,
            "entities": _entities(tweet),
            "source": '<a href="https://example.com" rel="nofollow">X for Sandboxes</a>',
            "in_reply_to_status_id": reply_to[0] if reply_to else None,
            "in_reply_to_status_id_str": str(reply_to[0]) if reply_to else None,
            "in_reply_to_user_id": reply_to[1] if reply_to else None,
            "in_reply_to_user_id_str": str(reply_to[1]) if reply_to else None,
            "in_reply_to_screen_name": author.username if author is not None else None,
            "user": self._user(tweet.author_id),
            "geo": None,
            "coordinates": None,
            "place": None,
            "contributors": None,
            "is_quote_status": quoted is not None,
            "retweet_count": len(tweet.retweets),
            "favorite_count": counts(tweet.original or tweet, "retweet_count")["like_count"],
            "favorited": False,
            "retweeted": tweet.retweets.by_user(self._viewer) is not None,
            "lang": "en",
        }
        if quoted is not None:
            shown["quoted_status_id"] = quoted[0]
            shown["quoted_status_id_str"] = str(quoted[0])
        if tweet.original is not None:
            shown["retweeted_status"] = self.show(tweet.original)
        return shown

    def _text(self, tweet: Tweet) -> dict[str, object]:
        if not self._extended:
            return {"text": tweet.text}
        return {"full_text": tweet.text, "display_text_range": (0, len(tweet.text))}

    def _user(self, user_id: int) -> dict[str, object]:
        user = self._world.user(user_id)
        if self._trim or user is None:
            return {"id": user_id, "id_str": str(user_id)}
        return _profile(user)


def _profile(user: User) -> dict[str, object]:
    return {
        "id": user.id,
        "id_str": str(user.id),
        "name": user.name,
        "screen_name": user.username,
        "location": user_view.location(user) or "",
        "description": user_view.description(user),
        "url": None,
        "protected": False,
        "followers_count": user_view.followers(user),
        "friends_count": user_view.following_count(user),
        "listed_count": user_view.listed_count(user),
        "created_at": v1_date(user.created_ms),
        "favourites_count": user_view.like_count(user),
        "verified": user_view.verified_type(user) != "none",
        "statuses_count": user_view.tweet_count(user),
        "profile_image_url_https": user_view.image(user),
        "default_profile": True,
        "following": False,
    }


def _entities(tweet: Tweet) -> dict[str, object]:
    """Write entities as v1.1 does: other names, and a range as ``indices``."""
    shown: dict[str, object] = {}
    for group, tag in _GROUPS:
        entries = (tweet.entities or {}).get(_V2_GROUP.get(group, group), [])
        shown[group] = [_entity(entry, tag) for entry in entries]
    return shown


def _entity(entry: Entity, tag: str) -> dict[str, object]:
    indices = {"indices": (entry["start"], entry["end"])}
    if tag:
        return {tag: entry["tag"], **indices}
    if "username" in entry:
        number = str(entry["id"])
        return {"screen_name": entry["username"], "id": int(number), "id_str": number, **indices}
    return {"url": entry["url"], "expanded_url": entry["expanded_url"], **indices}

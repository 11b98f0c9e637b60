"""What X shows of a user, field by field.

A field that a user has nothing for is absent, not null.
Source: https://docs.x.com/x-api/fundamentals/data-dictionary#user
"""

from collections.abc import Callable
from typing import Final, TypeAlias

from twretweet.sandbox.people import User
from twretweet.sandbox.snowflake import iso

UserGetter: TypeAlias = Callable[[User], object]
"""Reads one field; ``None`` means that the user has none."""

_PLACES: Final = (
    "Lagos", "Osaka", "Lisbon", "São Paulo", "Berlin", "Mumbai", "Toronto", "Nairobi", "Oslo",
    "Mexico City", "Jakarta", "127.0.0.1", "Wien", "Istanbul", "Kraków", "Cape Town",
)  # fmt: skip
_TRADES: Final = (
    "Builds bridges", "Writes compilers", "Grows tomatoes", "Teaches physics", "Paints ships",
    "Runs marathons", "Repairs clocks", "Sails", "Plays the oud", "Reads everything",
    "Bakes bread", "Maps caves", "Debugs for a living", "Keeps bees", "Draws comics", "Sings",
)  # fmt: skip


def verified_type(user: User) -> str:
    """Return which badge the user has, ``"none"`` without one."""
    ticket = (user.bits >> 20) % 200
    if ticket >= 24:  # noqa: PLR2004  # 12% have a badge, next to all of them a blue one
        return "none"
    return {0: "government", 1: "business", 2: "business"}.get(ticket, "blue")


def followers(user: User) -> int:
    """Return how many follow the user: a few for most, millions for some."""
    if user.followers is not None:
        return user.followers
    return int(2 ** ((user.bits >> 24 & 0xFFFF) / 0xFFFF * 22)) - 1


def description(user: User) -> str:
    """Return the text of the profile."""
    if user.description is not None:
        return user.description
    trade = _TRADES[(user.bits >> 40) % len(_TRADES)]
    return f"{trade}. #{user.name.split()[0]} in {_PLACES[(user.bits >> 44) % len(_PLACES)]}."


def location(user: User) -> str | None:
    """Return where the user says to be; a third say nothing."""
    return _PLACES[(user.bits >> 44) % len(_PLACES)] if (user.bits >> 48) % 3 else None


def image(user: User) -> str:
    """Return the address of the user's picture."""
    return f"https://pbs.twimg.com/profile_images/{user.id}/{user.username}_normal.jpg"


def following_count(user: User) -> int:
    """Return how many the user follows."""
    return (user.bits >> 12) % 1900


def tweet_count(user: User) -> int:
    """Return how many tweets the user wrote."""
    return 1 + (user.bits >> 30) % 48_000


def listed_count(user: User) -> int:
    """Return on how many lists the user is."""
    return followers(user) // 97


def like_count(user: User) -> int:
    """Return how many tweets the user liked."""
    return (user.bits >> 34) % 90_000


def _counts(user: User, tweets_name: str) -> dict[str, int]:
    return {
        "followers_count": followers(user),
        "following_count": following_count(user),
        tweets_name: tweet_count(user),
        "listed_count": listed_count(user),
        "like_count": like_count(user),
        "media_count": (user.bits >> 38) % 700,
    }


def _entities(user: User) -> object:
    text = description(user)
    start = text.find("#")
    if start < 0:
        return None
    end = start + 1
    while end < len(text) and text[end].isalnum():
        end += 1
    return {
        "description": {"hashtags": [{"start": start, "end": end, "tag": text[start + 1 : end]}]}
    }


def _url(user: User) -> object:
    return f"https://t.co/{user.bits % 36**6:010d}" if user.bits & 0x30 == 0 else ""


def _affiliation(user: User) -> object:
    if user.affiliated is None:
        return None
    return {
        "badge_url": "https://pbs.twimg.com/profile_images/badge_bigger.jpg",
        "description": "X Developers",
        "url": "https://x.com/TwitterDev",
        "user_id": [str(user.affiliated)],
    }


def _banner(user: User) -> object:
    address = f"https://pbs.twimg.com/profile_banners/{user.id}/1400000000"
    return address if user.bits & 0xC0 else None


def _pinned(user: User) -> object:
    return None if user.pinned is None else str(user.pinned)


def _recent(user: User) -> object:
    return None if user.recent is None else str(user.recent)


def _nothing(_: User) -> object:
    return None


_BOTH: Final[dict[str, UserGetter]] = {
    "affiliation": _affiliation,
    "confirmed_email": _nothing,
    "connection_status": _nothing,
    "created_at": lambda user: iso(user.created_ms),
    "description": description,
    "entities": _entities,
    "id": lambda user: str(user.id),
    "is_identity_verified": lambda user: verified_type(user) == "government",
    "location": location,
    "name": lambda user: user.name,
    "parody": lambda _: False,
    "profile_banner_url": _banner,
    "profile_image_url": image,
    # Retweets of a protected account are never listed.
    "protected": lambda _: False,
    "receives_your_dm": lambda user: user.bits & 0x1000 == 0,
    "subscription": lambda _: {"subscribes_to_you": False},
    "subscription_type": lambda user: "Premium" if verified_type(user) == "blue" else "None",
    "url": _url,
    "username": lambda user: user.username,
    "verified": lambda user: verified_type(user) != "none",
    "verified_followers_count": lambda user: followers(user) // 9,
    "verified_type": verified_type,
    "withheld": _nothing,
}

TWEET_USER_GETTERS: Final[dict[str, UserGetter]] = {
    **_BOTH,
    "most_recent_tweet_id": _recent,
    "pinned_tweet_id": _pinned,
    "public_metrics": lambda user: _counts(user, "tweet_count"),
}
POST_USER_GETTERS: Final[dict[str, UserGetter]] = {
    **_BOTH,
    "most_recent_post_id": _recent,
    "pinned_post_id": _pinned,
    "public_metrics": lambda user: _counts(user, "post_count"),
    "subscribes_to_you": lambda _: False,
}

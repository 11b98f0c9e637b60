"""The lines of a snapshot, a struct each; what they mean tells ``snapshot.py``."""

from datetime import UTC, datetime
from typing import Final, TypeAlias, get_args

import msgspec

from twretweet.sandbox.params import is_id
from twretweet.sandbox.snowflake import BEYOND

VERSION: Final = 1
_X_BEGAN_MS: Final = 1_136_073_600_000
_LAST_MS: Final = 3_470_000_000_000


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    pass


class SandboxLine(_Line, frozen=True, tag="sandbox", omit_defaults=True):
    """What the rest follows from."""

    version: int = VERSION
    seed: int | None = None
    latest_id: str = "0"
    population: int = 0
    signed_in: int | None = None
    """How many OAuth 1.0a tokens people have signed in for. Where it is told, the lines say of
    every token whether it is good; else those are that an account begins with."""
    app_tokens: int = 0
    app_signed_out: bool = False
    retweets_per_second: float | None = None
    ahead: float = 0.0
    """By how many seconds the clock had been moved on."""


class AccountLine(_Line, frozen=True, tag="account", omit_defaults=True):
    """A user that can sign in."""

    username: str | None = None
    user_id: str | None = None
    scopes: list[str] | None = None


class UserLine(_Line, frozen=True, tag="user", omit_defaults=True):
    """A user that can't sign in, and can write and retweet."""

    username: str
    id: str | None = None
    name: str | None = None
    description: str | None = None
    followers: int | None = None
    created_at: str | None = None


class Recipe(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the retweets of the crowd follow from."""

    crowd: int
    first: str
    gap: str
    seed: int


class TweetLine(_Line, frozen=True, tag="tweet", omit_defaults=True):
    """A tweet; one that every sandbox has keeps what else it has."""

    id: str | None = None
    text: str = "Hello, sandbox!"
    author: str | None = None
    author_id: str | None = None
    created_at: str | None = None
    quotes: str | None = None
    replies_to: str | None = None
    retweets: int | Recipe = 0


class RetweetLine(_Line, frozen=True, tag="retweet", omit_defaults=True):
    """A retweet that somebody made."""

    tweet_id: str
    user_id: str | None = None
    username: str | None = None
    id: str | None = None


class WindowLine(_Line, frozen=True, tag="window"):
    """A window that is open."""

    key: list[str]
    limit: int
    used: int
    end: int


class TokenLine(_Line, frozen=True, tag="token", omit_defaults=True):
    """An OAuth 1.0a access token that is good: the number says which, the seed the rest."""

    user_id: str
    number: int | None = None


class Access(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An OAuth 2.0 access token, by its hash; without an end it does not expire."""

    handle: str
    expires_at: float | None = None


class Refresh(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A refresh token, by its hash."""

    handle: str
    used: bool = False
    revoked: bool = False


class SignInLine(_Line, frozen=True, tag="sign_in", omit_defaults=True):
    """What descends from one OAuth 2.0 sign-in."""

    user_id: str
    client_id: str
    scopes: list[str]
    revoked: bool = False
    access: list[Access] = []
    refresh: list[Refresh] = []


class UpdatesLine(_Line, frozen=True, tag="updates"):
    """How much somebody has posted in a day."""

    user_id: str
    used: int
    end: int


class CostLine(_Line, frozen=True, tag="cost"):
    """What everything has cost, in thousandths of a US dollar, and the posts read on each day.

    Days are counted from the epoch.
    """

    thousandths: int
    today: int
    posts: dict[int, int]


class ReadLine(_Line, frozen=True, tag="read", omit_defaults=True):
    """What was read today, so that it is not charged again."""

    posts: list[str] = []
    users: list[str] = []


Line: TypeAlias = (
    SandboxLine
    | AccountLine
    | UserLine
    | TweetLine
    | RetweetLine
    | WindowLine
    | TokenLine
    | SignInLine
    | UpdatesLine
    | CostLine
    | ReadLine
)
TYPES: Final = tuple(str(line.__struct_config__.tag) for line in get_args(Line))
"""The types of lines that there are."""


def an_id(name: str, text: str) -> int:
    """Read an id.

    Raises:
        ValueError: it is none.
    """
    if not is_id(text) or int(text) >= BEYOND:
        raise ValueError(f"{name} is {text!r}: it must be a number of up to 19 digits")
    return int(text)


def a_moment(text: str) -> int:
    """Read a time as v2 writes it, and return its milliseconds since the epoch.

    Raises:
        ValueError: it is none, or before X.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.min
    ms = round(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
    if not _X_BEGAN_MS <= ms < _LAST_MS:
        raise ValueError(
            f"created_at is {text!r}: it must be like 2021-01-06T18:40:40.000Z, of 2006 or later"
        )
    return ms

"""From structs to rows: plain dicts in the API's own names, ready to be written.

Not ``msgspec.to_builtins``: the structs leave out what equals its default, and so a count of 0 or
an entity that starts at 0 would be missing from the row.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias, cast

import msgspec

from twretweet.models import Tweet, User

Row: TypeAlias = dict[str, object]


def tweet_row(tweet: Tweet, *, author: bool) -> Row:
    """A tweet as a row.

    Args:
        tweet: what X sent.
        author: whether to join the author, who is ``None`` where X left the user out.
    """
    row = _struct(tweet)
    if author:
        row["author"] = None if tweet.author is None else _struct(tweet.author)
    return row


def user_row(user: User) -> Row:
    """A user as a row."""
    return _struct(user)


def _struct(value: msgspec.Struct) -> Row:
    row: Row = {}
    kind = type(value)
    names = zip(
        kind.__struct_fields__,
        kind.__struct_encode_fields__,
        kind.__struct_defaults__,
        strict=True,
    )
    for name, api_name, default in names:
        part: object = getattr(value, name)
        # The default stands for what X left out; only a number can be both default and sent.
        if part != default or isinstance(part, int | float):
            row[api_name] = _plain(part)
    return row


def _plain(value: object) -> object:
    if isinstance(value, msgspec.Struct):
        return _struct(value)
    if isinstance(value, datetime):
        # As X writes it: 2021-01-06T18:40:40.000Z
        moment = value.astimezone(UTC).replace(tzinfo=None)
        return f"{moment.isoformat(timespec='milliseconds')}Z"
    if isinstance(value, tuple | list):
        return [_plain(part) for part in cast("Sequence[object]", value)]
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in cast("dict[object, object]", value).items()}
    return value

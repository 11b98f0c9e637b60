"""From structs to rows: plain dicts in the API's own names, ready to be written.

Not ``msgspec.to_builtins``: the structs leave out what equals its default, and so a count of 0 or
an entity that starts at 0 would be missing from the row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TypeAlias, cast

import msgspec

from twretweet.cli.export.joins import JOINS, OF_REFERENCED, REFERENCED, Found, Join
from twretweet.models import Tweet, User
from twretweet.query import TweetQuery, UserQuery

Row: TypeAlias = dict[str, object]


class Rows:
    """Makes the rows of one query.

    Args:
        query: what was asked for; what it expands is joined in.
    """

    def __init__(self, query: TweetQuery | UserQuery) -> None:
        expansions = {name for parameter, name in query.asked if parameter == "expansions"}
        self._joins = [
            join for join in JOINS[query.resource] if not join.expansions.isdisjoint(expansions)
        ]
        self._deeper = [join for name, join in OF_REFERENCED.items() if name in expansions]

    def row(self, item: Tweet | User) -> Row:
        """An item as a row; a joined object that X left out is ``None``, or not in its list."""
        row = _struct(item)
        for join in self._joins:
            deeper = self._deeper if join.key == REFERENCED else ()
            row[join.key] = _joined(join.find(item), deeper)
        return row


def _joined(found: Found, deeper: Sequence[Join]) -> object:
    if found is None:
        return None
    if not isinstance(found, tuple):
        return _struct(found)
    rows = [_struct(each) for each in found]
    for join in deeper:
        for each, row in zip(found, rows, strict=True):
            if isinstance(each, Tweet):
                row[join.key] = _joined(join.find(each), ())
    return rows


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

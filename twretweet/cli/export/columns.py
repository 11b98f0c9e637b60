"""The columns of a table, from the query alone: the same for an empty export and a resumed one.

CSV and Parquet have them. Rows are objects within objects; here an object's fields become columns
of their own, named by the way to them (``author.public_metrics.followers_count``), while lists of
objects stay whole, as JSON. What X sends without being asked is in JSON Lines only, as far as the
models know it: a table can't grow a column half-way.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

import msgspec
from msgspec import inspect

from twretweet.cli.export.joins import JOINS
from twretweet.models import Place, Tweet, User
from twretweet.query import TweetQuery, UserQuery

Kind: TypeAlias = Literal["text", "integer", "number", "boolean", "time", "texts", "json"]

# X sends these without being asked.
_ALWAYS: dict[type[msgspec.Struct], tuple[str, ...]] = {
    Tweet: ("id", "text"),
    User: ("id", "username", "name"),
    Place: ("id", "full_name"),
}
_FIRST = ("id", "created_at", "username", "name", "text")
# An expansion makes X send the field that it goes by.
# Source: https://docs.x.com/x-api/fundamentals/expansions
_IMPLIED = {
    "author_id": "author_id",
    "in_reply_to_user_id": "in_reply_to_user_id",
    "referenced_tweets.id": "referenced_tweets",
    "referenced_tweets.id.author_id": "referenced_tweets",
    "attachments.media_keys": "attachments",
    "attachments.media_source_tweet": "attachments",
    "attachments.poll_ids": "attachments",
    "geo.place_id": "geo",
    "edit_history_tweet_ids": "edit_history_tweet_ids",
    "pinned_tweet_id": "pinned_tweet_id",
    "most_recent_tweet_id": "most_recent_tweet_id",
    "affiliation.user_id": "affiliation",
}
_KINDS: dict[type[inspect.Type], Kind] = {
    inspect.StrType: "text",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.BoolType: "boolean",
    inspect.DateTimeType: "time",
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column.

    Args:
        path: the keys that lead to its value in a row.
        kind: what its values are.
    """

    path: tuple[str, ...]
    kind: Kind

    @property
    def name(self) -> str:
        """The keys, joined by dots."""
        return ".".join(self.path)


def columns(query: TweetQuery | UserQuery) -> tuple[Column, ...]:
    """The columns for what ``query`` asks: the item's own first, then what is joined to it."""
    asked: dict[str, set[str]] = {}
    for parameter, name in query.asked:
        asked.setdefault(parameter, set()).add(name)
    expansions = asked.get("expansions", set())
    fields: dict[type[msgspec.Struct], set[str]] = {
        Tweet: asked.get("tweet.fields", set()),
        User: asked.get("user.fields", set()),
        Place: asked.get("place.fields", set()),
    }
    model = Tweet if query.resource == "tweet" else User
    implied = {_IMPLIED[name] for name in expansions if name in _IMPLIED}
    found = [*_of_model(model, fields[model] | implied, ())]
    for join in JOINS[query.resource]:
        if join.expansions.isdisjoint(expansions):
            continue
        if join.model is None:
            found.append(Column((join.key,), "json"))
        else:
            found += _of_model(join.model, fields.get(join.model, set()), (join.key,))
    return tuple(found)


def cell(row: dict[str, object], column: Column) -> object:
    """The value of ``column`` in ``row``; ``None`` where it has none."""
    value: object = row
    for key in column.path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType]
    return value  # pyright: ignore[reportUnknownVariableType]


def _of_model(
    model: type[msgspec.Struct], asked: Collection[str], above: tuple[str, ...]
) -> Iterator[Column]:
    names = {*_ALWAYS[model], *asked}
    fields = {field.encode_name: field.type for field in _fields(model)}
    for name in sorted(names & fields.keys(), key=lambda name: (_rank(name), name)):
        yield from _of_type(fields[name], (*above, name))


def _of_type(kind: inspect.Type, path: tuple[str, ...]) -> Iterator[Column]:
    kind = _required(kind)
    if isinstance(kind, inspect.StructType):
        for field in _known(kind.fields):
            yield from _of_type(field.type, (*path, field.encode_name))
    elif isinstance(kind, inspect.VarTupleType) and isinstance(kind.item_type, inspect.StrType):
        yield Column(path, "texts")
    else:
        yield Column(path, _KINDS.get(type(kind), "json"))


def _required(kind: inspect.Type) -> inspect.Type:
    """The type of a field, were it there."""
    if not isinstance(kind, inspect.UnionType):
        return kind
    some = [each for each in kind.types if not isinstance(each, inspect.NoneType)]
    return some[0] if len(some) == 1 else kind


def _fields(model: type[msgspec.Struct]) -> tuple[inspect.Field, ...]:
    described = inspect.type_info(model)
    return _known(described.fields) if isinstance(described, inspect.StructType) else ()


def _known(fields: tuple[inspect.Field, ...]) -> tuple[inspect.Field, ...]:
    # An underscore is in front of what only guards against the other vocabulary.
    return tuple(field for field in fields if not field.name.startswith("_"))


def _rank(name: str) -> int:
    return _FIRST.index(name) if name in _FIRST else len(_FIRST)

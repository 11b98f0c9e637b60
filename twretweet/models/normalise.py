"""Bring a reply that the structs can't read at once into the shape that they can.

X describes its replies twice, and keeps to neither description to the letter. So a reply that
does not decode as it is (:mod:`twretweet.models.decode`) is levelled first:

- names of the post vocabulary become those of the tweet vocabulary;
- ``null`` means left out;
- numbers sent as strings become numbers, and ids sent as numbers become strings;
- a timestamp without an offset is UTC, one in the form of v1.1 is read, and one that can't be
  read is left out;
- where the OpenAPI files disagree about a shape, the richer one wins;
- of a v1.1 id, sent as a number and as a string, the string is kept.

What each field should be is read off the structs themselves, so nothing here lists fields. What
is not known how to level stays as it is, and decoding says what is wrong with it. Levelling what
is level changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final, TypeAlias, cast

import msgspec
from msgspec import inspect

from twretweet.models.base import TWINS, PostName
from twretweet.models.entities import UrlEntity
from twretweet.models.metrics import MediaPrivateMetrics, TweetPrivateMetrics
from twretweet.models.parts import SuggestedSourceLink
from twretweet.models.status import Status
from twretweet.models.usage import Usage, UsageDay

Leveller: TypeAlias = Callable[[object], object]

# A value that the reply is better read without. (None would do, but is what X sends.)
ABSENT: Final = None

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_V1_TIMESTAMP = re.compile(
    r"[A-Za-z]{3} (?P<month>[A-Z][a-z]{2}) (?P<day>\d{1,2}) (?P<clock>\d\d:\d\d:\d\d) "
    r"(?P<hours>[+-]\d\d)(?P<minutes>\d\d) (?P<year>\d{4})",
    re.ASCII,
)
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)

# OpenAPI 2.167 describes the private metrics as objects of anything, and the numbers of the usage
# as strings: a count in one of these that is none is left out.
_OF_LOOSE_COUNTS = (
    TweetPrivateMetrics,
    MediaPrivateMetrics,
    Usage,
    UsageDay,
)


def leveller(kind: type[object]) -> Leveller:
    """Make the function that levels replies of ``kind``, a struct."""
    return _for_type(inspect.type_info(kind), {})


def _for_type(kind: inspect.Type, known: dict[type, Leveller]) -> Leveller:
    match kind:
        case inspect.StructType():
            return known.get(kind.cls) or _for_struct(kind, known)
        case inspect.VarTupleType(item_type=item):
            return _for_array(item, known)
        case inspect.DictType(value_type=inspect.VarTupleType() as item):
            return _for_table(item, known)
        case inspect.UnionType(types=choices):
            concrete = [choice for choice in choices if not isinstance(choice, inspect.NoneType)]
            return _for_type(concrete[0], known) if len(concrete) == 1 else _same
        case inspect.StrType():
            return _text
        case inspect.IntType():
            return _integer
        case inspect.FloatType():
            return _number
        case inspect.DateTimeType():
            return _moment
        case inspect.Metadata(type=inner):
            return _for_type(inner, known)
        case _:
            return _same


def _for_struct(kind: inspect.StructType, known: dict[type, Leveller]) -> Leveller:
    # What arrives under a name: the name it gets, the type that is level already, the leveller.
    members: dict[str, tuple[str, type, Leveller]] = {}
    prepare = _prepare(kind.cls)

    def level(value: object) -> object:
        value = prepare(value)
        if not isinstance(value, dict):
            return value
        levelled: dict[str, object] = {}
        for key, part in cast("dict[str, object]", value).items():
            member = members.get(key)
            if member is None:
                continue
            name, exact, level_part = member
            if type(part) is exact:
                levelled[name] = part
            elif (new := level_part(part)) is not ABSENT:
                levelled[name] = new
        return levelled

    known[kind.cls] = level  # before its fields: a status holds a status
    for field in kind.fields:
        name = field.encode_name
        level_part = _for_type(field.type, known)
        if level_part is _integer and kind.cls in _OF_LOOSE_COUNTS:
            level_part = _count
        members[name] = (name, _EXACT.get(level_part, PostName), level_part)
    for post, tweet in TWINS.items():
        if post in members:
            members[post] = members[tweet]
    return level


def _prepare(cls: type) -> Leveller:
    if cls is UrlEntity:
        return _url_entity
    return _v1_object if cls.__module__ == Status.__module__ else _same


def _for_array(item: inspect.Type, known: dict[type, Leveller]) -> Leveller:
    level_item = _for_type(item, known)
    # 2.159 sends one object where 2.167 sends a list of them.
    lone = isinstance(item, inspect.StructType) and item.cls is SuggestedSourceLink

    def level(value: object) -> object:
        if lone and isinstance(value, dict):
            value = [cast("object", value)]
        if not isinstance(value, list):
            return value
        parts = map(level_item, cast("list[object]", value))
        return [part for part in parts if part is not ABSENT]

    return level


def _for_table(item: inspect.Type, known: dict[type, Leveller]) -> Leveller:
    level_item = _for_type(item, known)

    def level(value: object) -> object:
        if not isinstance(value, dict):
            return value
        parts = ((key, level_item(part)) for key, part in cast("dict[str, object]", value).items())
        return {key: part for key, part in parts if part is not ABSENT}

    return level


def _same(value: object) -> object:
    return value


def _text(value: object) -> object:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return value


def _integer(value: object) -> object:
    if isinstance(value, str) and _INTEGER.fullmatch(value.strip()):
        return int(value)
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def _count(value: object) -> object:
    number = _integer(value)
    return number if type(number) is int else ABSENT


def _number(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return float(value)
    except ValueError:
        return value


def _moment(value: object) -> object:
    if isinstance(value, datetime):
        return value
    return timestamp(value) if isinstance(value, str) else ABSENT


def timestamp(text: str) -> datetime | None:
    """Read a timestamp of v2 or v1.1; ``None`` where it is neither.

    v2 sends ``2021-01-06T18:40:40.000Z``, v1.1 ``Wed Jan 06 18:40:40 +0000 2021``. Without an
    offset it is UTC.
    """
    try:
        moment = msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return _v1_timestamp(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _v1_timestamp(text: str) -> datetime | None:
    # Not strptime: its names of months are those of the machine's language.
    found = _V1_TIMESTAMP.fullmatch(text)
    if not found or found["month"] not in _MONTHS:
        return None
    month = _MONTHS.index(found["month"]) + 1
    try:
        return datetime.fromisoformat(
            f"{found['year']}-{month:02}-{int(found['day']):02}"
            f"T{found['clock']}{found['hours']}:{found['minutes']}"
        )
    except ValueError:
        return None


def _url_entity(value: object) -> object:
    # 2.167 sends the bare address where 2.159 sends an entity.
    return {"url": value} if isinstance(value, str) else value


def _v1_object(value: object) -> object:
    """Put the exact ids of a v1.1 reply, and its full text, under the plain names."""
    if isinstance(value, dict):
        fields = cast("dict[str, object]", value)
        strings = {
            name.removesuffix("_str"): part
            for name, part in fields.items()
            if name.endswith("_str") and part is not None
        }
        full = {"text": fields["full_text"]} if fields.get("full_text") else {}
        return fields | strings | full
    return value


# Most parts of most replies are level already; for these no function is called.
_EXACT: Final[Mapping[Leveller, type]] = MappingProxyType(
    {_text: str, _integer: int, _count: int, _number: float}
)

"""Nothing that X describes is without a field here."""

import re
import typing
from collections.abc import Iterator
from typing import cast

import msgspec
import pytest
from msgspec import inspect

from tests.models.openapi import FILES, Schema, Spec, spec
from tests.support.described import reference_page
from twretweet.models import Includes, Media, Place, Poll, Problem, Tweet, Usage, User
from twretweet.models.base import TWINS, PostName
from twretweet.models.page import Meta
from twretweet.models.resources import Topic

STRUCTS: dict[str, type[msgspec.Struct]] = {
    "Expansions": Includes,
    "Media": Media,
    "AnimatedGif": Media,
    "Photo": Media,
    "Video": Media,
    "Place": Place,
    "Poll": Poll,
    "Post": Tweet,
    "Topic": Topic,
    "Tweet": Tweet,
    "Usage": Usage,
    "User": User,
}


def struct_in(kind: inspect.Type) -> inspect.StructType | None:
    """The struct that a field holds: itself, an optional one or one of many."""
    match kind:
        case inspect.StructType():
            return kind
        case inspect.VarTupleType(item_type=item):
            return struct_in(item)
        case inspect.UnionType(types=choices):
            return next(filter(None, map(struct_in, choices)), None)
        case _:
            return None


def missing(
    description: Spec, schema: Schema, kind: inspect.StructType, path: str
) -> Iterator[str]:
    """The properties of ``schema`` for which ``kind`` has no field, nor its parts theirs."""
    flat = description.flat(schema)
    while flat.get("type") == "array":
        flat = description.flat(cast("Schema", flat["items"]))
    if "oneOf" in flat:
        flat = description.flat(cast("list[Schema]", flat["oneOf"])[0])
    fields = {field.encode_name: field for field in kind.fields}
    for name, part in cast("dict[str, Schema]", flat.get("properties", {})).items():
        field = fields.get(TWINS.get(name, name))
        if field is None or name not in fields:
            yield f"{path}.{name}"
        elif (inner := struct_in(field.type)) is not None:
            yield from missing(description, part, inner, f"{path}.{name}")


@pytest.mark.parametrize("file", FILES, ids=["tweet", "post"])
def test_every_property_of_the_schemas_has_a_field(file: str):
    description = spec(file)
    schemas = cast("dict[str, Schema]", description.at("#/components/schemas"))
    kinds = STRUCTS | {name: Problem for name in schemas if name.endswith("Problem")}
    lost = [
        path
        for name, kind in kinds.items()
        if name in schemas
        for path in missing(
            description, schemas[name], cast("inspect.StructType", inspect.type_info(kind)), name
        )
    ]
    assert lost == []


@pytest.mark.parametrize("file", FILES, ids=["tweet", "post"])
def test_every_property_of_a_pages_meta_has_a_field(file: str):
    description = spec(file)
    reply = description.reply("get", "/2/tweets/{id}/retweets", "200")
    meta = cast("dict[str, Schema]", description.flat(reply)["properties"])["meta"]
    kind = cast("inspect.StructType", inspect.type_info(Meta))
    assert list(missing(description, meta, kind, "meta")) == []


def test_every_field_of_the_reference_page_has_a_field():
    page = reference_page()
    _, _, table = page.read_text(encoding="utf-8").partition("Response fields")
    names = re.findall(r"^([a-z_.]+)(?: Default)? \| ", table, re.MULTILINE)
    assert len(names) > 90
    lost = [name for name in names if name != "errors" and not reaches(Tweet, name.split("."))]
    assert lost == []


def reaches(kind: type, path: list[str]) -> bool:
    if path[0] == "includes":
        kind, path = Includes, path[1:]
    here: inspect.StructType | None = cast("inspect.StructType", inspect.type_info(kind))
    for name in path:
        fields = {field.encode_name: field for field in here.fields} if here else {}
        if name not in fields:
            return False
        here = struct_in(fields[name].type)
    return True


def test_each_post_name_trips_where_its_twin_stands():
    for kind in structs_below(cast("inspect.StructType", inspect.type_info(Includes)), set()):
        names = {field.encode_name: field for field in kind.fields}
        for post, tweet in TWINS.items():
            assert (post in names) <= (tweet in names), (kind.cls, post)
            if tweet in names and kind.cls.__module__ != "twretweet.models.status":
                tripwire = names[post].type
                assert isinstance(tripwire, inspect.CustomType)
                assert tripwire.cls is PostName


def structs_below(kind: inspect.StructType, seen: set[type]) -> Iterator[inspect.StructType]:
    if kind.cls in seen:
        return
    seen.add(kind.cls)
    yield kind
    for field in kind.fields:
        if (inner := struct_in(field.type)) is not None:
            yield from structs_below(inner, seen)


def test_every_struct_is_frozen_untracked_and_without_lists():
    for root in (Tweet, Includes, Problem, Usage):
        info = cast("inspect.StructType", inspect.type_info(root))
        for kind in structs_below(info, set()):
            config = kind.cls.__struct_config__
            assert config.frozen, kind.cls
            assert not config.gc, kind.cls
            hints = typing.get_type_hints(kind.cls)
            assert not [name for name, hint in hints.items() if "list[" in str(hint)]

"""What faults do to the body of a reply that is otherwise right."""

from collections.abc import Callable, Iterable
from typing import Final, TypeAlias, cast

import msgspec

from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.kinds import FaultKind, Trait

Json: TypeAlias = dict[str, object]

_NEWS: Final = "sandbox_news"
_SOMETHING: Final = "something_new"
# The fields whose values the OpenAPI files list one by one, wherever they occur.
_ENUMERATIONS: Final = frozenset(
    {
        "connection_status",
        "media_key_type",
        "place_type",
        "reply_settings",
        "section",
        "subscription_type",
        "type",
        "verified_type",
        "voting_status",
    }
)


def traits(body: Json | bytes) -> Iterable[Trait]:
    """Tell what there is in a body for faults to change.

    Args:
        body: before it is encoded; what is bytes already is a page of HTML, a form or nothing.
    """
    if isinstance(body, bytes):
        return
    yield "object"
    if body.get("includes"):
        yield "includes"
    if "next_token" in cast("Json", body.get("meta", {})):
        yield "next"
    if any(_enumerated(each) for each in _objects(body)):
        yield "values"


def change(faults: Iterable[Fault], body: bytes, *, token: str) -> bytes:
    """Return the body as faults leave it.

    Args:
        faults: those of the stage ``body``.
        body: JSON; anything else is returned as it is.
        token: the page token that the request carried.
    """
    try:
        content = msgspec.json.decode(body, type=Json)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body
    for fault in faults:
        _CHANGES[fault.kind](content, token)
    return msgspec.json.encode(content)


def _repeat_token(content: Json, token: str) -> None:
    meta = content.get("meta")
    if isinstance(meta, dict):
        meta["next_token"] = token


def _drop_includes(content: Json, _: str) -> None:
    content.pop("includes", None)


def _add_fields(content: Json, _: str) -> None:
    """Put three unknown fields into every object: text, a list, and an object."""
    for each in list(_objects(content)):
        each[_NEWS] = "There is more than anybody wrote down."
        each[_NEWS + "_ids"] = [1, "2", None]
        each[_NEWS + "_metrics"] = {"count": 1.5, "is_new": True}


def _change_values(content: Json, _: str) -> None:
    for each in _objects(content):
        for name in _enumerated(each):
            each[name] = _SOMETHING


def _enumerated(each: Json) -> list[str]:
    """Return the names of an object's enumerations."""
    return [name for name in _ENUMERATIONS & each.keys() if isinstance(each[name], str)]


def _objects(value: object) -> Iterable[Json]:
    """Go through all objects of a JSON value, outer ones first."""
    if isinstance(value, dict):
        found = cast("Json", value)
        yield found
        for inner in list(found.values()):
            yield from _objects(inner)
    elif isinstance(value, (list, tuple)):
        for inner in cast("Iterable[object]", value):
            yield from _objects(inner)


_CHANGES: Final[dict[FaultKind, Callable[[Json, str], None]]] = {
    "repeated_token": _repeat_token,
    "missing_includes": _drop_includes,
    "unknown_fields": _add_fields,
    "unknown_values": _change_values,
}

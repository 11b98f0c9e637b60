"""Saying what is wrong with something written by hand, in words that name what was written.

msgspec speaks to programmers: of types, in its own notation of paths.
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

_TYPES: Final = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "object": "an object",
    "str": "text",
}
_WHERE: Final = r"(?: - at `\$\.?(.*)`)?"


def plainly(error: ValueError, known: Mapping[str, str] | None = None) -> str:
    """Return what an error says, without msgspec's notation.

    Args:
        error: of msgspec, or any other.
        known: what there is to choose from, by the name that chooses.
    """
    message = str(error)
    for pattern, say in _SAYINGS:
        if found := pattern.fullmatch(message):
            return say(*found.groups(""), known or {})
    return message


def _expected(types: str, _got: str, where: str, _: Mapping[str, str]) -> str:
    wanted = [_TYPES[one] for one in types.split(" | ") if one in _TYPES]
    return f"{where or 'it'} must be {' or '.join(wanted) or types}"


def _invalid(value: str, where: str, known: Mapping[str, str]) -> str:
    there = known.get(where)
    what = f"there is no {where or 'such'} {value}"
    return what if there is None else f"{what}; there are {there}"


def _unknown(name: str, where: str, _: Mapping[str, str]) -> str:
    return f"there is no {name!r} in {where}" if where else f"there is no {name!r}"


def _missing(name: str, where: str, known: Mapping[str, str]) -> str:
    there = known.get(name)
    inside = f" in {where}" if where else ""
    what = f"{name!r} is missing{inside}"
    return what if there is None else f"{what}; there are {there}"


_SAYINGS: Final[tuple[tuple[re.Pattern[str], Callable[..., str]], ...]] = (
    (re.compile(rf"Expected `(.*?)`, got `(.*?)`{_WHERE}"), _expected),
    (re.compile(rf"Invalid (?:enum )?value ('.*?'|\S+){_WHERE}"), _invalid),
    (re.compile(rf"Object contains unknown field `(.*?)`{_WHERE}"), _unknown),
    (re.compile(rf"Object missing required field `(.*?)`{_WHERE}"), _missing),
    (re.compile(r"(Input data was truncated)"), lambda *_: "the JSON ends too early"),
)

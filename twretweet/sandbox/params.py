"""Reading the parameters of a request, and refusing them in X's words.

All that is wrong is gathered and answered at once, as X does.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import parse_qsl

from twretweet.sandbox.fields import Names
from twretweet.sandbox.reply import Refused, invalid_request

_ID: Final = re.compile(r"[0-9]{1,19}", re.ASCII)
_NUMBER: Final = re.compile(r"[0-9]{1,9}", re.ASCII)


def parse_query(text: str) -> dict[str, list[str]]:
    """Split a query string; a name given twice has two values."""
    split: dict[str, list[str]] = {}
    for name, value in parse_qsl(text, keep_blank_values=True, errors="replace"):
        split.setdefault(name, []).append(value)
    return split


def is_id(text: str) -> bool:
    """Tell whether ``text`` has the form of an id (OpenAPI, ``TweetId``)."""
    return _ID.fullmatch(text) is not None


class Parameters:
    """The parameters of one request.

    Args:
        query: what :func:`parse_query` returned.
        names: the vocabulary in which to answer.
    """

    __slots__ = ("_errors", "_names", "_query")

    def __init__(self, query: dict[str, list[str]], names: Names) -> None:
        self._query = query
        self._names = names
        self._errors: list[dict[str, object]] = []

    def expect(self, allowed: Iterable[str]) -> None:
        """Object to every parameter that is not among ``allowed``, or is given twice."""
        known = sorted(allowed)
        for name, values in self._query.items():
            if name not in known:
                listed = ",".join(known)
                self._object(
                    f"The query parameter [{name}] is not one of [{listed}]", name, values
                )
            elif len(values) > 1:
                message = f"The `{name}` query parameter must not be given more than once"
                self._object(message, name, values)

    def id(self, name: str, value: str) -> int:
        """Read an id from the path."""
        if is_id(value):
            return int(value)
        self._object(f"The `{name}` query parameter value [{value}] is not valid", name, [value])
        return 0

    def matching(self, name: str, value: str, pattern: str) -> str:
        """Check a part of the path against a pattern of the OpenAPI file."""
        if re.fullmatch(pattern, value, re.ASCII) is None:
            message = f"The `{name}` query parameter value [{value}] does not match {pattern}"
            self._object(message, name, [value])
        return value

    def words(self, name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
        """Read a comma-separated list, each entry once, in the order given."""
        text = self._one(name)
        if text is None:
            return ()
        if not text:
            self._object(f"The `{name}` query parameter can not be empty", name, [text])
            return ()
        given = tuple(dict.fromkeys(text.split(",")))
        for word in given:
            if word not in allowed:
                listed = ",".join(allowed)
                message = f"The `{name}` query parameter value [{word}] is not one of [{listed}]"
                self._object(message, name, [word])
        return given

    def number(self, name: str, least: int, most: int, *, default: int) -> int:
        """Read a number of a query, ``least`` to ``most``, or ``default`` if it is not there."""
        text = self._one(name)
        if text is None:
            return default
        if _NUMBER.fullmatch(text) is None:
            message = f"The `{name}` query parameter value [{text}] is not a valid integer"
        elif not least <= int(text) <= most:
            message = (
                f"The `{name}` query parameter value [{text}] is not between {least} and {most}"
            )
        else:
            return int(text)
        self._object(message, name, [text])
        return default

    def pagination_token(self) -> str | None:
        """Read the page token as it came."""
        return self._one("pagination_token")

    def refuse_token(self, token: str) -> None:
        """Object to a page token."""
        name = "pagination_token"
        self._object(f"The `{name}` query parameter value [{token}] is not valid", name, [token])

    def settle(self) -> None:
        """Go on if nothing was wrong.

        Raises:
            Refused: something was.
        """
        if self._errors:
            raise Refused(invalid_request(self._names.problems, self._errors))

    def _one(self, name: str) -> str | None:
        values = self._query.get(name)
        return values[0] if values else None

    def _object(self, message: str, name: str, values: list[str]) -> None:
        self._errors.append({"parameters": {name: values}, "message": message})

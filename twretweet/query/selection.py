"""What both builders share: an immutable set of names, and how it becomes parameters."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, Self, cast

from msgspec import Struct
from msgspec.structs import replace

from twretweet.errors import QueryError
from twretweet.query.names import ALIASES, PARAMETERS, PRIVATE_METRICS, Parameter, Resource
from twretweet.query.translate import Ask, spoken
from twretweet.vocabulary import Vocabulary

# Printable ASCII without the comma, which separates the names, and without the space.
_SAFE = r"[!-+\--~]+"
_SHOWN = 80


class Selection(Struct, frozen=True):
    """An immutable query. Two that ask for the same are equal, in whatever order they asked.

    Attributes:
        asked: names of the tables, in the tweet vocabulary.
        passed: names newer than the tables, as they were given.
    """

    resource: ClassVar[Resource]

    asked: frozenset[Ask] = frozenset()
    passed: frozenset[Ask] = frozenset()

    @property
    def private_metrics(self) -> tuple[str, ...]:
        """The private metrics asked for, which an app by itself may not see; sorted."""
        names = {name for _, name in self.asked | self.passed}
        return tuple(sorted(names & PRIVATE_METRICS))

    def raw(self, parameter: Parameter, *names: str) -> Self:
        """Ask for names that are newer than this version; they are sent as they stand.

        Args:
            parameter: where they belong, such as ``"tweet.fields"``. It isn't translated either:
                in the post vocabulary the fields of tweets belong to ``"post.fields"``.
            names: what to ask for.

        Raises:
            QueryError: there is no such parameter, or a name can't stand in a list.
        """
        given = cast("object", parameter)
        if not isinstance(given, str) or given not in PARAMETERS:
            raise QueryError(
                f"{_show(given)} is no parameter of a query; the nearest is "
                f"{_nearest(given, PARAMETERS)!r}"
            )
        for name in cast("tuple[object, ...]", names):
            if not isinstance(name, str) or not re.fullmatch(_SAFE, name, re.ASCII):
                raise QueryError(
                    f"{_show(name)} can't be a name in {parameter}: give printable ASCII without "
                    "spaces and commas, each name as an argument of its own"
                )
        return replace(self, passed=self.passed | {(parameter, name) for name in names})

    def to_params(self, vocabulary: Vocabulary = "tweet") -> dict[str, str]:
        """The query's parameters: keys sorted, names sorted and joined by commas.

        Args:
            vocabulary: the one to speak.

        Raises:
            QueryError: the vocabulary has no word for something that is asked.
        """
        grouped: dict[str, list[str]] = {}
        for parameter, name in sorted(spoken(self.asked, vocabulary, self.resource) | self.passed):
            grouped.setdefault(parameter, []).append(name)
        return {parameter: ",".join(names) for parameter, names in grouped.items()}

    def __repr__(self) -> str:
        shown: dict[str, list[str]] = {}
        for parameter, name in sorted(self.asked | self.passed):
            shown.setdefault(parameter, []).append(name)
        inside = ", ".join(f"{parameter}={','.join(names)}" for parameter, names in shown.items())
        return f"<{type(self).__name__} {inside or 'of nothing beyond the defaults'}>"

    def _and(self, *more: Iterable[Ask]) -> Self:
        return replace(self, asked=self.asked.union(*more))


def wanted(parameter: Parameter, names: Iterable[object], table: frozenset[str]) -> set[Ask]:
    """Check ``names`` of ``parameter`` against ``table``, and give each its tweet name.

    Raises:
        QueryError: one is not in the table.
    """
    asked: set[Ask] = set()
    for name in names:
        if not isinstance(name, str) or name not in table:
            raise _unknown(name, parameter, table)
        asked.add((parameter, ALIASES.get((parameter, name), name)))
    return asked


def _unknown(name: object, parameter: Parameter, table: frozenset[str]) -> QueryError:
    if not isinstance(name, str):
        return QueryError(
            f"{_show(name)} is no name of {parameter}: give each name as a string of its own, "
            f"such as {_nearest(name, table)!r}; a newer name goes through .raw({parameter!r}, …)"
        )
    return QueryError(
        f"{_show(name)} is no name of {parameter}; the nearest is {_nearest(name, table)!r}. "
        f"If it is newer than this version, pass it with .raw({parameter!r}, …)"
    )


def _nearest(name: object, table: frozenset[str]) -> str:
    # A cutoff of 0 always finds one; sorted, so that equals resolve the same way every time.
    text = name if isinstance(name, str) else str(name)
    import difflib  # noqa: PLC0415  for those who misspell a name, and only for them

    return difflib.get_close_matches(text[:_SHOWN].lower(), sorted(table), n=1, cutoff=0.0)[0]


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

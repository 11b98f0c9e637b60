"""Limits and quirks as they are written on a command line."""

from collections.abc import Iterable
from typing import Final, get_args

import msgspec

from twretweet.sandbox.endpoints import Limit, Per
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.wording import plainly

_LIMIT_FORM: Final = (
    "write ENDPOINT=REQUESTS/SECONDS or ENDPOINT=PER:REQUESTS/SECONDS, such as"
    " POST /2/users/:id/retweets=user:17/86400"
)
_QUIRK_FORM: Final = "write NAME=VALUE, such as short_pages=0.2, empty_pages=0+2 or all_empty=true"


def read_limits(texts: Iterable[str]) -> dict[str, list[Limit]]:
    """Read limits, several of which an endpoint may have.

    ::

        POST /2/users/:id/retweets=17/86400
        GET /2/tweets/:id/retweets=app-only:5/900

    Args:
        texts: an endpoint, and after an equals sign whom the limit counts (``user`` if left out,
            ``app-only`` or ``app``), how many requests it allows, and in how many seconds (900 if
            left out).

    Raises:
        ValueError: one can't be read; the message says which, and why.
    """
    limits: dict[str, list[Limit]] = {}
    for text in texts:
        endpoint, equals, rest = text.strip().rpartition("=")
        if not equals or not endpoint.strip():
            lacking = "endpoint" if equals else "'='"
            raise ValueError(f"limit {text!r}: there is no {lacking}; {_LIMIT_FORM}")
        try:
            read = msgspec.convert(_chosen(rest), Limit, strict=False)
        except ValueError as error:
            why = plainly(error, {"per": ", ".join(get_args(Per))})
            raise ValueError(f"limit {text!r}: {why}; {_LIMIT_FORM}") from error
        limits.setdefault(endpoint.strip(), []).append(read)
    return limits


def _chosen(text: str) -> dict[str, str]:
    """Split what stands after the equals sign of a limit."""
    per, colon, numbers = text.rpartition(":")
    requests, slash, seconds = numbers.partition("/")
    chosen = {"per": per.strip() if colon else "user", "requests": requests.strip()}
    return {**chosen, "seconds": seconds.strip()} if slash else chosen


def read_quirks(texts: Iterable[str]) -> Quirks:
    """Read quirks, each as ``NAME=VALUE``; numbers of pages are joined with ``+``.

    Raises:
        ValueError: one can't be read; the message says which, and why.
    """
    chosen: dict[str, str | list[str]] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        known = name in Quirks.__dataclass_fields__
        if not known or name in chosen:
            why = f"{name} is there twice" if known else f"there is no {name!r}"
            there = ", ".join(Quirks.__dataclass_fields__)
            raise ValueError(f"quirk {text!r}: {why}; there are {there}; {_QUIRK_FORM}")
        if name == "empty_pages":
            chosen[name] = [page.strip() for page in value.split("+")]
        else:
            chosen[name] = value if equals else "true"
        try:
            msgspec.convert({name: chosen[name]}, Quirks, strict=False)
        except ValueError as error:
            raise ValueError(f"quirk {text!r}: {plainly(error)}; {_QUIRK_FORM}") from error
    return msgspec.convert(chosen, Quirks, strict=False)

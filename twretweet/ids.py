"""Ids of tweets and users, as people hand them over.

X writes an id as a string of 1 to 19 digits (OpenAPI, ``TweetId`` and ``UserId``), because
JavaScript can't hold it as a number. People have it as digits, as an int, or as the address of
the tweet's page in a browser.
"""

import re
from typing import TypeAlias

from twretweet.errors import QueryError

TweetRef: TypeAlias = str | int

# Patterns are compiled at their first use, since few programs use them all; ``re`` keeps them.
_TWEET_PAGE = (
    r"(?:https?://)?(?:www\.|mobile\.|m\.)?(?:twitter|x)\.com"
    r"/(?:i(?:/web)?|[A-Za-z0-9_]{1,15})/status(?:es)?/([0-9]{1,19})(?:[/?#].*)?"
)
_USERNAME = r"[A-Za-z0-9_]{1,15}"
_MOST_DIGITS = 19
_SHOWN = 80


def tweet_id(value: TweetRef) -> str:
    """Read a tweet id given as digits, as an int, or as the address of the tweet's page.

    Raises:
        QueryError: ``value`` is none of these.
    """
    if isinstance(value, str):
        if is_id(value):
            return value
        text = value.strip()
        if is_id(text):
            return text
        if page := re.fullmatch(_TWEET_PAGE, text, re.ASCII | re.IGNORECASE | re.DOTALL):
            return page[1]
    # bool is an int to Python, but True is no tweet.
    elif type(value) is int and 0 <= value < 10**19:
        return str(value)
    raise QueryError(
        f"{_shown(value)} is not a tweet id: give 1 to 19 digits, an int, or the address of the "
        "tweet's page such as https://x.com/TwitterDev/status/1228393702244134912"
    )


def is_id(text: str) -> bool:
    """Whether ``text`` is 1 to 19 digits."""
    return text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS


def username(value: str) -> str:
    """Read a user's name, with or without the leading ``@``.

    Raises:
        QueryError: it is not 1 to 15 letters, digits and underscores.
    """
    name = value.strip().removeprefix("@")
    if not re.fullmatch(_USERNAME, name, re.ASCII):
        raise QueryError(
            f"{_shown(value)} is not a username: give 1 to 15 letters, digits or underscores"
        )
    return name


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else text[:_SHOWN] + "…"

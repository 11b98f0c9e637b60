"""Addresses that people are sent back to, and what they bring along. Pure."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlsplit

from twretweet.errors import QueryError

_MOST_FIELDS = 50


def check_redirect_uri(name: str, uri: str) -> None:
    """Refuse what can't be an address to come back to.

    Args:
        name: of the argument, for the message.
        uri: the address.

    Raises:
        QueryError: it can't.
    """
    fault = None
    try:
        parts = urlsplit(uri)
    except ValueError:
        parts = urlsplit("")
    if not parts.scheme or not (parts.netloc or parts.path):
        fault = "it must be a whole address, such as http://127.0.0.1:8976/callback"
    elif "#" in uri:
        fault = "it must have no fragment"
    elif not (uri.isascii() and uri.isprintable()) or " " in uri:
        fault = "it must be percent-encoded"
    if fault is not None:
        raise QueryError(f"{name} is {uri!r}: {fault}")


def answer_in(address: str, redirect_uri: str) -> dict[str, str] | None:
    """The parameters that an address adds to the redirect URI.

    Returns:
        ``None`` if it is another address, or a parameter comes twice (against RFC 6749, 3.1).
    """
    base, _, own = redirect_uri.partition("?")
    there, mark, query = address.strip().partition("?")
    if not mark or "#" in query or not same_text(there, base):
        return None
    if own:
        # RFC 6749, section 3.1.2: a query that the redirect URI has stays.
        if not same_text(query[: len(own) + 1], own + "&"):
            return None
        query = query[len(own) + 1 :]
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
        )
    except ValueError:
        return None
    read = dict(pairs)
    return read if len(read) == len(pairs) else None


def same_text(one: str, other: str) -> bool:
    """Compare in full, in a time that does not tell where they differ."""
    # Half characters can't be encoded as they are, and must not raise.
    bytes_of_one, bytes_of_other = (text.encode("utf-8", "surrogatepass") for text in (one, other))
    return hmac.compare_digest(bytes_of_one, bytes_of_other)

"""From the bytes of a reply to structs: three ways, of which the first nearly always does.

1. The typed decoder reads a reply in the tweet vocabulary at the speed of msgspec.
2. A tripwire (:mod:`twretweet.models.base`) tells a reply in the post vocabulary. Its names are
   replaced in the bytes, and the typed decoder reads it again, in about twice the time. In JSON
   the bytes ``"name":`` can only be the name of a member, since a quote inside a text has a
   backslash before it. But objects whose members X does not describe (an article, the properties
   of a place) must stay as they are, so a reply with one of these goes the third way.
3. A reply that doesn't fit the types is parsed to plain objects, levelled
   (:mod:`twretweet.models.normalise`) and converted to the same types, in about six times the
   time.

A reader raises :class:`~twretweet.errors.DecodeError` and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Generic, TypeVar, cast

import msgspec

from twretweet.errors import DecodeError
from twretweet.models.base import TWINS, PostName

T = TypeVar("T")

# msgspec lets Python's own errors through for bytes that are no UTF-8 and for nesting without end;
# its own are no ValueErrors before 0.21.
_UNREADABLE = (msgspec.MsgspecError, ValueError, RecursionError)
_EXCERPT = 200
_FREE_FORM = (b'"article', b'"properties"')
_STEP = r"\.([A-Za-z0-9_]+)|\[(\d+)\]"


# Each name has "post" where its twin has "tweet". The search is for that word, which is rare, and
# only then looks left and right: four times as fast as replacing name by name.
_POST_NAME = b"post(?:%b)" % b"|".join(
    b'(?=%b":)(?<="%bpost)' % (after, before)
    for before, after in (name.encode().split(b"post") for name in TWINS)
)


class _PostVocabularyMet(Exception):  # a signal, never seen outside
    """The reply speaks the post vocabulary."""


class Reader(Generic[T]):
    """Reads replies of one type.

    msgspec compiles a decoder when it is made, which takes a tenth of what importing this package
    does. So it is made once, and not before a reply has to be read.
    """

    __slots__ = ("_decode", "_expected", "_kind", "_leveller")

    def __init__(self, kind: type[T], expected: str) -> None:
        self._decode: Callable[[bytes], T] = self._decode_first
        self._leveller: Callable[[object], object] | None = None
        self._kind = kind
        self._expected = expected

    def __call__(self, body: bytes) -> T:
        """Read ``body``.

        Raises:
            DecodeError: it is none of that type.
        """
        try:
            return self._decode(body)
        except _PostVocabularyMet:
            return self._in_tweet_names(body)
        except msgspec.ValidationError:
            return self.levelled(body)
        except _UNREADABLE as error:
            raise self._unreadable(body, error) from None

    def attempt(self, body: bytes) -> T | None:
        """Read ``body`` the first way, if it can be read so."""
        try:
            return self._decode(body)
        except (_PostVocabularyMet, *_UNREADABLE):
            return None

    def _decode_first(self, body: bytes) -> T:
        self._decode = msgspec.json.Decoder(self._kind, dec_hook=_tripped).decode
        return self._decode(body)

    def _in_tweet_names(self, body: bytes) -> T:
        if not any(name in body for name in _FREE_FORM):
            try:
                return self._decode(re.sub(_POST_NAME, b"tweet", body))
            except (_PostVocabularyMet, *_UNREADABLE):
                pass  # a name set apart from its colon, or a fault, which levelling finds again
        return self.levelled(body)

    def level(self, reply: object) -> object:
        """Bring a parsed reply into the shape of the types."""
        if self._leveller is None:  # until a reply needs it, which in most programs none does
            from twretweet.models.normalise import leveller  # noqa: PLC0415

            self._leveller = leveller(self._kind)
        return self._leveller(reply)

    def levelled(self, body: bytes) -> T:
        """Read ``body`` the slow way, which leaves nothing to be read."""
        try:
            reply = self.level(cast("object", msgspec.json.decode(body)))
        except _UNREADABLE as error:
            raise self._unreadable(body, error) from None
        try:
            return msgspec.convert(reply, self._kind)
        except msgspec.ValidationError as error:
            message = str(error)
            raise DecodeError(
                f"expected {self._expected}: {message}", excerpt=_around(reply, message, body)
            ) from None
        except _UNREADABLE as error:
            raise self._unreadable(body, error) from None

    def _unreadable(self, body: bytes, error: Exception) -> DecodeError:
        if not body.strip():
            return DecodeError(f"expected {self._expected}, got an empty body")
        why = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        return DecodeError(
            f"expected {self._expected}, got what can't be read as JSON: {why}",
            excerpt=_beginning(body),
        )


def _tripped(kind: type, value: object) -> object:
    if kind is PostName:
        raise _PostVocabularyMet
    return value  # a member of an object that X does not describe


def _beginning(body: bytes) -> str:
    return bytes(body[:_EXCERPT]).decode("utf-8", "replace")


def _around(reply: object, message: str, body: bytes) -> str:
    """What holds the fault that ``message`` ends in the path of, such as ``$.data[0].id``."""
    path = message.rpartition("`$")[2]
    here, holder = reply, reply
    for name, number in cast("list[tuple[str, str]]", re.findall(_STEP, path, re.ASCII)):
        holder = here
        if name and isinstance(here, dict):
            here = cast("dict[str, object]", here).get(name)
        elif number and isinstance(here, list):
            here = cast("list[object]", here)[int(number)]
        else:
            break
    return _beginning(body if holder is reply else msgspec.json.encode(holder))

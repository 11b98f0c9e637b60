"""Page tokens: a place in a list, written so that nobody reads or makes one up.

X calls its tokens "base32hex-encoded" (OpenAPI 2.167, ``pagination_token``) and says no more. A
place is anchored on an id and not on an offset, so a retweet that arrives at the front moves no
later page.
"""

import base64
import struct
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

_PLACE: Final = struct.Struct(">BBIQQ")
_TAG_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins.

    Args:
        listing: which kind of list it is.
        subject: the tweet or the user whose list it is.
        anchor: the page has ids below it, or above it if ``backward``.
        ordinal: how many pages of the walk lie before it.
        backward: whether it is a previous page.
    """

    listing: int
    subject: int
    anchor: int
    ordinal: int = 0
    backward: bool = False


class Tokens:
    """Writes and reads the tokens of one sandbox.

    Args:
        key: tokens of another key are refused.
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        self._key = key

    def write(self, place: Place) -> str:
        """Return the token of ``place``."""
        plain = _PLACE.pack(
            place.listing, place.backward, place.ordinal, place.subject, place.anchor
        )
        tag = self._tag(plain)
        hidden = _xor(plain, self._stream(tag))
        return base64.b32hexencode(tag + hidden).decode("ascii").rstrip("=").lower()

    def read(self, token: str) -> Place | None:
        """Return the place of ``token``, ``None`` if this sandbox did not write it."""
        text = token.upper()
        try:
            raw = base64.b32hexdecode(text + "=" * (-len(text) % 8))
        except ValueError:
            return None
        if len(raw) != _TAG_BYTES + _PLACE.size:
            return None
        tag, hidden = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        plain = _xor(hidden, self._stream(tag))
        if self._tag(plain) != tag:
            return None
        listing, backward, ordinal, subject, anchor = _PLACE.unpack(plain)
        return Place(listing, subject, anchor, ordinal, bool(backward))

    def _tag(self, plain: bytes) -> bytes:
        return blake2b(plain, key=self._key, digest_size=_TAG_BYTES).digest()

    def _stream(self, tag: bytes) -> bytes:
        return blake2b(tag, key=self._key, digest_size=_PLACE.size, person=b"stream").digest()


def _xor(left: bytes, right: bytes) -> bytes:
    mixed = int.from_bytes(left, "big") ^ int.from_bytes(right, "big")
    return mixed.to_bytes(len(left), "big")

"""How long a tweet is, as X counts: most characters of some scripts weigh 1, all others 2.

An address weighs as much as X's short one that takes its place, and an emoji the same whatever it
is composed of. Two simplifications: an address has its scheme, as ``x.com`` alone would count as
one too, and what is an emoji is taken from the blocks of Unicode, not from its list.
Source: https://docs.x.com/resources/fundamentals/counting-characters
"""

import re
import unicodedata
from typing import Final

MOST: Final = 280
"""How much a tweet may weigh."""
_ADDRESS: Final = 23
_EMOJI: Final = 2
_LIGHT: Final = re.compile("[\u0000-\u10ff\u2000-\u200d\u2010-\u201f\u2032-\u2037]")

_SIGN: Final = "[\u2190-\u2bff\U0001f000-\U0001faff]"
_VARIANT: Final = "[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*"
_WHOLE: Final = re.compile(
    r"(?P<address>https?://[!-~]+)"
    "|[\U0001f1e6-\U0001f1ff]{2}"
    "|[0-9#*]\ufe0f?\u20e3"
    f"|{_SIGN}{_VARIANT}(?:\u200d{_SIGN}{_VARIANT})*",
    re.IGNORECASE,
)


def weight(text: str) -> int:
    """Return how much ``text`` weighs of the 280 that a tweet may have."""
    text = unicodedata.normalize("NFC", text)
    total = 0
    end = 0
    for match in _WHOLE.finditer(text):
        total += _of_characters(text[end : match.start()])
        total += _EMOJI if match["address"] is None else _ADDRESS
        end = match.end()
    return total + _of_characters(text[end:])


def _of_characters(text: str) -> int:
    light = len(_LIGHT.findall(text))
    return 2 * len(text) - light

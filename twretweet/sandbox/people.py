"""The users: a crowd computed on demand, and the few that act.

A user of the crowd is a function of the seed and an index. Its id and its name carry the index,
hidden by a multiplication that can be undone, so that a user is found by either without a table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from twretweet.sandbox.draw import draw

_SPACE: Final = 1 << 31
_FIRST_CROWD_ID: Final = 4_000_000_000
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_MULTIPLIER: Final = 0x5DEECE66D % _SPACE | 1
_INVERSE: Final = pow(_MULTIPLIER, -1, _SPACE)
_CROWD_SINCE_MS: Final = 1_230_000_000_000
_CROWD_SPAN_MS: Final = 340_000_000_000
_OPENING: Final = 0x70656F706C65  # tells these draws from others of the same seed

_FIRST: Final = (
    "Ada", "Amara", "Anil", "Aya", "Bao", "Carmen", "Chidi", "Dana", "Elif", "Emeka", "Esra",
    "Farid", "Femi", "Greta", "Hana", "Hugo", "Ines", "Ivan", "Jun", "Kaia", "Kofi", "Lena",
    "Luca", "Mara", "Mateo", "Mina", "Nadia", "Nils", "Noor", "Olga", "Oskar", "Priya", "Quinn",
    "Rafa", "Rosa", "Sami", "Sofia", "Tariq", "Tove", "Uma", "Vera", "Wren", "Yara", "Zoe",
)  # fmt: skip
_LAST: Final = (
    "Abara", "Bergman", "Costa", "Dubois", "Eriksen", "Ferrari", "Garcia", "Haddad", "Ito",
    "Jansen", "Kowalski", "Larsen", "Moreau", "Nakamura", "Okafor", "Patel", "Quispe", "Rossi",
    "Silva", "Tanaka", "Ueda", "Varga", "Weber", "Xu", "Yilmaz", "Zhang",
)  # fmt: skip


@dataclass(slots=True, eq=False)
class User:
    """One user; not frozen, because a page makes a hundred and freezing costs the most.

    Args:
        id: the user id.
        username: the handle, without the ``@``.
        name: the display name.
        bits: 64 bits from which the rest of the profile follows.
        created_ms: when the account was made, in milliseconds since the epoch.
        followers: how many follow; ``None`` lets ``bits`` say.
        description: the profile's text; ``None`` lets ``bits`` say.
        pinned: the id of the pinned tweet.
        recent: the id of the latest tweet.
        affiliated: the user id of the organisation behind this user.
    """

    id: int
    username: str
    name: str
    bits: int
    created_ms: int
    followers: int | None = None
    description: str | None = None
    pinned: int | None = None
    recent: int | None = None
    affiliated: int | None = None


class Crowd:
    """The users that nobody signs in as.

    Args:
        seed: another seed, other people.
        pinned: the tweet that some of them pin.
        affiliated: the organisation that a few of them belong to.
        recent: tells the latest tweet of the user with this index, if there is one.
    """

    def __init__(
        self,
        seed: int,
        *,
        pinned: int,
        affiliated: int,
        recent: Callable[[int], int | None],
    ) -> None:
        self._seed = seed
        self._offset = draw(seed, _OPENING) % _SPACE
        self._pinned = pinned
        self._affiliated = affiliated
        self._recent = recent

    def user_id(self, index: int) -> int:
        """Return the id of the user with this index."""
        return _FIRST_CROWD_ID + self._hide(index)

    def index_of(self, user_id: int) -> int | None:
        """Return the index of the user with this id, ``None`` if no id of the crowd."""
        hidden = user_id - _FIRST_CROWD_ID
        return self._find(hidden) if 0 <= hidden < _SPACE else None

    def index_named(self, username: str) -> int | None:
        """Return the index of the user with this name, ``None`` if no name of the crowd."""
        digits = username.lower().rpartition("_")[2]
        if not digits or not set(digits) <= set(_DIGITS):
            return None
        hidden = int(digits, 36)
        if hidden >= _SPACE:
            return None
        index = self._find(hidden)
        return index if self.user(index).username.lower() == username.lower() else None

    def user(self, index: int) -> User:
        """Compute the user with this index."""
        hidden = self._hide(index)
        bits = draw(self._seed, _OPENING, index)
        first = _FIRST[bits % len(_FIRST)]
        return User(
            id=_FIRST_CROWD_ID + hidden,
            username=f"{first.lower()}_{_base36(hidden)}",
            name=f"{first} {_LAST[(bits >> 8) % len(_LAST)]}",
            bits=bits,
            created_ms=_CROWD_SINCE_MS + (bits >> 16) % _CROWD_SPAN_MS,
            pinned=self._pinned if bits & 0x300 == 0 else None,
            recent=self._recent(index),
            affiliated=self._affiliated if bits & 0xF000 == 0 else None,
        )

    def _hide(self, index: int) -> int:
        return (index * _MULTIPLIER + self._offset) % _SPACE

    def _find(self, hidden: int) -> int:
        return (hidden - self._offset) * _INVERSE % _SPACE


def _base36(number: int) -> str:
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text

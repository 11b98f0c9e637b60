"""What OAuth 1.0a has given out: request tokens, their verifiers, access tokens.

A request token goes through its states once: ``new``, then ``allowed`` or ``denied`` by a person,
then ``used``, all within some minutes. Access tokens do not expire.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

OUT_OF_BAND: Final = "oob"
"""The callback that asks for a PIN."""

LIFETIME: Final = 900.0
"""Seconds that a request token lives. X does not document it; that it ends it does, since nobody
is to be led to allow what somebody else began long ago."""

_SWEEP_ABOVE: Final = 1_000
_PINS: Final = 10_000_000
State: TypeAlias = Literal["new", "allowed", "denied", "used"]


@dataclass(slots=True)
class RequestToken:
    """A request token.

    Args:
        token: names it.
        secret: signs with it.
        callback: where the person is sent back to, or ``"oob"``.
        expires_at: in epoch seconds.
        state: how far it has come.
        user_id: who allowed it.
        verifier: proves that they did.
    """

    token: str = field(repr=False)
    secret: str = field(repr=False)
    callback: str
    expires_at: float
    state: State = "new"
    user_id: str = ""
    verifier: str = field(default="", repr=False)

    def allow(self, user_id: str) -> str:
        """Let a user have allowed it, and return the verifier."""
        self.state = "allowed"
        self.user_id = user_id
        if self.callback == OUT_OF_BAND:
            self.verifier = f"{secrets.randbelow(_PINS):07}"
        else:
            self.verifier = secrets.token_urlsafe(24)
        return self.verifier


@dataclass(frozen=True, slots=True)
class _Access:
    """An access token that is good."""

    user_id: str
    secret: str = field(repr=False)
    number: int | None


class Legs:
    """All request tokens and access tokens.

    Args:
        make: makes a secret of so many characters for a purpose, the same each time, so that a
            snapshot need not hold any.

    Attributes:
        given: how many access tokens people have signed in for.
    """

    def __init__(self, make: Callable[[str, int], str]) -> None:
        self._make = make
        self.given = 0
        self._requests: dict[str, RequestToken] = {}
        self._access: dict[str, _Access] = {}
        self._by_user: dict[str, list[str]] = {}
        self._sweep_above = _SWEEP_ABOVE

    def request(self, callback: str, now: float) -> RequestToken:
        """Return a new request token."""
        if len(self._requests) > self._sweep_above:
            self._requests = {t: r for t, r in self._requests.items() if now < r.expires_at}
            self._sweep_above = max(_SWEEP_ABOVE, 2 * len(self._requests))
        token, secret = secrets.token_urlsafe(20), secrets.token_urlsafe(24)
        made = self._requests[token] = RequestToken(token, secret, callback, now + LIFETIME)
        return made

    def find(self, token: str, now: float) -> RequestToken | None:
        """Find a request token that has not expired."""
        found = self._requests.get(token)
        return found if found is not None and now < found.expires_at else None

    def exchange(self, request: RequestToken) -> tuple[str, str]:
        """Return an access token and its secret for a request token that was allowed."""
        request.state = "used"
        self.given += 1
        return self.give(request.user_id, self.given - 1)

    def give(self, user_id: str, number: int) -> tuple[str, str]:
        """Return the access token with this number and its secret, which are good from now on."""
        token = f"{user_id}-{self._make(f'signed-in token {number}', 40)}"
        secret = self._make(f"signed-in token secret {number}", 46)
        self.keep(user_id, token, secret, number)
        return token, secret

    def keep(self, user_id: str, token: str, secret: str, number: int | None = None) -> None:
        """Take this access token from now on.

        Args:
            user_id: whose it is.
            token: the token.
            secret: signs with it.
            number: which it is of those that people signed in for, if it is one.
        """
        self._access[token] = _Access(user_id, secret, number)
        self._by_user.setdefault(user_id, []).append(token)

    def good(self) -> Iterator[tuple[str, int | None]]:
        """Go through the access tokens that are good: whose they are, and their numbers."""
        return ((access.user_id, access.number) for access in self._access.values())

    def owner(self, token: str) -> str | None:
        """Return the id of the user whose access token it is."""
        found = self._access.get(token)
        return None if found is None else found.user_id

    def secret(self, token: str) -> str | None:
        """Return the secret of an access token."""
        found = self._access.get(token)
        return None if found is None else found.secret

    def end(self, token: str) -> None:
        """End one access token."""
        self._access.pop(token, None)

    def revoke(self, user_id: str) -> None:
        """End all access tokens of a user, and what they have just allowed."""
        for token in self._by_user.pop(user_id, ()):
            self._access.pop(token, None)
        for request in self._requests.values():
            if request.user_id == user_id:
                request.state = "used"

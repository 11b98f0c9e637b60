"""The app that people allow to act for them: its keys, and where it may send them back to."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_LOOPBACK: Final = re.compile(
    r"http://(?:127\.0\.0\.1|localhost)(?::[0-9]{1,5})?"
    r"(?:[/?][A-Za-z0-9\-._~:/?\[\]@!$&'()*+,;=%]*)?"
)


@dataclass(frozen=True, slots=True)
class Client:
    """One of the app's two ways of being an OAuth 2.0 client.

    Args:
        client_id: its id.
        secret: its secret; ``None`` for a public client.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class App:
    """The app.

    Args:
        consumer_key: of OAuth 1.0a and of the app itself.
        consumer_secret: goes with it.
        public: the client without a secret.
        confidential: the client with one.
        redirect_uris: where people may be sent back to, exactly; ``None`` allows every address
            on loopback.
        name: what people read.
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    public: Client
    confidential: Client
    redirect_uris: tuple[str, ...] | None = None
    name: str = "Sandbox App"

    def may_redirect(self, uri: str) -> bool:
        """Tell whether people may be sent back to ``uri``."""
        if self.redirect_uris is not None:
            return uri in self.redirect_uris
        return _LOOPBACK.fullmatch(uri) is not None

    def client(self, client_id: str | None) -> Client | None:
        """Find a client by its id."""
        for client in (self.public, self.confidential):
            if client.client_id == client_id:
                return client
        return None


class AppBearers:
    """The bearer token of the app itself: the same every time, until it is invalidated.

    Args:
        make: makes the token with a number; the one with 0 is good from the start.

    Attributes:
        given: how many have been given out after the first.
        ended: whether the last of them was invalidated.
    """

    def __init__(self, make: Callable[[int], str]) -> None:
        self._make = make
        self.given = 0
        self.ended = False
        self._current = make(0)

    def go_on(self, given: int, *, ended: bool) -> None:
        """Go on where another sandbox of the same seed was."""
        self.given, self.ended, self._current = given, ended, self._make(given)

    def current(self) -> str:
        """Return the one that is good, a new one if it has to be."""
        if self.ended:
            self.go_on(self.given + 1, ended=False)
        return self._current

    def is_good(self, token: str) -> bool:
        """Tell whether ``token`` is the one."""
        return not self.ended and token == self._current

    def invalidate(self, token: str) -> bool:
        """End ``token``; return whether it was good."""
        if not self.is_good(token):
            return False
        self.ended = True
        return True


def basic(authorization: str) -> tuple[str, str] | None:
    """Return the name and the secret of HTTP Basic, ``None`` if the header is no such thing."""
    kind, _, encoded = authorization.partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    name, colon, secret = text.partition(":")
    return (name, secret) if colon else None

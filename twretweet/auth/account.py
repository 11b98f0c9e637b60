"""What the rest of the package knows about an account: never its secrets.

Authentication is a generator. It yields a request and receives the reply to it, as often as it
needs; the last reply is the answer. So one driver, in the pipeline, serves every kind of
credential, and a kind needs no I/O of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from typing import Protocol, TypeAlias

from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply

Flow: TypeAlias = Generator[Request, Reply, None]


class Account(Protocol):
    """One account of X, or the app itself."""

    @property
    def kind(self) -> AuthKind:
        """The kind of its credentials."""
        ...

    @property
    def label(self) -> str:
        """How errors and tables call it; no secret."""
        ...

    @property
    def key(self) -> str:
        """The same for all credentials of one user of one app: rate limits go by it."""
        ...

    @property
    def app_key(self) -> str:
        """The same for all users of one app."""
        ...

    @property
    def dated(self) -> bool:
        """Whether its proof carries a timestamp that X holds against its own clock."""
        ...

    @property
    def user_id(self) -> str | None:
        """The user's id, where the credentials tell it."""
        ...

    def authenticate(self, request: Request, now: float) -> Flow:
        """Yield ``request`` with proof of who sends it.

        Args:
            request: what is to be sent.
            now: X's clock, in epoch seconds.
        """
        ...


def fingerprint(secret: str) -> str:
    """A short name for a secret, from which it can't be told."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]

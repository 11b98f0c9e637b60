"""What the rest of the package knows about an account: never its secrets.

To sign a request is to add a header. To get tokens takes an exchange, and that is a generator: it
yields a request and receives the reply to it, as often as it needs. So one driver serves every
flow, and none of them needs I/O of its own.

Some tokens end and are renewed. Whether that is due is a cheap question that every request asks;
a renewal is driven by :class:`twretweet.auth.keeper.Keeper`, which makes sure that there is one
at a time for each account.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Generator
from contextlib import AbstractAsyncContextManager
from typing import Protocol, TypeAlias, TypeVar

from twretweet.auth.store import TokenStore
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply

T = TypeVar("T")
# For so long a renewal is not tried again that was of no help, in seconds.
IN_VAIN = 60.0
Flow: TypeAlias = Generator[Request, Reply, T]
Send: TypeAlias = Callable[[Request], Awaitable[Reply]]


class Means(Protocol):
    """What a renewal needs, and must not know more of."""

    @property
    def base_url(self) -> str:
        """Scheme and host of the API."""
        ...

    @property
    def store(self) -> TokenStore:
        """Where tokens live."""
        ...

    @property
    def timeout(self) -> float:
        """How long an exchange takes at the longest, in seconds."""
        ...

    def now(self) -> float:
        """X's clock, as far as it is known, in epoch seconds."""
        ...

    def connect(self) -> AbstractAsyncContextManager[Send]:
        """Wait for a free connection; what is yielded sends at once."""
        ...


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
    def identity(self) -> str:
        """The same as long as the tokens are of the same user: what is known of it goes by it."""
        ...

    @property
    def dated(self) -> bool:
        """Whether its proof carries a timestamp that X holds against its own clock."""
        ...

    user_id: str | None
    """The user's id, where the credentials tell it, or once it was asked for."""

    @property
    def sign_in(self) -> int:
        """Grows whenever its tokens come to be of another sign-in, maybe of another user."""
        ...

    @property
    def generation(self) -> int:
        """Grows with every renewal, so that a late 401 is known to speak of an older token."""
        ...

    def due(self, now: float, rejected: int | None = None) -> bool:
        """Whether the tokens have to be renewed, or looked up, before they are used.

        Args:
            now: X's clock, in epoch seconds.
            rejected: the generation that X has answered with 401.
        """
        ...

    def put_off(self, now: float, rejected: int | None) -> bool:
        """A renewal has failed: whether the tokens are good, so that it is due a little later.

        Args:
            now: X's clock, in epoch seconds.
            rejected: the generation that X has answered with 401.
        """
        ...

    def renewed_in_vain(self, now: float) -> None:
        """X refuses tokens that were just renewed: a renewal is no help, for a while.

        Args:
            now: X's clock, in epoch seconds.
        """
        ...

    async def renew(self, means: Means, rejected: int | None) -> None:
        """Renew the tokens; one renewal of an account runs at a time.

        Raises:
            TwretweetError: it failed; see :mod:`twretweet.errors`.
        """
        ...

    async def settle(self, means: Means) -> None:
        """Store new tokens that could not be stored before.

        Raises:
            TokenStoreError: they still can't be.
        """
        ...

    @property
    def unsettled(self) -> bool:
        """Whether there are new tokens that could not be stored yet."""
        ...

    def sign(self, request: Request, now: float) -> Request:
        """``request`` with proof of who sends it.

        Args:
            request: what is to be sent.
            now: X's clock, in epoch seconds.
        """
        ...


class Lasting:
    """What accounts have in common whose credentials never end."""

    __slots__ = ()

    sign_in = 0
    generation = 0
    unsettled = False

    @property
    def key(self) -> str:
        """The same for all credentials of one user of one app."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """The key: it is of one user for ever."""
        return self.key

    def due(self, now: float, rejected: int | None = None) -> bool:
        """Never."""
        del now, rejected
        return False

    def put_off(self, now: float, rejected: int | None) -> bool:
        """There are no renewals."""
        del now, rejected
        return False

    def renewed_in_vain(self, now: float) -> None:
        """There are no renewals."""

    async def renew(self, means: Means, rejected: int | None) -> None:
        """Nothing to do."""

    async def settle(self, means: Means) -> None:
        """Nothing to do."""


async def drive(flow: Flow[T], send: Send) -> T:
    """Send what a flow yields until it has its answer."""
    request = next(flow)
    while True:
        try:
            request = flow.send(await send(request))
        except StopIteration as answer:
            result: T = answer.value
            return result


def fingerprint(secret: str) -> str:
    """A short name for a secret, from which it can't be told."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]

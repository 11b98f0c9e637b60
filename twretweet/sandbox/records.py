"""What the sandbox remembers of the requests it answered."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

import msgspec

T = TypeVar("T")

LONGEST_BODY: Final = 4096
"""How much of a body is kept; those of X's endpoints here have some hundred bytes."""

_KEPT: Final = 10_000
_TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """A request that was answered.

    Args:
        time: when it came, in epoch seconds of the sandbox's clock.
        method: the HTTP method.
        path: the path as it was sent, without the query.
        query: the query as it was sent, without the question mark, but for the values of what
            opens something, such as ``oauth_token`` and ``state``.
        status: the status of the reply; 0 if the connection was dropped instead.
        account: the user id of the caller, ``"app"`` for the app itself, ``None`` if unknown.
        remaining: how many requests were left in the tightest window, ``None`` without one.
        cookie: the ``Cookie`` header that came with it.
        cost: what X would charge for it, in US dollars.
        faults: the kinds of faults that it met.
        endpoint: the row of the API, such as ``"GET /2/tweets/{id}/retweets"``; ``None`` if there
            is none.
        number: counts the requests, from 1.
        body: the body as it was sent, but for values like those left out of ``query``; the first
            4,096 bytes of a longer one. Of one that asks for tokens only what is harmless.
    """

    time: float
    method: str
    path: str
    query: str
    status: int
    account: str | None
    remaining: int | None
    cookie: str | None
    cost: float = 0.0
    faults: tuple[str, ...] = ()
    # These two follow from the others and from the order.
    endpoint: str | None = field(default=None, compare=False)
    number: int = field(default=0, compare=False)
    body: bytes = field(default=b"", repr=False)

    def json(self) -> object:
        """Return what the body says: ``assert request.json() == {"tweet_id": "20"}``.

        Raises:
            ValueError: it is no JSON, or there is none.
        """
        return msgspec.json.decode(self.body)


class Log(deque[T]):
    """A deque to which more may come while somebody goes through it, who finds what was there.

    Tests go through the requests while their bot goes on, often in another thread.
    """

    def __iter__(self) -> Iterator[T]:
        return iter(self._copied())

    def __reversed__(self) -> Iterator[T]:
        return reversed(self._copied())

    def _copied(self) -> list[T]:
        while True:
            try:
                return list(super().__iter__())
            except RuntimeError:  # it changed meanwhile
                continue


class Records:
    """The latest requests, and how many there were.

    Attributes:
        latest: the latest requests, oldest first.
        count: how many there were.
        rejected: how many were answered with 429.
    """

    def __init__(self) -> None:
        self.latest: Log[RecordedRequest] = Log(maxlen=_KEPT)
        self.count = 0
        self.rejected = 0

    def next_number(self) -> int:
        """Return the number of the next request."""
        return self.count + 1

    def add(self, request: RecordedRequest) -> None:
        """Remember a request."""
        self.count += 1
        self.rejected += request.status == _TOO_MANY
        self.latest.append(request)

    def after(self, number: int) -> list[RecordedRequest]:
        """Return those that came after the one with this number, oldest first."""
        return [request for request in self.latest if request.number > number]

    def clear(self) -> None:
        """Forget all; numbers go on."""
        self.latest.clear()

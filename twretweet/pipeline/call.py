"""One request, what has come of it so far, and how its events call it."""

from __future__ import annotations

import asyncio
from typing import Generic, TypeVar

from twretweet.auth import Account
from twretweet.errors import TwretweetError
from twretweet.events import RequestAnswered, RequestFailed, RequestSent, Retrying
from twretweet.interrupt import Interruptible
from twretweet.limits import Bucket
from twretweet.pipeline.spend import Spending
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply

T = TypeVar("T")


class Call(Interruptible, Generic[T]):
    """A request, over all of its attempts; made in the task that makes it.

    Args:
        account: whose request it is.
        bucket: what it counts in.
        endpoint: its row.
        request: what to send.
        spending: what it can cost; ``None``: nobody counts.

    Attributes:
        attempt: the one under way; 1 for the first try.
        generation: of the tokens it was last sent with.
        in_line: whether the attempt under way waits for a slot, so that nothing of it was sent.
        renewed: whether they were renewed because X refused them.
        redated: whether it was signed again because X's clock is another than was known.
    """

    __slots__ = (
        "account",
        "attempt",
        "bucket",
        "endpoint",
        "generation",
        "in_line",
        "redated",
        "renewed",
        "request",
        "spending",
    )

    def __init__(
        self,
        account: Account,
        bucket: Bucket,
        endpoint: Endpoint[T],
        request: Request,
        spending: Spending | None,
    ) -> None:
        super().__init__()
        self.account = account
        self.bucket = bucket
        self.endpoint = endpoint
        self.request = request
        self.spending = spending
        self.attempt = 0
        self.generation = 0
        self.in_line = False
        self.renewed = False
        self.redated = False

    def stands(self, task: asyncio.Task[None]) -> bool:
        """Whether ``task`` makes it, and waits for a slot."""
        return self.in_line and self._task is task

    def sent(self) -> RequestSent:
        """It goes out."""
        return RequestSent(
            endpoint=self.endpoint.label, account=self.account.label, attempt=self.attempt
        )

    def answered(self, reply: Reply, seconds: float) -> RequestAnswered:
        """A reply came."""
        return RequestAnswered(
            endpoint=self.endpoint.label,
            account=self.account.label,
            attempt=self.attempt,
            status=reply.status,
            seconds=seconds,
            request_id=reply.request_id,
        )

    def failed(self, error: BaseException, seconds: float) -> RequestFailed:
        """No reply came."""
        return RequestFailed(
            endpoint=self.endpoint.label,
            account=self.account.label,
            attempt=self.attempt,
            seconds=seconds,
            error=_what(error),
        )

    def retrying(self, delay: float, error: TwretweetError) -> Retrying:
        """It failed, and another will be made."""
        return Retrying(
            endpoint=self.endpoint.label,
            account=self.account.label,
            attempt=self.attempt,
            delay=delay,
            error=_what(error),
        )


def _what(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__

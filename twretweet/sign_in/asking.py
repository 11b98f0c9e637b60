"""Sending the flows of signing in: how often, and with whose clock.

They take no slot of a rate limit, since X documents none for them, and wait for no free
connection, since a code lives 30 seconds.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from twretweet.auth import drive
from twretweet.auth.account import Flow
from twretweet.errors import (
    APIError,
    DecodeError,
    SignInError,
    TransportError,
    TwretweetError,
    Unauthorized,
)
from twretweet.interrupt import insist
from twretweet.pipeline import Wire
from twretweet.protocol.request import Request
from twretweet.protocol.response import Reply
from twretweet.protocol.retry import RetryPolicy
from twretweet.sign_in.errands import Errands

T = TypeVar("T")

# X takes a timestamp that is up to five minutes off; a second attempt is worth it well below.
_CLOCK_TOLERANCE = 60.0


class Asking:
    """Asks X.

    Args:
        wire: the connections, and X's clock.
        retry: when to try again.
        errands: keep what must not end half-way going.
    """

    def __init__(self, wire: Wire, retry: RetryPolicy, errands: Errands) -> None:
        self._wire = wire
        self._retry = retry
        self._errands = errands

    async def ask(
        self,
        make: Callable[[float], Flow[T]],
        *,
        endpoint: str,
        account: str,
        dated: bool = False,
        keep: Callable[[T], Awaitable[None]] | None = None,
    ) -> T:
        """Send a flow until it is answered, or there is no sense in trying again.

        Args:
            make: makes the flow, at a time of X's clock.
            endpoint: what is asked, for errors.
            account: for whom, for errors.
            dated: whether it carries a timestamp that X holds against its own clock.
            keep: stores an answer that X gives once. Such a flow is sent again only if nothing
                was sent, and is not ended between sending and storing.

        Raises:
            SignInError: an answer that X gives once was lost; and as the flow.
            TwretweetError: as the flow and ``keep``.
        """
        attempt, corrected, once = 0, False, keep is not None
        while True:
            attempt += 1
            offset, wrong_time = self._wire.offset, False
            try:
                flow = make(self._wire.now())
                if keep is None:
                    return await drive(flow, self._send)
                return await self._errands.finish(partial(self._drive_and_keep, flow, keep))
            except TwretweetError as error:
                # X refuses a signature that is minutes off, and told its time when it did so.
                refused = dated and isinstance(error, Unauthorized | SignInError)
                moved = abs(self._wire.offset - offset) > _CLOCK_TOLERANCE
                wrong_time = refused and moved and not corrected
                if not (wrong_time or self._again(error, attempt, once=once)):
                    if isinstance(error, APIError | TransportError | DecodeError):
                        error.at(endpoint=endpoint, account=account, attempts=attempt)
                    if once and isinstance(error, TransportError) and error.sent:
                        raise SignInError(
                            f"X was asked for tokens, and its answer was lost ({error}): begin "
                            "another sign-in"
                        ) from error
                    raise
            if wrong_time:
                corrected = True
                continue
            # Jitter keeps clients apart; it guards no secret.
            chance = random.random()  # noqa: S311
            await self._wire.clock.sleep(self._retry.delay(attempt, chance))

    async def _drive_and_keep(self, flow: Flow[T], keep: Callable[[T], Awaitable[None]]) -> T:
        answer = await drive(flow, self._send)
        await insist(partial(keep, answer))
        return answer

    def _again(self, error: TwretweetError, attempt: int, *, once: bool) -> bool:
        if once and not (isinstance(error, TransportError) and not error.sent):
            return False
        return self._retry.again(error, attempt, now=self._wire.clock.time())

    async def _send(self, request: Request) -> Reply:
        reply = await self._wire.transport.send(request)
        self._wire.heard(reply)
        return reply

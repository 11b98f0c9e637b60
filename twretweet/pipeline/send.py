"""The way of every request: gate → sign → send → read → settle → retry.

Each attempt takes a slot of its own, because X counts each. Whatever happens between taking it
and the reply, a cancellation included, the slot is accounted for.
"""

from __future__ import annotations

import random
from typing import TypeVar

import anyio

from twretweet.auth import Account
from twretweet.clock import Clock
from twretweet.errors import (
    ManagerClosed,
    TooManyRequests,
    TransportError,
    TwretweetError,
)
from twretweet.limits import Bucket, Limiter
from twretweet.models import RateLimit
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.headers import RateHeaders, read_rate_headers
from twretweet.protocol.request import Request
from twretweet.protocol.response import TOO_MANY_REQUESTS, Reply, error_of, read
from twretweet.protocol.retry import RetryPolicy
from twretweet.transport import Transport

T = TypeVar("T")


class Pipeline:
    """Sends requests for any number of accounts.

    Args:
        transport: the connection pool.
        limiter: where the buckets live.
        retry: when to try again.
        max_wait: the longest wait for a slot, in seconds; ``None``: as long as it takes.
        clock: where time comes from.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        *,
        retry: RetryPolicy,
        max_wait: float | None,
        clock: Clock,
    ) -> None:
        self._transport = transport
        self.limiter = limiter
        self._retry = retry
        self._max_wait = max_wait
        self._clock = clock
        self._open = False
        self._calls: set[anyio.CancelScope] = set()

    def open(self) -> None:
        """Make ready; needs a running event loop."""
        self._transport.open()
        self._open = True

    async def aclose(self) -> None:
        """End every call under way with ``ManagerClosed`` and close the connections."""
        self._open = False
        for scope in list(self._calls):
            scope.cancel()
        with anyio.CancelScope(shield=True):
            await self._transport.aclose()

    async def call(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        """Send ``request`` until it is answered, or there is no sense in trying again.

        Raises:
            TwretweetError: see :mod:`twretweet.errors`; with endpoint, account and attempts.
        """
        if not self._open:
            raise ManagerClosed(
                "the manager is not open: use `async with SessionManager() as manager`, or call "
                "`await manager.open()` first"
            )
        with anyio.CancelScope() as scope:
            self._calls.add(scope)
            try:
                return await self._until_answered(account, bucket, endpoint, request)
            finally:
                self._calls.discard(scope)
        raise ManagerClosed(f"the manager was closed during {endpoint.label}")

    async def _until_answered(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._attempt(account, bucket, endpoint, request)
            except TwretweetError as error:
                if not self._retry.again(error, attempt, now=self._clock.time()):
                    error.at(endpoint=endpoint.label, account=account.label, attempts=attempt)
                    raise
                # After a 429 it is the gate that waits, for the reset.
                refused = isinstance(error, TooManyRequests)
            if not refused:
                # Jitter keeps clients apart; it guards no secret.
                chance = random.random()  # noqa: S311
                await self._clock.sleep(self._retry.delay(attempt, chance))

    async def _attempt(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        permit = await self.limiter.acquire(bucket, max_wait=self._max_wait)
        try:
            reply = await self._exchange(account, request)
        except TransportError as error:
            if error.sent:
                permit.lose()
            else:
                permit.give_back()
            raise
        except BaseException:
            permit.lose()
            raise
        headers = read_rate_headers(reply.headers)
        offset = 0.0 if headers.date is None else headers.date - self._clock.time()
        if reply.status == TOO_MANY_REQUESTS:
            refusal = error_of(reply, clock_offset=offset)
            # The cap of a plan answers 429 too, and has nothing to do with the window.
            permit.settle(headers, refused=isinstance(refusal, TooManyRequests))
            raise refusal
        permit.settle(headers)
        return read(reply, endpoint.decode, _rate_limit(headers), clock_offset=offset)

    async def _exchange(self, account: Account, request: Request) -> Reply:
        flow = account.authenticate(request, self._clock.time())
        signed = next(flow)
        while True:
            reply = await self._transport.send(signed)
            try:
                signed = flow.send(reply)
            except StopIteration:
                return reply


def _rate_limit(headers: RateHeaders) -> RateLimit | None:
    window = headers.window
    if window is None:
        return None
    return RateLimit(limit=window.limit, remaining=window.remaining, reset=window.reset)

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
    RateLimitExceeded,
    TooManyRequests,
    TransportError,
    TwretweetError,
    Unauthorized,
)
from twretweet.events import OnEvent, Refused
from twretweet.limits import Bucket, Limiter
from twretweet.models import RateLimit
from twretweet.pipeline.identity import Identities
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.headers import RateHeaders, read_rate_headers
from twretweet.protocol.request import Request
from twretweet.protocol.response import TOO_MANY_REQUESTS, Reply, error_of, read
from twretweet.protocol.retry import RetryPolicy
from twretweet.transport import Transport

T = TypeVar("T")

# X takes a timestamp that is up to five minutes off; a second attempt is worth it well below.
_CLOCK_TOLERANCE = 60.0


class Pipeline:
    """Sends requests for any number of accounts.

    Args:
        transport: the connection pool.
        limiter: where the buckets live.
        retry: when to try again.
        max_wait: the longest wait for a slot, in seconds; ``None``: as long as it takes.
        clock: where time comes from.
        on_event: is told of ``Refused``.
    """

    def __init__(
        self,
        transport: Transport,
        limiter: Limiter,
        *,
        retry: RetryPolicy,
        max_wait: float | None,
        clock: Clock,
        on_event: OnEvent | None = None,
    ) -> None:
        self._on_event = on_event
        self._transport = transport
        self.limiter = limiter
        self._retry = retry
        self._max_wait = max_wait
        self._clock = clock
        self.identities = Identities()
        self._open = False
        self._calls: set[anyio.CancelScope] = set()
        self._quiet: anyio.Event | None = None  # set when the last call has ended
        self._offset = 0.0  # X's clock minus the local one, by its last Date header

    def open(self) -> None:
        """Make ready; needs a running event loop."""
        self._transport.open()
        self._open = True

    async def aclose(self) -> None:
        """End every call under way with ``ManagerClosed``, then close the connections."""
        self._open = False
        with anyio.CancelScope(shield=True):
            for scope in list(self._calls):
                scope.cancel()
            while self._calls:
                self._quiet = anyio.Event()
                await self._quiet.wait()
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
                if self._quiet is not None and not self._calls:
                    self._quiet.set()
        closed = ManagerClosed(f"the manager was closed during {endpoint.label}")
        closed.at(endpoint=endpoint.label, account=account.label, attempts=0)
        raise closed

    async def _until_answered(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        attempt = 0
        while True:
            attempt += 1
            offset = self._offset
            try:
                return await self._attempt(account, bucket, endpoint, request)
            except TwretweetError as error:
                again = self._retry.again(error, attempt, now=self._clock.time())
                # X refuses a signature that is minutes off, and told its time when it did so.
                dated_wrong = (
                    isinstance(error, Unauthorized)
                    and account.dated
                    and abs(self._offset - offset) > _CLOCK_TOLERANCE
                )
                if not again and not dated_wrong:
                    sent = attempt - isinstance(error, RateLimitExceeded)
                    error.at(endpoint=endpoint.label, account=account.label, attempts=sent)
                    raise
                # After a 429 it is the gate that waits, for the reset.
                at_once = dated_wrong or isinstance(error, TooManyRequests)
            if not at_once:
                # Jitter keeps clients apart; it guards no secret.
                chance = random.random()  # noqa: S311
                await self._clock.sleep(self._retry.delay(attempt, chance))

    async def _attempt(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        permit = await self.limiter.acquire(bucket, max_wait=self._max_wait)
        try:
            connection = await self._transport.reserve()
        except BaseException:
            permit.give_back()
            raise
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
        finally:
            connection.release()
        headers = read_rate_headers(reply.headers)
        if headers.date is not None:
            self._offset = headers.date - self._clock.time()
        if reply.status == TOO_MANY_REQUESTS:
            refusal = error_of(reply, clock_offset=self._offset)
            # The cap of a plan answers 429 too, and has nothing to do with the window.
            permit.settle(headers, refused=isinstance(refusal, TooManyRequests))
            if isinstance(refusal, TooManyRequests) and self._on_event is not None:
                self._on_event(Refused(bucket=bucket.label, until=refusal.reset_at))
            raise refusal
        permit.settle(headers)
        return read(reply, endpoint.decode, _rate_limit(headers), clock_offset=self._offset)

    async def _exchange(self, account: Account, request: Request) -> Reply:
        flow = account.authenticate(request, self._clock.time() + self._offset)
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

"""The way of every request: tokens → gate → sign → send → read → settle → retry.

Tokens that are due are renewed before a slot is taken, so a renewal that fails costs none. Each
attempt takes a slot of its own, because X counts each. Whatever happens between taking it and the
reply, a cancellation included, the slot is accounted for.
"""

from __future__ import annotations

import random
from typing import Generic, TypeVar

import anyio

from twretweet.auth import Account, Keeper
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
from twretweet.limits import Bucket, Limiter, Permit
from twretweet.models import RateLimit
from twretweet.pipeline.identity import Identities
from twretweet.pipeline.wire import Wire
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.headers import RateHeaders
from twretweet.protocol.request import Request
from twretweet.protocol.response import TOO_MANY_REQUESTS, Reply, error_of, read
from twretweet.protocol.retry import RetryPolicy
from twretweet.vocabulary import Vocabulary

T = TypeVar("T")

# X takes a timestamp that is up to five minutes off; a second attempt is worth it well below.
_CLOCK_TOLERANCE = 60.0


class _Call(Generic[T]):
    """A request, and what has come of it so far."""

    __slots__ = ("account", "bucket", "endpoint", "generation", "renewed", "request")

    def __init__(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> None:
        self.account = account
        self.bucket = bucket
        self.endpoint = endpoint
        self.request = request
        self.generation = 0  # of the tokens it was last sent with
        self.renewed = False  # because X refused them


class Pipeline:
    """Sends requests for any number of accounts.

    Args:
        wire: the connections, and X's clock.
        limiter: where the buckets live.
        retry: when to try again.
        max_wait: the longest wait for a slot, in seconds; ``None``: as long as it takes.
        vocabulary: the words for fields and expansions to send.
        on_event: is told of ``Refused``, and of what becomes of tokens.
    """

    def __init__(
        self,
        wire: Wire,
        limiter: Limiter,
        *,
        retry: RetryPolicy,
        max_wait: float | None,
        vocabulary: Vocabulary,
        on_event: OnEvent | None = None,
    ) -> None:
        self._on_event = on_event
        self._wire = wire
        self.base_url = wire.base_url
        self.vocabulary: Vocabulary = vocabulary
        self.limiter = limiter
        self._retry = retry
        self._max_wait = max_wait
        self._clock: Clock = wire.clock
        self._keeper = Keeper(wire, retry=retry, clock=wire.clock, on_event=on_event)
        self.identities = Identities()
        self._open = False
        self._calls: set[anyio.CancelScope] = set()
        self._quiet: anyio.Event | None = None  # set when the last call has ended

    def open(self) -> None:
        """Make ready; needs a running event loop."""
        self._wire.transport.open()
        self._open = True

    async def aclose(self) -> None:
        """End every call under way with ``ManagerClosed``, then close the connections.

        A renewal of tokens that was sent is waited for, because its answer must not be lost.

        Raises:
            TokenStoreError: new tokens could not be stored, and are lost.
        """
        self._open = False
        with anyio.CancelScope(shield=True):
            for scope in list(self._calls):
                scope.cancel()
            while self._calls:
                self._quiet = anyio.Event()
                await self._quiet.wait()
            try:
                await self._keeper.aclose()
            finally:
                await self._wire.transport.aclose()

    async def call(
        self, account: Account, bucket: Bucket, endpoint: Endpoint[T], request: Request
    ) -> T:
        """Send ``request`` until it is answered, or there is no sense in trying again.

        Raises:
            TwretweetError: see :mod:`twretweet.errors`; with endpoint, account and attempts.
        """
        self.require_open()
        with anyio.CancelScope() as scope:
            self._calls.add(scope)
            try:
                return await self._until_answered(_Call(account, bucket, endpoint, request))
            finally:
                self._calls.discard(scope)
                if self._quiet is not None and not self._calls:
                    self._quiet.set()
        closed = ManagerClosed(f"the manager was closed during {endpoint.label}")
        closed.at(endpoint=endpoint.label, account=account.label, attempts=0)
        raise closed

    def require_open(self) -> None:
        """Raise unless the manager is open."""
        if not self._open:
            raise ManagerClosed(
                "the manager is not open: use `async with SessionManager() as manager`, or call "
                "`await manager.open()` first"
            )

    async def _until_answered(self, call: _Call[T]) -> T:
        account, attempt = call.account, 0
        while True:
            attempt += 1
            offset = self._wire.offset
            try:
                return await self._attempt(call)
            except TwretweetError as error:
                if error.account is not None:
                    raise  # of a renewal, which has been tried again already
                again = self._retry.again(error, attempt, now=self._clock.time())
                refused = isinstance(error, Unauthorized)
                # X refuses a signature that is minutes off, and told its time when it did so.
                dated_wrong = account.dated and abs(self._wire.offset - offset) > _CLOCK_TOLERANCE
                renewable = refused and not call.renewed and self._is_renewable(call)
                if not (again or renewable or (refused and dated_wrong)):
                    sent = attempt - isinstance(error, RateLimitExceeded)
                    error.at(endpoint=call.endpoint.label, account=account.label, attempts=sent)
                    raise
                # After a 429 it is the gate that waits, for the reset.
                at_once = refused or isinstance(error, TooManyRequests)
            if renewable:
                call.renewed = True
                await self._keeper.renew(account, call.generation)
            if not at_once:
                # Jitter keeps clients apart; it guards no secret.
                chance = random.random()  # noqa: S311
                await self._clock.sleep(self._retry.delay(attempt, chance))

    def _is_renewable(self, call: _Call[T]) -> bool:
        """Whether there are, or may be, newer tokens than those it was sent with."""
        account, generation = call.account, call.generation
        return account.generation != generation or account.due(self._wire.now(), generation)

    async def _attempt(self, call: _Call[T]) -> T:
        if call.account.due(self._wire.now()):
            await self._keeper.renew(call.account)
        permit = await self.limiter.acquire(call.bucket, max_wait=self._max_wait)
        reply = await self._exchange(call, permit)
        headers = self._wire.heard(reply)
        offset = self._wire.offset
        if reply.status == TOO_MANY_REQUESTS:
            refusal = error_of(reply, clock_offset=offset)
            # The cap of a plan answers 429 too, and has nothing to do with the window.
            permit.settle(headers, refused=isinstance(refusal, TooManyRequests))
            if isinstance(refusal, TooManyRequests) and self._on_event is not None:
                self._on_event(Refused(bucket=call.bucket.label, until=refusal.reset_at))
            raise refusal
        permit.settle(headers)
        return read(reply, call.endpoint.decode, _rate_limit(headers), clock_offset=offset)

    async def _exchange(self, call: _Call[T], permit: Permit) -> Reply:
        account, wire = call.account, self._wire
        try:
            # The wait for the slot may have been longer than a token lives.
            if account.due(wire.now()):
                await self._keeper.renew(account)
            connection = await wire.transport.reserve()
        except BaseException:
            permit.give_back()
            raise
        try:
            try:
                call.generation = account.generation
                signed = account.sign(call.request, wire.now())
            except BaseException:
                permit.give_back()
                raise
            return await self._send(signed, permit)
        finally:
            connection.release()

    async def _send(self, signed: Request, permit: Permit) -> Reply:
        try:
            return await self._wire.transport.send(signed)
        except TransportError as error:
            if error.sent:
                permit.lose()
            else:
                permit.give_back()
            raise
        except BaseException:
            permit.lose()
            raise


def _rate_limit(headers: RateHeaders) -> RateLimit | None:
    window = headers.window
    if window is None:
        return None
    return RateLimit(limit=window.limit, remaining=window.remaining, reset=window.reset)

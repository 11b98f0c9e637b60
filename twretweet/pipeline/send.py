"""The way of every request: tokens → gate → budget → sign → send → read → settle → retry.

Tokens that are due are renewed before a slot is taken, so a renewal that fails costs none. Each
attempt takes a slot of its own, because X counts each. Whatever happens between taking it and the
reply, a cancellation included, the slot is accounted for. Money is set aside when the slot is
there, and the slot is given back if there is none; nothing is sent without.
"""

from __future__ import annotations

import asyncio
import random
from functools import partial
from typing import Any, TypeVar

import anyio

from twretweet.auth import Account, Keeper
from twretweet.budget import AnyBudget
from twretweet.clock import Clock
from twretweet.errors import (
    BudgetExceeded,
    BudgetUnavailable,
    LimiterUnavailable,
    ManagerClosed,
    RateLimitExceeded,
    TooManyRequests,
    TransportError,
    TwretweetError,
    Unauthorized,
)
from twretweet.events import OnEvent, Refused
from twretweet.interrupt import insist
from twretweet.limits import Bucket, Limiter, MemoryLimiter, Permit
from twretweet.models import RateLimit
from twretweet.pipeline.call import Call
from twretweet.pipeline.identity import Identities
from twretweet.pipeline.spend import Spending
from twretweet.pipeline.tasks import Tasks
from twretweet.pipeline.wire import Wire
from twretweet.protocol.charges import Most, most_of
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.headers import RateHeaders
from twretweet.protocol.request import Request
from twretweet.protocol.response import TOO_MANY_REQUESTS, Reply, error_of, read
from twretweet.protocol.retry import RetryPolicy
from twretweet.vocabulary import Vocabulary

T = TypeVar("T")

# X takes a timestamp that is up to five minutes off; a second attempt is worth it well below.
_CLOCK_TOLERANCE = 60.0
# How long what is closed has to end, in seconds, before it is told again.
_PATIENCE = 1.0
_NEVER_SENT = (RateLimitExceeded, LimiterUnavailable, BudgetExceeded, BudgetUnavailable)


class Pipeline:
    """Sends requests for any number of accounts.

    Args:
        wire: the connections, and X's clock.
        limiter: where the buckets live.
        retry: when to try again.
        max_wait: the longest wait for a slot, in seconds; ``None``: as long as it takes.
        vocabulary: the words for fields and expansions to send.
        budget: what all requests together may cost; ``None``: any amount.
        on_event: is told of what becomes of requests and of tokens.
    """

    def __init__(
        self,
        wire: Wire,
        limiter: Limiter,
        *,
        retry: RetryPolicy,
        max_wait: float | None,
        vocabulary: Vocabulary,
        budget: AnyBudget | None = None,
        on_event: OnEvent | None = None,
    ) -> None:
        self._on_event = on_event
        self.budget = budget
        self.tasks = Tasks()
        self._wire = wire
        self.base_url = wire.base_url
        self.vocabulary: Vocabulary = vocabulary
        self.limiter = limiter
        # Not of a class made from it, which may have an acquire() of its own.
        self._take = limiter.take if type(limiter) is MemoryLimiter else None
        self._retry = retry
        self._max_wait = max_wait
        self._clock: Clock = wire.clock
        self._keeper = Keeper(wire, retry=retry, clock=wire.clock, on_event=on_event)
        self.identities = Identities()
        self._open = False
        self._calls: set[Call[Any]] = set()
        self._most: dict[str, Most] = {}
        self._quiet: anyio.Event | None = None  # set when the last call has ended

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        return self._clock

    @property
    def on_event(self) -> OnEvent | None:
        """Who is told of what happens, if anybody is."""
        return self._on_event

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
            while self._calls:
                for call in self._calls:
                    call.interrupt()
                if self._quiet is None:  # whoever else closes waits for the same
                    self._quiet = anyio.Event()
                with anyio.move_on_after(_PATIENCE):
                    await self._quiet.wait()
            self._quiet = None
            await self.tasks.aclose()
            try:
                await insist(self._keeper.aclose)
            finally:
                await self._wire.transport.aclose()

    async def call(
        self,
        account: Account,
        bucket: Bucket,
        endpoint: Endpoint[T],
        request: Request,
        spending: Spending | None = None,
    ) -> T:
        """Send ``request`` until it is answered, or there is no sense in trying again.

        Args:
            account: whose request it is.
            bucket: what it counts in.
            endpoint: its row.
            request: what to send.
            spending: what it can cost, and who pays; ``None``: nobody counts.

        Raises:
            TwretweetError: see :mod:`twretweet.errors`; with endpoint, account and attempts.
        """
        self.require_open()
        call = Call(account, bucket, endpoint, request, spending)
        self._calls.add(call)
        try:
            while True:
                call.attempt += 1
                offset = self._wire.offset
                try:
                    return await self._attempt(call)
                except TwretweetError as error:
                    plan = self._plan(call, error, offset)
                    if plan is None:
                        raise
                renew, delay = plan
                if renew:
                    await self._keeper.renew(account, call.generation)
                if delay is not None:
                    await self._clock.sleep(delay)
        except asyncio.CancelledError:
            if not call.take_back():
                raise
        finally:
            call.close()
            self._calls.discard(call)
            if self._quiet is not None and not self._calls:
                self._quiet.set()
        closed = ManagerClosed(f"the manager was closed during {endpoint.label}")
        closed.at(endpoint=endpoint.label, account=account.label, attempts=0)
        raise closed

    async def look_up(self, account: Account) -> None:
        """Return when an account's tokens are at hand: looked up, and renewed if that is due.

        Raises:
            TwretweetError: as :meth:`call`.
        """
        self.require_open()
        await self._keeper.renew(account)

    def most_of(self, endpoint: Endpoint[T]) -> Most:
        """What a call without parameters can cost: always the same for an endpoint."""
        most = self._most.get(endpoint.name)
        if most is None:
            most = self._most[endpoint.name] = most_of(endpoint, {})
        return most

    def stands(self, task: asyncio.Task[None]) -> bool:
        """Whether ``task`` waits for a slot, and so has nothing on its way."""
        return any(call.stands(task) for call in self._calls)

    def require_open(self) -> None:
        """Raise unless the manager is open."""
        if not self._open:
            raise ManagerClosed(
                "the manager is not open: use `async with SessionManager() as manager`, or call "
                "`await manager.open()` first"
            )

    def _plan(
        self, call: Call[T], error: TwretweetError, offset: float
    ) -> tuple[bool, float | None] | None:
        """Whether to renew the tokens, and how long to wait, before another attempt.

        Args:
            call: what failed.
            error: why.
            offset: of X's clock, as it was known before the attempt.

        Returns:
            ``None`` for the wait: not at all. ``None``: there is no sense in another.
        """
        if error.account is not None:
            return None  # of a renewal, which has been tried again already
        account = call.account
        again = self._retry.again(error, call.attempt, now=self._clock.time())
        refused = isinstance(error, Unauthorized)
        # X refuses a signature that is minutes off, and told its time when it did so.
        learnt = abs(self._wire.offset - offset) > _CLOCK_TOLERANCE
        redated = refused and account.dated and learnt and not call.redated
        renewable = refused and not call.renewed and self._is_renewable(call)
        if refused and call.renewed and call.generation == account.generation:
            account.renewed_in_vain(self._wire.now())
        if not (again or renewable or redated):
            sent = call.attempt - isinstance(error, _NEVER_SENT)
            error.at(endpoint=call.endpoint.label, account=account.label, attempts=sent)
            return None
        # After a 429 it is the gate that waits, for the reset.
        at_once = refused or isinstance(error, TooManyRequests)
        # Jitter keeps clients apart; it guards no secret.
        chance = random.random()  # noqa: S311
        delay = 0.0 if at_once else self._retry.delay(call.attempt, chance)
        if self._on_event is not None:
            self._on_event(call.retrying(delay, error))
        call.redated = call.redated or redated
        call.renewed = call.renewed or renewable
        return renewable, None if at_once else delay

    def _is_renewable(self, call: Call[T]) -> bool:
        """Whether there are, or may be, newer tokens than those it was sent with."""
        account, generation = call.account, call.generation
        return account.generation != generation or account.due(self._wire.now(), generation)

    async def _attempt(self, call: Call[T]) -> T:
        account, spending, now = call.account, call.spending, self._wire.now()
        due = account.due(now)
        permit = None if due or self._take is None else self._take(call.bucket)
        if permit is None:  # else nothing is waited for, so whether there is money is seen at once
            if spending is not None:
                await spending.check(now)
            if due:
                await self._keeper.renew(account)
            call.in_line = True
            permit = await self.limiter.acquire(call.bucket, max_wait=self._max_wait)
            call.in_line = False
        if spending is None:
            return await self._answer(call, permit, call.request)
        return await spending.pay(
            partial(self._answer, call, permit),
            call.request,
            unsent=permit.give_back,
            now=self._wire.now,
            on_event=self._on_event,
        )

    async def _answer(self, call: Call[T], permit: Permit, request: Request) -> T:
        reply = await self._exchange(call, request, permit)
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

    async def _exchange(self, call: Call[T], request: Request, permit: Permit) -> Reply:
        """Send, and account for the permit unless a reply comes."""
        account, wire, spending = call.account, self._wire, call.spending
        transport, may_have_arrived = wire.transport, False
        try:
            if account.due(wire.now()):  # the wait for the slot may have been longer than it lives
                await self._keeper.renew(account)
            connection = await transport.reserve()
            try:
                call.generation = account.generation
                signed = account.sign(request, wire.now())
                may_have_arrived = True
                if spending is not None:
                    spending.sent = True
                if self._on_event is None:
                    return await transport.send(signed)
                return await self._tell(call, signed, self._on_event)
            finally:
                connection.release()
        except BaseException as error:
            if may_have_arrived and not (isinstance(error, TransportError) and not error.sent):
                permit.lose()
            else:
                permit.give_back()
            raise

    async def _tell(self, call: Call[T], signed: Request, tell: OnEvent) -> Reply:
        """Send, and tell of it."""
        began = self._clock.monotonic()
        tell(call.sent())
        try:
            reply = await self._wire.transport.send(signed)
        except BaseException as error:
            tell(call.failed(error, self._clock.monotonic() - began))
            raise
        tell(call.answered(reply, self._clock.monotonic() - began))
        return reply


def _rate_limit(headers: RateHeaders) -> RateLimit | None:
    window = headers.window
    if window is None:
        return None
    return RateLimit(limit=window.limit, remaining=window.remaining, reset=window.reset)

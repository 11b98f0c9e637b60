"""Who renews, and when: one renewal at a time for each account, in a task of its own.

A renewal must not end because the request that began it is cancelled: between sending a refresh
token and storing the answer that would lose the account. So requests only wait for it, however
many need it, and all get what comes of it. Closing the manager ends a renewal that has not sent
yet, and waits for one that has.

What may pass by itself, such as a broken connection, is tried again here and not by each request
that waits. What fails for good is forgotten, and the next request begins anew; so is a renewal
that somebody cancelled together with all tasks there are. As long as the tokens are good, as they
are when they are renewed ahead of their end, nobody has to hear that it failed.
"""

from __future__ import annotations

import asyncio
import copy
import random

import anyio

from twretweet.auth.account import Account, Means
from twretweet.auth.bearer import APP_TOKEN_ENDPOINT
from twretweet.auth.grant import TOKEN_ENDPOINT
from twretweet.clock import Clock
from twretweet.errors import (
    APIError,
    DecodeError,
    ManagerClosed,
    ReauthorizationRequired,
    TokenStoreError,
    TransportError,
    TwretweetError,
)
from twretweet.events import OnEvent, SignInNeeded, TokensChanged, TokensNotStored
from twretweet.protocol.retry import RetryPolicy


class Keeper:
    """Renews the tokens of all accounts of one manager.

    Args:
        means: what a renewal needs.
        retry: when to try again.
        clock: where time comes from.
        on_event: is told of ``TokensChanged``, ``TokensNotStored`` and ``SignInNeeded``.
    """

    def __init__(
        self, means: Means, *, retry: RetryPolicy, clock: Clock, on_event: OnEvent | None
    ) -> None:
        self._means = means
        self._retry = retry
        self._clock = clock
        self._on_event = on_event
        self._flights: dict[Account, _Flight] = {}
        self._unsettled: set[Account] = set()  # so that they outlive their last session

    async def renew(self, account: Account, rejected: int | None = None) -> None:
        """Return when the tokens of an account can be used, as far as is known.

        Args:
            account: whose.
            rejected: the generation that X has answered with 401.

        Raises:
            TwretweetError: they can't; to all who wait for the same renewal.
        """
        while account.due(self._means.now(), rejected):
            flight = self._flights.get(account)
            mine = flight is None
            if flight is None:
                flight = self._flights[account] = _Flight()
                flight.task = asyncio.get_running_loop().create_task(
                    self._fly(flight, account, rejected), name="twretweet: renewal of tokens"
                )
                # One that is cancelled at once has never begun, so this is not its own to do.
                flight.task.add_done_callback(lambda _: self._landed(account))
            await asyncio.wait([flight.task])
            if flight.task.cancelled():
                continue
            error = flight.task.result()
            if error is not None:
                raise copy.copy(error)
            if mine:
                return

    async def aclose(self) -> None:
        """End or await what is under way, and store what could not be stored.

        Raises:
            TokenStoreError: new tokens still can't be stored, and are lost now.
        """
        for flight in self._flights.values():
            flight.scope.cancel()
        while self._flights:
            await asyncio.wait([flight.task for flight in self._flights.values()])
        lost: list[str] = []
        while self._unsettled:
            account = self._unsettled.pop()
            try:
                await account.settle(self._means)
            except TokenStoreError as error:
                lost.append(str(error))
        if lost:
            raise TokenStoreError(
                f"the manager is closed, and these are lost, so sign in again: {'; '.join(lost)}"
            )

    async def _fly(
        self, flight: _Flight, account: Account, rejected: int | None
    ) -> TwretweetError | None:
        with flight.scope:
            return await self._until_done(account, rejected)
        error = ManagerClosed(f"the manager was closed while {account.label} was renewed")
        error.account = account.label
        return error

    def _landed(self, account: Account) -> None:
        del self._flights[account]
        if account.unsettled:
            self._unsettled.add(account)
        else:
            self._unsettled.discard(account)

    async def _until_done(self, account: Account, rejected: int | None) -> TwretweetError | None:
        generation, attempt = account.generation, 0
        while True:
            attempt += 1
            error = await self._attempt(account, rejected)
            if error is not None and account.put_off(self._means.now(), rejected):
                error = None
            if error is None or not self._again(error, attempt):
                break
            # Jitter keeps clients apart; it guards no secret.
            await self._clock.sleep(self._retry.delay(attempt, random.random()))  # noqa: S311
        if error is not None:
            _place(error, account, attempt)
        self._tell(account, error, changed=account.generation != generation)
        return error

    async def _attempt(self, account: Account, rejected: int | None) -> TwretweetError | None:
        try:
            await account.renew(self._means, rejected)
        except TwretweetError as error:
            return error
        return None

    def _again(self, error: TwretweetError, attempt: int) -> bool:
        if self._retry.again(error, attempt, now=self._clock.time()):
            return True
        # Whether X has rotated is worth a second question, whatever the policy.
        return attempt == 1 and isinstance(error, TransportError) and error.sent

    def _tell(self, account: Account, error: TwretweetError | None, *, changed: bool) -> None:
        if self._on_event is None:
            return
        if changed:
            self._on_event(TokensChanged(account=account.label))
        if account.unsettled:
            self._on_event(TokensNotStored(account=account.label, error=str(error)))
        if isinstance(error, ReauthorizationRequired):
            self._on_event(SignInNeeded(account=account.label, error=str(error)))


class _Flight:
    """A renewal under way."""

    __slots__ = ("scope", "task")

    task: asyncio.Task[TwretweetError | None]

    def __init__(self) -> None:
        self.scope = anyio.CancelScope()


def _place(error: TwretweetError, account: Account, attempts: int) -> None:
    """Note on an error whose it is; what X said, or did not say, has an endpoint too."""
    if isinstance(error, APIError | TransportError | DecodeError):
        endpoint = APP_TOKEN_ENDPOINT if account.kind == "app" else TOKEN_ENDPOINT
        error.at(endpoint=endpoint, account=account.label, attempts=attempts)
    error.account = account.label

"""Which user an account is: asked once per account, however many need to know."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable

import anyio

from twretweet import ids
from twretweet.auth import Account
from twretweet.errors import DecodeError, TwretweetError


class Identities:
    """The user ids of all accounts whose credentials don't tell it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._lookups: dict[str, _Lookup] = {}

    async def user_id(self, account: Account, ask: Callable[[], Awaitable[str]]) -> str:
        """The id of the account's user.

        Args:
            account: whose.
            ask: asks X; called by one of those who wait, for all of them.

        Raises:
            TwretweetError: what ``ask`` raised, to all who waited for it.
            DecodeError: X answered with no id.
        """
        if account.user_id is not None:
            return account.user_id
        while account.key not in self._known:
            lookup = self._lookups.get(account.key)
            if lookup is None:
                self._known[account.key] = await self._look_up(account, ask)
            else:
                await lookup.done.wait()
                if lookup.error is not None:
                    raise copy.copy(lookup.error)
        return self._known[account.key]

    async def _look_up(self, account: Account, ask: Callable[[], Awaitable[str]]) -> str:
        lookup = self._lookups[account.key] = _Lookup()
        try:
            user_id = await ask()
            if not ids.is_id(user_id):
                raise DecodeError(f"X gave {user_id!r} as the id of {account.label}")
            return user_id
        except TwretweetError as error:
            lookup.error = error
            raise
        finally:
            # Cancelled, it leaves neither id nor error, and one of those who wait asks next.
            del self._lookups[account.key]
            lookup.done.set()


class _Lookup:
    """A question on its way."""

    __slots__ = ("done", "error")

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.error: TwretweetError | None = None

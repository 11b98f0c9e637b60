"""Which user an account is: asked once per account, however many need to know."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Awaitable, Callable

import anyio

from twretweet import ids
from twretweet.auth import Account
from twretweet.errors import DecodeError, TwretweetError


class Identities:
    """The user ids of all accounts whose credentials don't tell it.

    An account remembers its own. Beside that, the latest are remembered here for whoever makes a
    session for each request, since the question is paid.

    Args:
        most: how many are remembered.
    """

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._known: OrderedDict[str, str] = OrderedDict()
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
        while account.user_id is None:
            lookup = self._lookups.get(account.identity)
            if lookup is not None:
                await lookup.done.wait()
                if lookup.error is not None:
                    raise copy.copy(lookup.error)
            else:
                known = self._known.get(account.identity)
                sign_in = account.sign_in
                found = known or await self._look_up(account, ask)
                # A sign-in that came meanwhile may be of another user: then X is asked again.
                if account.sign_in == sign_in:
                    account.user_id = found
        return account.user_id

    async def _look_up(self, account: Account, ask: Callable[[], Awaitable[str]]) -> str:
        name, sign_in = account.identity, account.sign_in
        lookup = self._lookups[name] = _Lookup()
        try:
            user_id = await ask()
            if not ids.is_id(user_id):
                raise DecodeError(f"X gave {user_id!r} as the id of {account.label}")
            if account.sign_in == sign_in:
                # Asking may have been what found out whose tokens are stored.
                self._remember(account.identity, user_id)
            return user_id
        except TwretweetError as error:
            lookup.error = error
            raise
        finally:
            # Cancelled, it leaves neither id nor error, and one of those who wait asks next.
            del self._lookups[name]
            lookup.done.set()

    def _remember(self, name: str, user_id: str) -> None:
        self._known[name] = user_id
        self._known.move_to_end(name)
        while len(self._known) > self._most:
            self._known.popitem(last=False)


class _Lookup:
    """A question on its way."""

    __slots__ = ("done", "error")

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.error: TwretweetError | None = None

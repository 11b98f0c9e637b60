"""A sandbox in a thread of its own, for programs and tests that have no event loop, or another.

A sandbox belongs to its event loop: what changes it from outside must do so there, or it would
meet a request half-way. So whatever changes something is handed to that loop and waited for;
what only looks takes what it finds.
"""

import os
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from functools import partial
from types import TracebackType
from typing import Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

from twretweet.ids import TweetRef
from twretweet.sandbox.accounts import SCOPES, Account
from twretweet.sandbox.clocks import VirtualClock
from twretweet.sandbox.sandbox import Sandbox

T = TypeVar("T")


class ThreadedSandbox(Sandbox):
    """A :class:`Sandbox` that runs while a ``with`` block does, without an event loop around it.

    ::

        with ThreadedSandbox(retweets=250) as sandbox:
            requests.get(f"{sandbox.url}/2/users/me", headers=...)

    It takes what :class:`Sandbox` takes, and does what that does, from any thread.
    """

    _portal: BlockingPortal | None = None
    _thread: int | None = None
    _stack: ExitStack | None = None

    def __enter__(self) -> Self:
        if self._portal is not None:
            raise RuntimeError("the sandbox has been started already")
        with ExitStack() as stack:
            clock = self.clock
            options = (
                {"loop_factory": clock.new_serving_loop} if isinstance(clock, VirtualClock) else {}
            )
            portal = stack.enter_context(start_blocking_portal("asyncio", options))
            portal.call(self.start)
            stack.callback(self._close, portal)
            self._portal, self._thread = portal, portal.call(threading.get_ident)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        stack, self._stack = self._stack, None
        if stack is not None:
            stack.close()

    async def authorize(self, url: str, *, user: Account | None = None, allow: bool = True) -> str:
        """Do what a person does on the page of an authorize URL; see :class:`Sandbox`."""
        there = partial(super().authorize, url, user=user, allow=allow)
        if self._portal is None or self._is_there():
            return await there()
        return self._portal.call(there)

    def retweeted_by(self, tweet_id: TweetRef | None = None) -> list[str]:
        """Return the ids of who has retweeted a tweet, latest first; see :class:`Sandbox`."""
        return self._do(partial(super().retweeted_by, tweet_id))

    def expire_access_tokens(self) -> None:
        """Let every OAuth 2.0 access token given out so far be past its end."""
        self._do(super().expire_access_tokens)

    def revoke(self, account: Account) -> None:
        """Let a user take back all they have allowed: every token of theirs ends."""
        self._do(partial(super().revoke, account))

    def new_account(
        self, username: str | None = None, *, scopes: Iterable[str] = SCOPES
    ) -> Account:
        """Make another user with credentials of their own; see :class:`Sandbox`."""
        return self._do(partial(super().new_account, username, scopes=scopes))

    def add_tweet(
        self, *, retweets: int = 0, text: str = "Hello, sandbox!", author: Account | None = None
    ) -> str:
        """Put up another tweet, and return its id; see :class:`Sandbox`."""
        return self._do(partial(super().add_tweet, retweets=retweets, text=text, author=author))

    def add_retweets(self, count: int = 1, *, tweet_id: TweetRef | None = None) -> None:
        """Let more of the crowd retweet a tweet, now; see :class:`Sandbox`."""
        self._do(partial(super().add_retweets, count, tweet_id=tweet_id))

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock on, so that windows end and tokens expire."""
        self._do(partial(super().advance, seconds))

    def reset(self) -> None:
        """Be as at the start: tweets, accounts, tokens, limits, faults; but not the clock."""
        self._do(super().reset)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, as JSON Lines."""
        self._do(partial(super().save, path))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Replace the state by that of a file; all of it, or nothing."""
        self._do(partial(super().load, path))

    def _close(self, portal: BlockingPortal) -> None:
        self._portal = self._thread = None
        portal.call(self.aclose)

    def _is_there(self) -> bool:
        return threading.get_ident() == self._thread

    def _do(self, act: Callable[[], T]) -> T:
        """Do something on the sandbox's loop, and wait for it."""
        if self._portal is None or self._is_there():
            return act()
        return self._portal.call(act)

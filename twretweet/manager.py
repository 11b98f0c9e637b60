"""Many accounts over one connection pool and one limiter."""

from __future__ import annotations

import ipaddress
import math
import os
import re
from types import TracebackType
from typing import TYPE_CHECKING, Self, get_args
from urllib.parse import urlsplit

from twretweet.auth import Accounts, MemoryTokenStore, TokenStore
from twretweet.budget import AnyBudget
from twretweet.clock import Clock, SystemClock
from twretweet.credentials import Credentials
from twretweet.errors import QueryError
from twretweet.events import OnEvent
from twretweet.limits import BucketState, Limiter, MemoryLimiter
from twretweet.pipeline import Caller, Pipeline, Wire, guarded
from twretweet.pipeline.tasks import to_the_end
from twretweet.protocol.retry import RetryPolicy
from twretweet.session import Session
from twretweet.transport import HttpSession, Transport
from twretweet.vocabulary import Vocabulary

if TYPE_CHECKING:
    from twretweet.sign_in import SignIn

DEFAULT_BASE_URL = "https://api.x.com"
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = rf"{_LABEL}(?:\.{_LABEL})*\.?|[0-9a-f]*:[0-9a-f:.]*"
# No dots alone between slashes: servers and proxies resolve them, after we have signed them.
_PATH = r"(?:/(?!\.{1,2}(?:/|$))[A-Za-z0-9._~%-]*)*"
BASE_URL_VARIABLE = "TWRETWEET_BASE_URL"
DEFAULT_TIMEOUT = 30.0
_DEFAULT_RETRY = RetryPolicy()


class SessionManager:
    """Makes sessions, and owns what they share.

    Use it with ``async with``; or call :meth:`open` and :meth:`aclose`, from any task each, as
    the start-up and shut-down hooks of a bot do.

    Args:
        base_url: where the API is; plain ``http`` is for this machine only. Left as it is, the
            environment variable ``TWRETWEET_BASE_URL`` names another host.
        limiter: where the buckets live; by default in this process's memory.
        retry: when to try again.
        timeout: how long one request may take from connecting to the last byte, in seconds; the
            wait for a slot does not count.
        max_wait: the longest wait for a slot, in seconds; a longer one raises
            ``RateLimitExceeded`` before anything is sent. ``None`` waits as long as it takes. So
            does a wait beyond the deadline of an ``anyio.fail_after`` around the call.
        token_store: where tokens that X has renewed live, and sign-ins; by default in the memory
            of this manager, where they are lost with it. Managers that act for the same account
            have to be given the same store, or one would send a refresh token that the other has
            spent.
        budget: what all requests may cost: a :class:`~twretweet.Budget`, or one that is shared
            through Redis.
        on_event: is called with what happens inside, see :mod:`twretweet.events`. A limiter of
            your own takes its own ``on_event``.
        vocabulary: the words for fields and expansions to send, ``"tweet"`` or ``"post"``; both
            are read.
        http: your own aiohttp session, which is never closed here. Its connections, proxy,
            tracing and default headers are used; its cookies and middlewares are not, because
            they would travel with the requests of every account. One that does not verify TLS is
            refused.
        clock: where time comes from.

    Raises:
        QueryError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        base_url: str = DEFAULT_BASE_URL,
        limiter: Limiter | None = None,
        retry: RetryPolicy = _DEFAULT_RETRY,
        timeout: float = DEFAULT_TIMEOUT,
        max_wait: float | None = None,
        token_store: TokenStore | None = None,
        budget: AnyBudget | None = None,
        on_event: OnEvent | None = None,
        vocabulary: Vocabulary = "tweet",
        http: HttpSession | None = None,
        clock: Clock | None = None,
    ) -> None:
        if not 0 < timeout < math.inf:
            raise QueryError(f"timeout is {timeout}: it must be a number of seconds above 0")
        if max_wait is not None and not max_wait >= 0:
            raise QueryError(f"max_wait is {max_wait}: it must not be negative")
        if vocabulary not in get_args(Vocabulary):
            raise QueryError(f"vocabulary is {vocabulary!r}: it must be 'tweet' or 'post'")
        clock = SystemClock() if clock is None else clock
        on_event = guarded(on_event)
        # Identity, not equality: an address that was given is not overruled by the environment.
        if base_url is DEFAULT_BASE_URL:
            base_url = os.environ.get(BASE_URL_VARIABLE) or base_url
        self._limiter: Limiter = (
            MemoryLimiter(clock=clock, on_event=on_event) if limiter is None else limiter
        )
        self._accounts = Accounts()
        self._retry = retry
        self._wire = Wire(
            Transport(timeout=timeout, http=http),
            clock,
            base_url=normal_base_url(base_url),
            store=MemoryTokenStore() if token_store is None else token_store,
        )
        self._pipeline = Pipeline(
            self._wire,
            self._limiter,
            retry=retry,
            max_wait=max_wait,
            vocabulary=vocabulary,
            budget=budget,
            on_event=on_event,
        )
        self._sign_in: SignIn | None = None

    async def open(self) -> Self:
        """Make ready; the task that closes it later may be another one."""
        self._pipeline.open()
        return self

    async def aclose(self) -> None:
        """End what is under way with ``ManagerClosed``, and close the connections.

        Tokens that X is renewing at this moment are waited for and stored. Closing twice is
        harmless.

        Raises:
            TokenStoreError: new tokens could not be stored, and are lost.
        """
        # A cancellation must not close the connections under what X is just answering.
        await to_the_end(self._close, "twretweet: closing")

    async def _close(self) -> None:
        if self._sign_in is not None:
            await self._sign_in.aclose()
        await self._pipeline.aclose()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    def session(self, credentials: Credentials) -> Session:
        """A session of one account, or of the app itself.

        Sessions are cheap, and sessions of the same account share their buckets and tokens.

        Raises:
            CredentialsError: the credentials have neither a token nor the name of an account.
        """
        return Session(Caller(self._accounts.of(credentials), self._pipeline))

    @property
    def sign_in(self) -> SignIn:
        """Signs people in and out; their tokens go to the token store."""
        if self._sign_in is None:
            # It brings all flows of auth/ with it, and most programs never need them.
            from twretweet.sign_in import SignIn  # noqa: PLC0415

            self._sign_in = SignIn(self._wire, self._pipeline, self._retry)
        return self._sign_in

    def rate_limits(self) -> list[BucketState]:
        """What is left of every window that was used."""
        return self._limiter.states()


def normal_base_url(url: str) -> str:
    """Bring an address into the normal form that signatures are made over (RFC 5849, 3.4.1.2).

    Raises:
        QueryError: it is no address of an API, or would send credentials unencrypted.
    """
    if "@" in url:
        raise QueryError("base_url holds a user's name or password, which have no place there")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise QueryError(f"base_url {url!r} is no address: {error}") from error
    scheme, host = parts.scheme.lower(), (parts.hostname or "").lower()
    if scheme not in ("https", "http") or not re.fullmatch(_HOST, host, re.ASCII):
        raise QueryError(f"base_url {url!r} is no address: write it like {DEFAULT_BASE_URL}")
    if parts.query or parts.fragment or not re.fullmatch(_PATH, parts.path, re.ASCII):
        raise QueryError(f"base_url {url!r} must be scheme, host and a plain path only")
    if scheme == "http" and not _is_this_machine(host):
        raise QueryError(f"base_url {url!r} would send credentials unencrypted: use https")
    shown_host = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}[scheme]
    shown_port = "" if port in (None, default) else f":{port}"
    return f"{scheme}://{shown_host}{shown_port}{parts.path.rstrip('/')}"


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")

"""Tokens in Redis, for services of many processes and machines.

1. Each account is a key of its own that holds the text of its tokens.
2. The lock of an account is a key with a random owner and an end. It is extended right before a
   refresh token is sent, so that it outlives the reply; who finds that it was lost sends nothing.
3. Who finds the lock taken asks again in pauses that grow from 20 ms to half a second.
4. Commands are scripts, because what a lock needs is to compare and change in one step.

Redis keeps what it acknowledged as well as it is set up to: with ``appendonly no`` a crash of the
server may lose minutes, and with them accounts. Use ``appendonly yes``.
"""

from __future__ import annotations

import random
import re
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar
from urllib.parse import unquote

import anyio
from redis.exceptions import RedisError, ResponseError

from twretweet.auth.tokens import StoredTokens, read_tokens
from twretweet.errors import QueryError, TokenStoreError
from twretweet.interrupt import Interruptible, bare
from twretweet.protocol.request import escape

T = TypeVar("T")

__all__ = ["RedisClient", "RedisTokenStore"]

_GET = "return redis.call('get', KEYS[1])"
_SET = "redis.call('set', KEYS[1], ARGV[1]) return 1"
_DELETE = "redis.call('del', KEYS[1]) return 1"
# A client asks again if the reply was lost, and the lock may be ours by then.
_TAKE = """
if redis.call('get', KEYS[1]) == ARGV[1] then
  redis.call('pexpire', KEYS[1], ARGV[2])
  return 1
end
if redis.call('set', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return 0
"""
_HOLD = """
if redis.call('get', KEYS[1]) ~= ARGV[1] then return 0 end
if redis.call('pttl', KEYS[1]) < tonumber(ARGV[2]) then
  redis.call('pexpire', KEYS[1], ARGV[2])
end
return 1
"""
_DROP = "if redis.call('get', KEYS[1]) == ARGV[1] then redis.call('del', KEYS[1]) end return 1"
_PAUSE = 0.02
_LONGEST_PAUSE = 0.5
_LONGEST = 86_400.0
_PAGE = 1000


class RedisClient(Protocol):
    """What is needed of ``redis.asyncio.Redis`` and ``redis.asyncio.RedisCluster``."""

    def eval(self, script: str, numkeys: int, *keys_and_args: str | bytes) -> Awaitable[object]:
        """Run a script."""
        ...

    def scan_iter(
        self, match: str | None = None, count: int | None = None
    ) -> AsyncIterator[str | bytes]:
        """Find keys."""
        ...


class RedisTokenStore:
    """Keeps tokens in Redis, where many processes share them.

    The client stays yours; it is never closed here.

    Args:
        client: a ``redis.asyncio.Redis`` or ``redis.asyncio.RedisCluster``, of Redis 5 or later.
        prefix: begins every key.
        lock_seconds: after how long the lock of a process that died is free, unless it died
            while X was asked: then after the manager's ``timeout`` and a few seconds.
        timeout: how long Redis may take to answer, in seconds.

    Raises:
        QueryError: an argument is out of range.
    """

    def __init__(
        self,
        client: RedisClient,
        *,
        prefix: str = "twretweet",
        lock_seconds: float = 15.0,
        timeout: float = 5.0,
    ) -> None:
        for name, seconds in (("lock_seconds", lock_seconds), ("timeout", timeout)):
            if not 0 < seconds <= _LONGEST:
                raise QueryError(f"{name} is {seconds}: it must be above 0, and a day at most")
        self._client = client
        self._prefix = prefix
        self._lock_seconds = lock_seconds
        self._timeout = timeout

    async def load(self, account: str) -> StoredTokens | None:
        """What is stored under a name; ``None`` if nothing is.

        Raises:
            TokenStoreError: Redis can't be asked, or holds something else.
        """
        found = await self._load(account)
        if isinstance(found, str):
            raise TokenStoreError(f"the tokens of {account!r} in Redis {found}")
        return found

    async def save(self, account: str, tokens: StoredTokens) -> None:
        """Store ``tokens`` under a name.

        Raises:
            TokenStoreError: Redis can't be asked, or holds there what can't be read.
        """
        await self.load(account)
        await self.run(_SET, self._key(account), tokens)

    async def delete(self, account: str) -> None:
        """Forget what is stored under a name.

        Raises:
            TokenStoreError: Redis can't be asked.
        """
        await self.run(_DELETE, self._key(account))

    async def accounts(self) -> list[str]:
        """The names under which something is stored; it looks at every key of the server.

        Raises:
            TokenStoreError: Redis can't be asked.
        """
        first = self._key("")
        # SCAN may give a key twice.
        names: set[str] = set()
        pattern = re.sub(r"([*?\[\]\\^-])", r"\\\1", first) + "*"
        keys = self._client.scan_iter(match=pattern, count=_PAGE)
        while True:
            key = await self._call(anext(keys, None))
            if key is None:
                return sorted(names)
            text = key.decode() if isinstance(key, bytes) else key
            names.add(unquote(text[len(first) :]))

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator[_Lease]:
        """The lock of an account, among all processes that use this Redis.

        Raises:
            TokenStoreError: Redis can't be asked.
        """
        key = f"{self._prefix}:token-lock:{escape(account)}"
        lease = _Lease(self, key, account)
        try:
            await lease.take(self._lock_seconds)
            yield lease
        finally:
            await lease.drop()

    async def run(self, script: str, key: str, *arguments: str | StoredTokens) -> object:
        """Run a script on one key.

        Raises:
            TokenStoreError: there was no answer, or a refusal.
        """
        texts = (a if isinstance(a, str) else a.to_json() for a in arguments)
        return await self._call(self._client.eval(script, 1, key, *texts))

    async def _call(self, call: Awaitable[T]) -> T:
        part = Interruptible()
        failure: BaseException
        # The client's frames and errors hold what was sent, so they are left behind.
        try:
            with anyio.fail_after(self._timeout):
                answer = await call
        except (RedisError, OSError) as error:
            failure = TokenStoreError(_fault(error, self._timeout))
        except UnicodeError:  # of a client that decodes replies; it holds the whole of this one
            failure = TokenStoreError(
                "the token store: Redis holds there what is no text, and it is left as it is"
            )
        except BaseException as error:  # noqa: BLE001  # it is raised below
            failure = error
        else:
            await part.hear()
            return answer
        raise bare(failure)

    async def _load(self, account: str) -> StoredTokens | str | None:
        text = await self.run(_GET, self._key(account))
        if text is None:
            return None
        return read_tokens(text) if isinstance(text, str | bytes) else "are no text"

    def _key(self, account: str) -> str:
        return f"{self._prefix}:tokens:{escape(account)}"


class _Lease:
    """The lock of one account, or the wish for it."""

    def __init__(self, store: RedisTokenStore, key: str, account: str) -> None:
        self._store = store
        self._key = key
        self._account = account
        self._owner = secrets.token_hex(16)

    async def take(self, seconds: float) -> None:
        """Wait until the lock is free and take it for so long."""
        pause = _PAUSE
        while await self._store.run(_TAKE, self._key, self._owner, _milliseconds(seconds)) != 1:
            # Jitter keeps processes apart; it guards no secret.
            await anyio.sleep(pause * random.uniform(0.5, 1))  # noqa: S311
            pause = min(1.5 * pause, _LONGEST_PAUSE)

    async def hold(self, seconds: float) -> None:
        """Make sure that the lock is held for ``seconds`` more."""
        if await self._store.run(_HOLD, self._key, self._owner, _milliseconds(seconds)) != 1:
            raise TokenStoreError(
                f"the lock of {self._account!r} in Redis was lost: this process or Redis stood "
                "still for too long; try again, and raise lock_seconds= if that is usual"
            )

    async def drop(self) -> None:
        """Let others have it; also where nobody knows whether it was taken."""
        with anyio.CancelScope(shield=True):
            try:
                await self._store.run(_DROP, self._key, self._owner)
            except TokenStoreError:
                # It ends by itself, and what was done under it is done.
                return


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _fault(error: Exception, timeout: float) -> str:
    if isinstance(error, TimeoutError):
        return f"the token store: Redis did not answer within {timeout:g} s; try again"
    said = str(error)
    if isinstance(error, ResponseError):
        said = said.partition(", with args")[0]  # what follows is what was sent
    return (
        f"the token store: Redis could not be asked ({type(error).__name__}: {said}); check that "
        "the client leads to a Redis server that may be written to and lets it run scripts"
    )

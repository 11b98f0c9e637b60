"""Tokens in one file, for the processes of one machine.

The file is JSON: a version, and under ``accounts`` what is stored under each name. It is readable
by its owner alone from the moment it exists, and is replaced as a whole, so it suits hundreds of
accounts; for many thousands, or several machines, there are databases.

Beside it lie ``….lock``, held for the milliseconds of a change, and while an account is
refreshed ``….<name>.lock``. Each tells which process has it, and the kernel drops both when that
ends, however it ends.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar
from weakref import WeakKeyDictionary

import anyio
import anyio.to_thread
import msgspec
from msgspec import Struct

from twretweet.auth.account import fingerprint
from twretweet.auth.file_io import FileFault, FileLock, beside, read_private, replace_private
from twretweet.auth.tokens import StoredTokens, read_tokens
from twretweet.errors import TokenStoreError

T = TypeVar("T")

VERSION = 1
_PAUSE = 0.005
_LONGEST_PAUSE = 0.1
# A refresh takes seconds; a process that has held its lock for this long has been stopped.
_PATIENCE = 120.0


class _File(Struct):
    """The content; what is stored under a name stays as it is unless that name is changed."""

    version: int
    accounts: dict[str, msgspec.Raw] = {}


class _Version(Struct):
    version: int


class FileTokenStore:
    """Keeps tokens in one file of mode 0600, on a local disk; not on Windows.

    It is made at the first save, with its folder. A file that others can read, that is another
    user's or a symbolic link, that is corrupt or of a newer version raises ``TokenStoreError``,
    and stays as it is.

    Args:
        path: of the file; ``~`` is the home folder.

    Raises:
        TokenStoreError: the path names no file, or this is Windows, which has no file locks that
            end with their process.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if sys.platform == "win32":
            raise TokenStoreError(
                "FileTokenStore can't keep tokens on Windows, which has no file locks that end "
                "with their process: use twretweet.auth.redis.RedisTokenStore, or a store of your "
                "own (see twretweet.TokenStore)"
            )
        self._path = Path(path).expanduser()
        if not self._path.name:
            raise TokenStoreError(f"{os.fspath(path)!r} names no file: give the path of one")
        # Who changes the file queues here first, so that one thread at a time waits for its lock.
        self._queues: WeakKeyDictionary[asyncio.AbstractEventLoop, anyio.Lock] = (
            WeakKeyDictionary()
        )

    def __repr__(self) -> str:
        return f"FileTokenStore({str(self._path)!r})"

    async def load(self, account: str) -> StoredTokens | None:
        """What is stored under a name; ``None`` if nothing is.

        Raises:
            TokenStoreError: the file can't be read.
        """
        found = await self._run(partial(self._load, account))
        if isinstance(found, str):
            raise self._error(f"the tokens of {account!r} {found}")
        return found

    async def save(self, account: str, tokens: StoredTokens) -> None:
        """Store ``tokens`` under a name; they have reached the disk when this returns.

        Raises:
            TokenStoreError: the file can't be read or written.
        """
        await self._change(account, tokens)

    async def delete(self, account: str) -> None:
        """Forget what is stored under a name.

        Raises:
            TokenStoreError: the file can't be read or written.
        """
        if account in await self.accounts():
            await self._change(account, None)

    async def accounts(self) -> list[str]:
        """The names under which something is stored.

        Raises:
            TokenStoreError: the file can't be read.
        """
        return sorted((await self._run(self._read)).accounts)

    @asynccontextmanager
    async def lock(self, account: str) -> AsyncGenerator[None]:
        """The lock of an account, among all processes of this machine.

        Raises:
            TokenStoreError: it can't be had, or somebody has held it for two minutes.
        """
        name = f".{fingerprint(account)}.lock"
        lock = FileLock(beside(self._path, name), passing=True)
        try:
            await self._wait_for(lock, account)
            yield
        finally:
            lock.drop()

    async def _wait_for(self, lock: FileLock, account: str) -> None:
        pause, waited = _PAUSE, 0.0
        while not await self._run(partial(self._take, lock)):
            if waited > _PATIENCE:
                owner = await self._run(lock.owner)
                raise self._error(
                    f"{owner} has been refreshing {account!r} for {_PATIENCE:g} s: end it if it "
                    "hangs"
                )
            # Jitter keeps processes apart; it guards no secret.
            wait = pause * random.uniform(0.5, 1)  # noqa: S311
            await anyio.sleep(wait)
            waited += wait
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _take(self, lock: FileLock) -> bool:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return lock.take()
        except OSError as error:
            raise FileFault(f"its lock can't be had: {error.strerror}") from error

    # -- in worker threads ------------------------------------------------------------------

    def _read(self) -> _File:
        content = _parse(read_private(self._path))
        if isinstance(content, str):
            raise FileFault(content)
        return content

    def _load(self, account: str) -> StoredTokens | str | None:
        entry = self._read().accounts.get(account)
        return None if entry is None else read_tokens(bytes(entry))

    async def _change(self, account: str, tokens: StoredTokens | None) -> None:
        def change(old: bytes | None) -> bytes:
            content = _parse(old)
            del old  # the locals of this frame stand in the traceback
            if isinstance(content, str):
                raise FileFault(content)
            if tokens is None:
                content.accounts.pop(account, None)
            else:
                _require_readable(content, account)
                content.accounts[account] = msgspec.Raw(tokens.to_json())
            return msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n"

        async with self._queues.setdefault(asyncio.get_running_loop(), anyio.Lock()):
            await self._run(partial(replace_private, self._path, change))

    async def _run(self, work: Callable[[], T]) -> T:
        # Not abandoned when cancelled: what was begun is known to be done or not.
        try:
            return await anyio.to_thread.run_sync(work)
        except FileFault as error:
            fault = str(error)
        raise self._error(fault)

    def _error(self, fault: str) -> TokenStoreError:
        return TokenStoreError(f"the token file {self._path}: {fault}")


def _require_readable(content: _File, account: str) -> None:
    """Refuse to replace what is stored under a name if a newer version wrote it."""
    entry = content.accounts.get(account)
    read = None if entry is None else read_tokens(bytes(entry))
    if isinstance(read, str):
        raise FileFault(f"the tokens of {account!r} {read}")


def _parse(content: bytes | None) -> _File | str:
    """The content of the file; or, as the end of a sentence, why it can't be read."""
    if content is None:
        return _File(VERSION)
    try:
        version = msgspec.json.decode(content, type=_Version).version
        if version > VERSION:
            return (
                f"it is of version {version}, which a newer twretweet wrote: update this one; the "
                "file is left as it is"
            )
        return msgspec.json.decode(content, type=_File)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return (
            f"it is corrupt ({error}) and left as it is: restore it, or move it away and sign in "
            "again"
        )

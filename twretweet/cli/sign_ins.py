"""The accounts that are signed in on this machine, and which of them a command acts as.

They are kept below ``XDG_STATE_HOME``, and not among the settings: a refresh token works once, so
a copy of it, taken along with somebody's settings to another machine, would cost the account. Each
host has a file of its own, so that no other host is ever sent what X has given out.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from twretweet.auth.file_store import FileTokenStore
from twretweet.auth.store import TokenStore
from twretweet.auth.tokens import OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.cli import memory
from twretweet.credentials import Credentials
from twretweet.errors import CredentialsError


class Chosen(NamedTuple):
    """As whom a command acts.

    Args:
        credentials: of the account.
        store: where its tokens are kept; ``None`` where they came from the environment.
    """

    credentials: Credentials
    store: TokenStore | None


def path(env: Mapping[str, str], base_url: str) -> Path:
    """Where the file of a host is: beside what is remembered of its rate limits."""
    limits = memory.path(env, base_url)
    return limits.parents[1] / "tokens" / limits.name


def store(env: Mapping[str, str], base_url: str) -> FileTokenStore:
    """The accounts of a host.

    Raises:
        TokenStoreError: this system has no file locks that end with their process.
    """
    return FileTokenStore(path(env, base_url))


async def choose(tokens: TokenStore, account: str | None) -> str | None:
    """The account that is meant; ``None`` if nobody is signed in and none was named.

    Args:
        tokens: where they are kept.
        account: its name, if one was given.

    Raises:
        CredentialsError: there is none of that name, or several, and none was named.
        TokenStoreError: they can't be read.
    """
    names = await tokens.accounts()
    if account is not None:
        if account not in names:
            raise CredentialsError(f"nobody is signed in as {account!r}: {_known(names)}")
        return account
    if len(names) > 1:
        raise CredentialsError(
            f"several accounts are signed in: choose one with --account, of {', '.join(names)}"
        )
    return names[0] if names else None


async def chosen(env: Mapping[str, str], base_url: str, account: str | None) -> Chosen | None:
    """The stored account that is meant; ``None`` if there is none.

    Raises:
        CredentialsError: as :func:`choose`.
        TokenStoreError: it can't be read.
    """
    tokens = store(env, base_url)
    name = await choose(tokens, account)
    found = None if name is None else await tokens.load(name)
    return None if name is None or found is None else Chosen(found.credentials(name), tokens)


def _known(names: list[str]) -> str:
    if not names:
        return "nobody is at all; see `twretweet login`"
    return f"choose from {', '.join(names)}, or see `twretweet login`"


def user_of(tokens: StoredTokens | None) -> str | None:
    """The name of the user who signed in, where it is known."""
    if isinstance(tokens, OAuth2Tokens):
        return tokens.username
    return tokens.screen_name if isinstance(tokens, OAuth1Tokens) else None


def shown(file: Path) -> str:
    """A path as a person writes it."""
    home = Path(os.environ.get("HOME") or Path.home())
    return f"~/{file.relative_to(home)}" if file.is_relative_to(home) else str(file)

"""What the commands read from the environment: whose keys, and which host.

Secrets come from here, or from a sign-in, and never from an argument, because the arguments of a
process can be read by everybody on the machine.
"""

import os
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from twretweet.budget import AnyBudget
from twretweet.cli import memory, sign_ins
from twretweet.cli.sign_ins import Chosen
from twretweet.credentials import ENV_PREFIX, AppOnly, Credentials, OAuth1, OAuth2
from twretweet.errors import CredentialsError, QueryError
from twretweet.events import OnEvent
from twretweet.limits import MemoryLimiter
from twretweet.manager import DEFAULT_BASE_URL, SessionManager, normal_base_url
from twretweet.session import Session

BASE_URL = ENV_PREFIX + "BASE_URL"

_OAUTH1 = ("CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
_OAUTH2 = ("CLIENT_ID", "ACCESS_TOKEN")
_APP_ONLY = ("BEARER_TOKEN",)
_APP_KEY = ("CONSUMER_KEY", "CONSUMER_SECRET")
_OF_A_USER = frozenset({"ACCESS_TOKEN", "ACCESS_TOKEN_SECRET"})
_KINDS = (_OAUTH1, _OAUTH2, _APP_ONLY)


class Connection:
    """A session of the account that the environment names, and what is remembered of its limits.

    Args:
        session: the session.
        limiter: counts its requests.
        file: where that is remembered.
    """

    def __init__(self, session: Session, limiter: MemoryLimiter, file: Path) -> None:
        self.session = session
        self._limiter = limiter
        self._file = file

    def remember(self) -> None:
        """Leave what is known of the limits for other commands now, should this one be killed."""
        memory.remember(self._limiter, self._file, quiet=True)


@asynccontextmanager
async def connect(
    *,
    max_wait: float | None,
    account: str | None = None,
    budget: AnyBudget | None = None,
    on_event: OnEvent | None = None,
) -> AsyncGenerator[Connection]:
    """Connect as the account that was named, that the environment names, or that is signed in.

    Args:
        max_wait: the longest wait for a rate-limit window, in seconds; ``None`` waits it out.
        account: the name of one that is signed in.
        budget: what it may cost.
        on_event: is told of what happens.

    Raises:
        CredentialsError: there is none, or several are signed in and none was named.
        TokenStoreError: those that are signed in can't be read.
        QueryError: the host is no address, or ``max_wait`` is negative.
    """
    url = base_url(os.environ)
    keys, tokens = await whose(os.environ, url, account)
    limiter, file = MemoryLimiter(), memory.path(os.environ, url)
    memory.recall(limiter, file)
    manager = SessionManager(
        base_url=url,
        max_wait=max_wait,
        limiter=limiter,
        token_store=tokens,
        budget=budget,
        on_event=on_event,
    )
    try:
        async with manager:
            yield Connection(manager.session(keys), limiter, file)
    finally:
        memory.remember(limiter, file)


@asynccontextmanager
async def session(
    *, max_wait: float | None, account: str | None = None
) -> AsyncGenerator[Session]:
    """The session of :func:`connect`."""
    async with connect(max_wait=max_wait, account=account) as connection:
        yield connection.session


async def whose(env: Mapping[str, str], url: str, account: str | None) -> Chosen:
    """As whom to act: an account that was named, else keys in the environment, else a sign-in.

    Args:
        env: the environment.
        url: the host.
        account: the name of one that is signed in.

    Raises:
        CredentialsError: there is none, or several are signed in and none was named.
        TokenStoreError: those that are signed in can't be read.
    """
    if account is None and (is_complete(env) or not sign_ins.path(env, url).exists()):
        return Chosen(credentials(env), None)
    return await sign_ins.chosen(env, url, account) or Chosen(credentials(env), None)


def is_complete(env: Mapping[str, str]) -> bool:
    """Whether the environment holds keys to act with, before any sign-in.

    The app's key and secret alone don't count: they may be there for signing in.
    """
    have = _names_in(env)
    return any(have.issuperset(kind) for kind in _KINDS)


def credentials(env: Mapping[str, str]) -> Credentials:
    """The most capable complete set of keys: OAuth 1.0a, else OAuth 2.0, else the app's own.

    Raises:
        CredentialsError: none is complete; the message names what is missing.
    """
    have = _names_in(env)
    if have.issuperset(_OAUTH1):
        return OAuth1.from_env(env)
    if have.issuperset(_OAUTH2):
        return OAuth2.from_env(env)
    # With half of a user's keys, they were meant and not the app's.
    if have.issuperset(_APP_ONLY) or (have.issuperset(_APP_KEY) and not have & _OF_A_USER):
        return AppOnly.from_env(env)
    raise CredentialsError(_missing(have))


def base_url(env: Mapping[str, str]) -> str:
    """The host to talk to.

    Raises:
        QueryError: it is no address, or would send keys unencrypted.
    """
    url = env.get(BASE_URL) or DEFAULT_BASE_URL
    try:
        return normal_base_url(url)
    except QueryError as error:
        raise QueryError(f"{BASE_URL}: {error}") from error


def _names_in(env: Mapping[str, str]) -> set[str]:
    return {name for kind in _KINDS for name in kind if env.get(ENV_PREFIX + name)}


def _missing(have: set[str]) -> str:
    hint = "; to try without keys: twretweet demo, or twretweet sandbox"
    if not have:
        ways = ", or ".join(_names(kind) for kind in _KINDS)
        return (
            "no keys in the environment, and nobody is signed in: run twretweet login, or set "
            f"{ways}{hint}"
        )
    # What is nearly complete is what was meant.
    meant = min(_KINDS, key=lambda kind: (len(set(kind) - have), kind is _APP_ONLY))
    lacking = tuple(name for name in meant if name not in have)
    return (
        f"the environment has {_names(sorted(have))}, but lacks {_names(lacking)}; set it, or run "
        f"twretweet login{hint}"
    )


def _names(kind: tuple[str, ...] | list[str]) -> str:
    names = [ENV_PREFIX + name for name in kind]
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)

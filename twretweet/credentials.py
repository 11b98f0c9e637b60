"""The three kinds of credentials, as plain data that never prints a secret.

``from_env()`` reads ``TWRETWEET_CONSUMER_KEY``, ``TWRETWEET_CONSUMER_SECRET``,
``TWRETWEET_ACCESS_TOKEN``, ``TWRETWEET_ACCESS_TOKEN_SECRET``, ``TWRETWEET_BEARER_TOKEN``,
``TWRETWEET_CLIENT_ID`` and ``TWRETWEET_CLIENT_SECRET``.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self, TypeAlias

from twretweet.errors import CredentialsError

ENV_PREFIX = "TWRETWEET_"


class _Secretive:
    """Shows which fields are set, and the value of none that is a secret."""

    __slots__ = ()

    def __repr__(self) -> str:
        shown = [
            f"{part.name}={getattr(self, part.name)!r}" if part.repr else f"{part.name}=…"
            for part in fields(self)  # type: ignore[arg-type]  # every subclass is a dataclass
            if getattr(self, part.name) not in (None, "")
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, repr=False)
class OAuth1(_Secretive):
    """OAuth 1.0a: one user, four keys, no expiry.

    Args:
        consumer_key: the app's; the portal calls it API key.
        consumer_secret: the app's.
        access_token: the user's; it begins with the user's id and a hyphen.
        access_token_secret: the user's.

    Raises:
        CredentialsError: one is empty or can't stand in a header; the message names it.

    Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a
    """

    consumer_key: str = field(repr=False)
    consumer_secret: str = field(repr=False)
    access_token: str = field(repr=False)
    access_token_secret: str = field(repr=False)

    def __post_init__(self) -> None:
        _require_text(self)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the four keys from the environment.

        Raises:
            CredentialsError: one is missing; the message names it.
        """
        return cls(
            *_read(env, "CONSUMER_KEY", "CONSUMER_SECRET", "ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")
        )


@dataclass(frozen=True, slots=True, repr=False)
class OAuth2(_Secretive):
    """OAuth 2.0 with PKCE: one user, a token of two hours, and one to renew it.

    Tokens that X renews are kept in the manager's ``token_store``: under the name of the account,
    or under one that follows from the first token, so that whoever passes that again after a
    restart goes on with its successor. X takes a refresh token once. So one that you pass has one
    name and one store: with another ``account=``, or in a manager or process with a store of its
    own, it would be sent a second time, for which X may end the sign-in.

    Args:
        client_id: the app's client id; no secret.
        client_secret: of a confidential client; ``None`` for a public one.
        access_token: the bearer token of the user. Without any token, the account's are looked up
            in the store.
        refresh_token: renews the access token, once.
        expires_at: when the access token ends, in epoch seconds of X's clock.
        account: a name of your choice, under which the tokens are stored.

    Raises:
        CredentialsError: one is empty or can't stand in a header; the message names it.

    Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0
    """

    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    access_token: str | None = field(default=None, repr=False, kw_only=True)
    refresh_token: str | None = field(default=None, repr=False, kw_only=True)
    expires_at: float | None = field(default=None, kw_only=True)
    account: str | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        _require_text(self)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read client id and access token, and the client secret if there is one.

        Raises:
            CredentialsError: one is missing; the message names it.
        """
        # Nothing is given a name here: the locals of this frame stand in a traceback.
        return cls(
            _read(env, "CLIENT_ID", "ACCESS_TOKEN")[0],
            _read(env, "CLIENT_SECRET")[0] if _has(env, "CLIENT_SECRET") else None,
            access_token=_read(env, "ACCESS_TOKEN")[0],
        )


@dataclass(frozen=True, slots=True, repr=False)
class AppOnly(_Secretive):
    """The app itself, without a user: it reads, it never retweets.

    Rate limits of the app are kept by what was passed, the bearer token or the consumer key: one
    can't be told from the other, so an app that uses both ways at once counts its limits twice.

    Args:
        bearer_token: from the developer portal; empty where key and secret stand for it.
        consumer_key: the app's; the bearer token is had for it at the first request, and again
            when X takes it no more. Use :meth:`from_key`.
        consumer_secret: goes with it.

    Raises:
        CredentialsError: one is missing, empty or can't stand in a header.

    Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only
    """

    bearer_token: str = field(default="", repr=False)
    consumer_key: str | None = field(default=None, repr=False, kw_only=True)
    consumer_secret: str | None = field(default=None, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        _require_text(self)
        if (self.consumer_key is None) != (self.consumer_secret is None):
            raise CredentialsError("AppOnly takes consumer_key and consumer_secret together")
        if bool(self.bearer_token) == (self.consumer_key is not None):
            raise CredentialsError(
                "AppOnly takes either the bearer token or, with from_key(), the consumer key and "
                "its secret"
            )

    @classmethod
    def from_key(cls, consumer_key: str, consumer_secret: str) -> Self:
        """The app by its key and secret.

        Args:
            consumer_key: the app's; the portal calls it API key.
            consumer_secret: the app's.

        Raises:
            CredentialsError: one is empty or can't stand in a header.
        """
        return cls(consumer_key=consumer_key, consumer_secret=consumer_secret)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the bearer token from the environment, or else the consumer key and its secret.

        Raises:
            CredentialsError: neither is there.
        """
        if not _has(env, "BEARER_TOKEN") and _has(env, "CONSUMER_KEY", "CONSUMER_SECRET"):
            return cls.from_key(*_read(env, "CONSUMER_KEY", "CONSUMER_SECRET"))
        return cls(*_read(env, "BEARER_TOKEN"))


Credentials: TypeAlias = OAuth1 | OAuth2 | AppOnly


def _read(env: Mapping[str, str] | None, *names: str) -> tuple[str, ...]:
    source = os.environ if env is None else env
    missing = [ENV_PREFIX + name for name in names if not source.get(ENV_PREFIX + name)]
    if not missing:
        return tuple(source[ENV_PREFIX + name] for name in names)
    del env, source  # the locals of this frame stand in the traceback
    raise CredentialsError(f"the environment lacks {', '.join(missing)}; set and try again")


def _has(env: Mapping[str, str] | None, *names: str) -> bool:
    source = os.environ if env is None else env
    return all(source.get(ENV_PREFIX + name) for name in names)


def _require_text(credentials: OAuth1 | OAuth2 | AppOnly) -> None:
    """Refuse an empty key, or one that can't stand in a header, naming only the field."""
    for part in fields(credentials):
        keyed = isinstance(credentials, AppOnly) and credentials.consumer_key is not None
        if keyed and part.name == "bearer_token":
            continue  # it is had for the key
        fault = _fault(part.name, getattr(credentials, part.name), optional=part.default is None)
        if fault is not None:
            raise CredentialsError(f"{type(credentials).__name__}.{part.name} is {fault}")


def _fault(name: str, value: object, *, optional: bool) -> str | None:
    """What is wrong with a field; without its value, which may be a secret."""
    copy_again = "copy it again from the developer portal"
    if value is None:
        return None if optional else "missing"
    if name == "expires_at":
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        return None if is_number else "no number: give epoch seconds"
    if not isinstance(value, str):
        return f"no text but {type(value).__name__}"
    if not value.strip():
        return f"empty; {copy_again}"
    if value != value.strip():
        return f"written with spaces around it; {copy_again}"
    if not value.isprintable():
        return f"not printable text (a line break?); {copy_again}"
    return None

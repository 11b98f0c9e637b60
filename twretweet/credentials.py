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
            if getattr(self, part.name) is not None
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


@dataclass(frozen=True, slots=True, repr=False)
class OAuth1(_Secretive):
    """OAuth 1.0a: one user, four keys, no expiry.

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

    Args:
        client_id: the app's client id; no secret.
        client_secret: of a confidential client; ``None`` for a public one.
        access_token: the bearer token of the user.
        refresh_token: renews the access token, once.
        expires_at: when the access token ends, in epoch seconds.
        account: a name of your choice, under which rotated tokens are stored.

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
        client_id, access_token = _read(env, "CLIENT_ID", "ACCESS_TOKEN")
        secret = (os.environ if env is None else env).get(ENV_PREFIX + "CLIENT_SECRET") or None
        return cls(client_id, secret, access_token=access_token)


@dataclass(frozen=True, slots=True, repr=False)
class AppOnly(_Secretive):
    """The app itself, without a user: it reads, it never retweets.

    Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only
    """

    bearer_token: str = field(repr=False)

    def __post_init__(self) -> None:
        _require_text(self)

    @classmethod
    def from_env(cls, env: Mapping[str, str] | None = None) -> Self:
        """Read the bearer token from the environment.

        Raises:
            CredentialsError: it is missing.
        """
        return cls(*_read(env, "BEARER_TOKEN"))


Credentials: TypeAlias = OAuth1 | OAuth2 | AppOnly


def _read(env: Mapping[str, str] | None, *names: str) -> tuple[str, ...]:
    source = os.environ if env is None else env
    values = {ENV_PREFIX + name: source.get(ENV_PREFIX + name, "") for name in names}
    if missing := [name for name, value in values.items() if not value]:
        raise CredentialsError(f"the environment lacks {', '.join(missing)}; set and try again")
    return tuple(values.values())


def _require_text(credentials: OAuth1 | OAuth2 | AppOnly) -> None:
    """Refuse an empty key, or one that can't stand in a header, naming only the field."""
    for part in fields(credentials):
        value: object = getattr(credentials, part.name)
        if value is None:
            if part.default is None:
                continue
            fault = "missing"
        elif part.name == "expires_at":
            if isinstance(value, int | float) and not isinstance(value, bool):
                continue
            fault = "no number: give epoch seconds"
        elif not isinstance(value, str):
            fault = f"no text but {type(value).__name__}"
        elif not value.strip():
            fault = "empty; copy it again from the developer portal"
        elif value != value.strip():
            fault = "written with spaces around it; copy it again from the developer portal"
        elif not value.isprintable():
            fault = "not printable text (a line break?); copy it again from the developer portal"
        else:
            continue
        raise CredentialsError(f"{type(credentials).__name__}.{part.name} is {fault}")

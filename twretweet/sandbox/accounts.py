"""Who may sign in, and with what.

All secrets follow from the seed, so that a sandbox started twice takes the same ones; they open
nothing but a sandbox.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import count
from typing import Final, Literal, TypeAlias

from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.sandbox.draw import draw
from twretweet.sandbox.oauth.app import App, AppBearers, Client
from twretweet.sandbox.oauth.grants import NEVER, Family, Grants
from twretweet.sandbox.oauth.legs import Legs
from twretweet.sandbox.oauth.scopes import OFFLINE
from twretweet.sandbox.people import User
from twretweet.sandbox.snowflake import EPOCH_MS, STEP

SCOPES: Final = frozenset(
    {"tweet.read", "tweet.write", "users.read", "timeline.read", "offline.access"}
)
"""Every scope that an endpoint here asks for."""

_FIRST_USER_ID: Final = 1_500_000_000_000_000_000
_USERNAME: Final = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)
AuthKind: TypeAlias = Literal["oauth1", "oauth2", "app-only"]


@dataclass(frozen=True, slots=True)
class Account:
    """A user that can sign in.

    Args:
        user_id: the user's id, as X writes it.
        username: the user's name.
        oauth1: four keys; the access token begins with the user id.
        oauth2: a bearer token of the user that does not expire by itself, and a refresh token.
        scopes: what the bearer token allows.
    """

    user_id: str
    username: str
    oauth1: OAuth1
    oauth2: OAuth2
    scopes: frozenset[str] = SCOPES


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request.

    Args:
        kind: how they showed it.
        app: through which app.
        account: the user; ``None`` for the app itself.
        scopes: what a bearer token allows; ``None`` where there are no scopes.
    """

    kind: AuthKind
    app: str
    account: Account | None = None
    scopes: frozenset[str] | None = field(default=None)

    @property
    def label(self) -> str:
        """The user id, or the name of the app."""
        return self.app if self.account is None else self.account.user_id

    @property
    def user_id(self) -> int | None:
        """The id of the user, ``None`` for the app itself."""
        return None if self.account is None else int(self.account.user_id)


class Accounts:
    """One app, the accounts that have authorised it, and what they have authorised.

    Args:
        seed: another seed, other secrets.
        redirect_uris: where people may be sent back to; ``None`` allows all of loopback.
        token_lifetime: how many seconds an OAuth 2.0 access token lives.
        code_lifetime: how many seconds an authorization code lives.
    """

    def __init__(
        self,
        seed: int,
        *,
        redirect_uris: tuple[str, ...] | None = None,
        token_lifetime: float = 7200.0,
        code_lifetime: float = 30.0,
    ) -> None:
        self._seed = seed
        self.app = "app"
        self.registration = App(
            self._secret("consumer key", 25),
            self._secret("consumer secret", 50),
            Client(self._secret("client id", 34)),
            Client(self._secret("confidential client id", 34), self._secret("client secret", 50)),
            redirect_uris,
        )
        self.app_bearers = AppBearers(self._app_bearer)
        self.app_only = AppOnly(self._app_bearer(0))
        self.grants = Grants(token_lifetime=token_lifetime, code_lifetime=code_lifetime)
        self.legs = Legs(self._secret)
        self._by_id: dict[str, Account] = {}

    @property
    def next_id(self) -> str:
        """The user id of the account that is made next."""
        number = len(self._by_id)
        return str(_FIRST_USER_ID + draw(self._seed, number) % STEP + number * STEP)

    def names(self) -> Iterator[str]:
        """Go through the names that the next account may have, the usual one first."""
        return (f"bot_{number}" for number in count(len(self._by_id)))

    def new(self, username: str | None = None, scopes: Iterable[str] = SCOPES) -> Account:
        """Make another account.

        Raises:
            ValueError: there is no such scope.
        """
        granted = frozenset(scopes)
        if unknown := granted - SCOPES:
            raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
        number, user_id = len(self._by_id), self.next_id
        token = f"{user_id}-{self._secret(f'token {number}', 31)}"
        token_secret = self._secret(f"token secret {number}", 45)
        bearer = self._secret(f"user bearer {number}", 91)
        offline = OFFLINE in granted
        refresh = self._secret(f"user refresh {number}", 91) if offline else None
        client_id = self.registration.public.client_id
        account = Account(
            user_id=user_id,
            username=username or next(self.names()),
            oauth1=OAuth1(
                self.registration.consumer_key,
                self.registration.consumer_secret,
                token,
                token_secret,
            ),
            oauth2=OAuth2(client_id, access_token=bearer, refresh_token=refresh),
            scopes=granted,
        )
        self._by_id[user_id] = account
        self.legs.keep(user_id, token, token_secret)
        family = self.grants.family(user_id, client_id, sorted(granted))
        self.grants.keep(family, bearer, refresh, NEVER)
        return account

    def __iter__(self) -> Iterator[Account]:
        """Go through all accounts, oldest first."""
        return iter(self._by_id.values())

    def by_id(self, user_id: str) -> Account | None:
        """Find the account of a user."""
        return self._by_id.get(user_id)

    def by_token(self, access_token: str) -> Account | None:
        """Find the account of an OAuth 1.0a access token."""
        user_id = self.legs.owner(access_token)
        return None if user_id is None else self._by_id.get(user_id)

    def by_bearer(self, token: str, now: float) -> Caller | None:
        """Find who a bearer token stands for: a user, or the app."""
        if (family := self.grants.living(token, now)) is not None:
            return self.caller(family)
        if self.app_bearers.is_good(token):
            return Caller("app-only", self.app)
        return None

    def caller(self, family: Family) -> Caller:
        """Return who calls with a token of ``family``."""
        account = self._by_id[family.user_id]
        return Caller("oauth2", self.app, account, frozenset(family.scopes))

    def revoke(self, user_id: str) -> None:
        """End all that a user has allowed the app."""
        self.grants.revoke(user_id)
        self.legs.revoke(user_id)

    def forget(self, user_id: str) -> None:
        """Let a user not have allowed the app anything, not even what accounts begin with."""
        self.grants.forget(user_id)
        self.legs.revoke(user_id)

    def _app_bearer(self, number: int) -> str:
        return "A" * 22 + self._secret(f"bearer {number}" if number else "bearer", 90)

    def _secret(self, purpose: str, length: int) -> str:
        text = ""
        while len(text) < length:
            source = f"{self._seed}/{purpose}/{len(text)}".encode()
            text += blake2b(source, digest_size=32).hexdigest()
        return text[:length]


def checked_name(username: str) -> str:
    """Return a username that X would allow.

    Raises:
        ValueError: it would not.
    """
    if _USERNAME.fullmatch(username) is None:
        raise ValueError(f"{username!r} is not 1 to 15 letters, digits or underscores")
    return username


def profile(account: Account) -> User:
    """Return the user whose account it is."""
    user_id = int(account.user_id)
    return User(
        id=user_id,
        username=account.username,
        name=account.username.replace("_", " ").title(),
        bits=draw(user_id),
        created_ms=user_id // STEP + EPOCH_MS,
        description="An account of the sandbox.",
    )

"""Who may sign in, and with what.

All secrets follow from the seed, so that a sandbox started twice takes the same ones; they open
nothing but a sandbox.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.sandbox.draw import draw
from twretweet.sandbox.people import User
from twretweet.sandbox.snowflake import EPOCH_MS, STEP

SCOPES: Final = frozenset(
    {"tweet.read", "tweet.write", "users.read", "timeline.read", "offline.access"}
)
"""Every scope that an endpoint here asks for."""

_FIRST_USER_ID: Final = 1_500_000_000_000_000_000
AuthKind: TypeAlias = Literal["oauth1", "oauth2", "app-only"]


@dataclass(frozen=True, slots=True)
class Account:
    """A user that can sign in.

    Args:
        user_id: the user's id, as X writes it.
        username: the user's name.
        oauth1: four keys; the access token begins with the user id.
        oauth2: a bearer token of the user.
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
    """One app, and the accounts that have authorised it.

    Args:
        seed: another seed, other secrets.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self.app = "app"
        self.consumer_key = self._secret("consumer key", 25)
        self.consumer_secret = self._secret("consumer secret", 50)
        self.client_id = self._secret("client id", 34)
        self.app_only = AppOnly("A" * 22 + self._secret("bearer", 90))
        self._by_token: dict[str, Account] = {}
        self._by_bearer: dict[str, Account] = {}

    def new(self, username: str | None = None, scopes: Iterable[str] = SCOPES) -> Account:
        """Make another account.

        Raises:
            ValueError: there is no such scope.
        """
        granted = frozenset(scopes)
        if unknown := granted - SCOPES:
            raise ValueError(f"no such scope: {', '.join(sorted(unknown))}")
        number = len(self._by_token)
        user_id = str(_FIRST_USER_ID + draw(self._seed, number) % STEP + number * STEP)
        token = f"{user_id}-{self._secret(f'token {number}', 31)}"
        bearer = self._secret(f"user bearer {number}", 91)
        account = Account(
            user_id=user_id,
            username=username or f"bot_{number}",
            oauth1=OAuth1(
                self.consumer_key,
                self.consumer_secret,
                token,
                self._secret(f"token secret {number}", 45),
            ),
            oauth2=OAuth2(self.client_id, access_token=bearer),
            scopes=granted,
        )
        self._by_token[token] = account
        self._by_bearer[bearer] = account
        return account

    def by_token(self, access_token: str) -> Account | None:
        """Find the account of an OAuth 1.0a access token."""
        return self._by_token.get(access_token)

    def by_bearer(self, token: str) -> Caller | None:
        """Find who a bearer token stands for: a user, or the app."""
        if (account := self._by_bearer.get(token)) is not None:
            return Caller("oauth2", self.app, account, account.scopes)
        if token == self.app_only.bearer_token:
            return Caller("app-only", self.app)
        return None

    def _secret(self, purpose: str, length: int) -> str:
        text = ""
        while len(text) < length:
            source = f"{self._seed}/{purpose}/{len(text)}".encode()
            text += blake2b(source, digest_size=32).hexdigest()
        return text[:length]


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

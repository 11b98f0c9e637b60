"""A user known by OAuth 2.0 tokens, which are renewed and stored.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code
"""

from __future__ import annotations

from dataclasses import replace

from twretweet.auth.account import Means, fingerprint
from twretweet.auth.lineage import Lineage, seed_of
from twretweet.auth.renewal import Renewal
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.credentials import OAuth2
from twretweet.errors import CredentialsError
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import Request


class OAuth2Account:
    """A user known by OAuth 2.0 tokens.

    A service may hold very many of these that are seldom used, so what can be computed is not
    kept, and what is known of the tokens is made at their first use.

    Args:
        credentials: tokens, or the name under which some are stored.
        name: under which they are stored, if that was found out already.

    Raises:
        CredentialsError: there is neither.

    Attributes:
        name: under which its tokens are stored.
        user_id: the user's id, once it was asked for.
        sign_in: which sign-in its tokens are of; grows with each other one.
    """

    __slots__ = ("__weakref__", "_credentials", "_line", "name", "sign_in", "user_id")

    kind: AuthKind = "oauth2"
    dated = False

    def __init__(self, credentials: OAuth2, name: str | None = None) -> None:
        self._credentials: OAuth2 = credentials
        self.name = store_name(credentials) if name is None else name
        self.user_id: str | None = None
        self._line: Lineage | None = None
        self.sign_in = 0

    @property
    def label(self) -> str:
        """The name that its user gave it, or a short one."""
        return self._credentials.account or f"account {self.name[:6]}"

    @property
    def key(self) -> str:
        """The app and the name: the same for all tokens that follow from one another."""
        return f"{self.app_key}:{self.name}"

    @property
    def app_key(self) -> str:
        """The app."""
        return fingerprint(self._credentials.client_id)

    @property
    def identity(self) -> str:
        """The key and the sign-in that the tokens follow from: another may be of another user."""
        return f"{self.key}:{self._seed}"

    @property
    def _seed(self) -> str:
        if self._line is None or self._line.tokens is None:
            return seed_of(self._credentials)
        return self._line.tokens.seed

    @property
    def generation(self) -> int:
        """Grows whenever other tokens come into use."""
        return 0 if self._line is None else self._line.generation

    @property
    def unsettled(self) -> bool:
        """Whether there are new tokens that could not be stored yet."""
        return self._line is not None and self._line.spent is not None

    def offer(self, credentials: OAuth2) -> None:
        """Somebody has passed credentials for this account again, perhaps new ones."""
        if credentials == self._credentials:
            return
        known = {seed_of(self._credentials)}
        line = self._line
        if line is not None and line.tokens is not None:
            tokens = line.tokens
            known |= {tokens.seed, fingerprint(tokens.refresh_token or ""), *tokens.spent}
        if _has_tokens(credentials) and seed_of(credentials) not in known:
            self._credentials = credentials
            self._line = None if line is None else Lineage(credentials, line.generation + 1)
            self.user_id = None
            self.sign_in += 1
        elif credentials.client_secret not in (None, self._credentials.client_secret):
            secret = credentials.client_secret
            self._credentials = replace(self._credentials, client_secret=secret)
            if line is not None:
                line.prove(self._credentials)

    def due(self, now: float, rejected: int | None = None) -> bool:
        """Whether the tokens have to be looked up or renewed before they are used."""
        if self._line is None:
            return _is_renewable(self._credentials)
        return self._line.due(now, rejected)

    def put_off(self, now: float, rejected: int | None) -> bool:
        """Whether the tokens are good though renewing them failed, so that it may wait."""
        return self._line is not None and self._line.put_off(now, rejected)

    def renewed_in_vain(self, now: float) -> None:
        """X refuses tokens that were just renewed: one more would be spent for nothing."""
        if self._line is not None:
            self._line.renewed_in_vain(now)

    async def renew(self, means: Means, rejected: int | None) -> None:
        """Look the tokens up, and renew them if that is due.

        Raises:
            ReauthorizationRequired: a person has to sign in again.
            TokenStoreError: the store can't be read, written or locked.
            TwretweetError: X could not be asked, or has trouble.
        """
        line = self._line
        if line is None:
            line = self._line = Lineage(self._credentials, 0)
        before = line.tokens
        try:
            await self._renewal(line, means).run(rejected)
        finally:
            # Meanwhile another sign-in may have been passed, of which this one knows nothing.
            if self._line is line and line.tokens is not None:
                self._now_of(line.tokens, before)

    def _now_of(self, tokens: OAuth2Tokens, before: OAuth2Tokens | None) -> None:
        """Forget whose the tokens were, if these may be another user's."""
        if before is None or tokens.seed != before.seed:
            self.user_id = tokens.user_id
        if before is not None and tokens.seed != before.seed:
            self.sign_in += 1

    async def settle(self, means: Means) -> None:
        """Store new tokens that could not be stored before.

        Raises:
            TokenStoreError: they still can't be.
        """
        if self._line is not None:
            await self._renewal(self._line, means).settle()

    def sign(self, request: Request, now: float) -> Request:
        """The request with the access token."""
        del now  # a bearer token is not dated
        return request.with_header("Authorization", f"Bearer {self._access_token()}")

    def _access_token(self) -> str | None:
        if self._line is None or self._line.tokens is None:
            return self._credentials.access_token
        return self._line.tokens.access_token

    def _renewal(self, line: Lineage, means: Means) -> Renewal:
        account = self._credentials.account
        line.user_id = self.user_id
        return Renewal(line, means, name=self.name, label=self.label, account=account)


def store_name(credentials: OAuth2) -> str:
    """Under which name the tokens of credentials are stored.

    Raises:
        CredentialsError: they have no tokens, and no name under which some are stored.
    """
    if credentials.account is not None:
        return credentials.account
    if not _has_tokens(credentials):
        raise CredentialsError(
            "OAuth2 has no access token: pass access_token= or refresh_token=, or the account= "
            "under which a sign-in is stored, or set TWRETWEET_ACCESS_TOKEN"
        )
    token = credentials.refresh_token or credentials.access_token or ""
    return token_name(credentials.client_id, token)


def token_name(client_id: str, token: str) -> str:
    """The name of tokens that were given none, after the one that they began with."""
    return fingerprint(f"{client_id} {token}")


def _has_tokens(credentials: OAuth2) -> bool:
    return credentials.access_token is not None or credentials.refresh_token is not None


def _is_renewable(credentials: OAuth2) -> bool:
    return credentials.refresh_token is not None or credentials.account is not None

"""Which tokens of an account to use, and which to renew: decisions, without I/O.

An account's tokens come from three places: the credentials that were passed, the store, and the
replies of X. The rules:

1. What is stored is newer than what is passed if it descends from it (``seed``, ``spent``), and
   newer than what this process holds if that came from the store itself: another process has
   rotated it, or a person has signed in again.
2. Otherwise the passed tokens are new: they are used first, and what is stored is kept until they
   have proven good. If X refuses them, what is stored is used.
3. New tokens that could not be stored yet are newer than what is stored, unless somebody has
   replaced that meanwhile.
4. A refresh token that X has refused is not sent again by this process.
5. A refresh token that is known to be spent is never sent, since X may end the lineage for it. A
   store that holds one has fallen back, as a backup or a replica that lags does; what this
   process holds is newer, and is stored again.
"""

from __future__ import annotations

import msgspec

from twretweet.auth.account import IN_VAIN, fingerprint
from twretweet.auth.grant import Client, Grant
from twretweet.auth.tokens import Attempt, OAuth2Tokens, StoredTokens
from twretweet.credentials import OAuth2
from twretweet.errors import CredentialsError

# Two names of one host.
_MOVED = {"https://api.twitter.com": "https://api.x.com"}
# A token is renewed this long before its end, so that it outlives the request it is sent with.
_MARGIN = 60.0
# And one that lives for a short time only, for most of that.
_SHARE = 0.1
# When that has failed it is tried again after so long, unless the token ends before.
_LATER = 10.0
_NOTHING: frozenset[str] = frozenset()
# Spent tokens are remembered of two days, if one is spent every two hours.
_REMEMBERED = 24


def seed_of(credentials: OAuth2) -> str:
    """What names the lineage that begins with the tokens of these credentials."""
    return fingerprint(credentials.refresh_token or credentials.access_token or "")


def passed_tokens(credentials: OAuth2) -> OAuth2Tokens | None:
    """The tokens that credentials bring along."""
    if credentials.access_token is None and credentials.refresh_token is None:
        return None
    return OAuth2Tokens(
        client_id=credentials.client_id,
        access_token=credentials.access_token,
        refresh_token=credentials.refresh_token,
        expires_at=credentials.expires_at,
        seed=seed_of(credentials),
    )


class Lineage:
    """What this process knows of one account's tokens.

    Attributes:
        tokens: those in use; ``None`` while there are none.
        generation: grows whenever others come into use.
        loaded: whether the store was asked.
        spent: the fingerprint of the refresh token whose successor could not be stored yet.
        user_id: whose they are, once that was asked for.
        ended: why a person has to sign in again; ``None`` while nobody has to.
    """

    __slots__ = (
        "_credentials",
        "_early_from",
        "_refused",
        "_rests_until",
        "_stored",
        "ended",
        "generation",
        "loaded",
        "spent",
        "tokens",
        "user_id",
    )

    def __init__(self, credentials: OAuth2, generation: int) -> None:
        self._credentials = credentials
        self._refused = _NOTHING
        self._early_from = self._rests_until = 0.0
        self._stored = False  # whether the tokens in use came from the store, or reached it
        self.tokens = passed_tokens(credentials)
        self.generation = generation
        self.loaded = False
        self.spent: str | None = None
        self.ended: str | None = None
        self.user_id: str | None = None

    def due(self, now: float, rejected: int | None) -> bool:
        """Whether the tokens can't be used as they are."""
        if not self.loaded or self.spent is not None or self.ended is not None:
            return True
        if self.tokens is None or _over(self.tokens, now):
            return True
        if rejected == self.generation:
            return now >= self._rests_until
        return now >= self._early_from and stale(self.tokens, now)

    def put_off(self, now: float, rejected: int | None) -> bool:
        """Renewing has failed; whether the tokens are good none the less, and it may wait.

        What X has rotated is good for nothing before it is stored.
        """
        if not self.loaded or self.spent is not None or self.ended is not None:
            return False
        if self.tokens is None or _over(self.tokens, now) or rejected == self.generation:
            return False
        self._early_from = now + _LATER
        return True

    def renewed_in_vain(self, now: float) -> None:
        """X refuses what it has just given."""
        self._rests_until = now + IN_VAIN

    def take_in(self, stored: OAuth2Tokens | None) -> None:
        """Use what is stored, if it is newer."""
        mine = self.tokens
        if stored is None or self.spent is not None:
            return
        if mine is not None and precedes(stored, mine):
            self.spent = spent_by(stored)
        elif mine is None or self._stored or _follows(stored, mine):
            self.use(stored)

    def candidates(self, stored: OAuth2Tokens | None) -> list[OAuth2Tokens]:
        """The tokens to try in turn, best first: those in use, then what is stored."""
        known = [tokens for tokens in (self.tokens, stored) if tokens is not None]
        if len(known) > 1 and same(known[0], known[1]):
            known = known[1:]
        return [t for t in known if not self._is_refused(t) and not precedes(t, known[0])]

    def use(self, tokens: OAuth2Tokens) -> None:
        """Use what is stored."""
        if self.tokens is None or not same(self.tokens, tokens):
            self.generation += 1
            self.ended = None
            self._rests_until = 0.0
        self.tokens = tokens
        self._stored = True
        self.spent = None

    def refuse(self, tokens: OAuth2Tokens) -> None:
        """X has refused the refresh token of these."""
        self._refused |= {spent_by(tokens)}

    def rotated(self, old: OAuth2Tokens, grant: Grant, host: str) -> OAuth2Tokens:
        """The API at ``host`` has replaced ``old``; what comes in its place is not stored yet."""
        new = msgspec.structs.replace(
            old,
            access_token=grant.access_token,
            # X always sends a new one; by RFC 6749, section 6, one that sends none keeps the old.
            refresh_token=grant.refresh_token or old.refresh_token,
            obtained_at=grant.obtained_at,
            expires_at=grant.expires_at,
            scopes=grant.scopes or old.scopes,
            spent=_spent_with(old, grant.refresh_token),
            user_id=self.user_id if old is self.tokens and self.user_id else old.user_id,
            attempt=None,
            moved_to=None,
            host=host,
        )
        self.use(new)
        self._stored = False
        self.spent = spent_by(old)
        return new

    def saved(self) -> None:
        """The tokens in use have reached the store."""
        self._stored = True
        self.spent = None

    def prove(self, credentials: OAuth2) -> None:
        """Another secret was passed for the app."""
        self._credentials = credentials

    @property
    def client_id(self) -> str:
        """The id of the app."""
        return self._credentials.client_id

    def client(self, tokens: OAuth2Tokens) -> Client:
        """The app, with the secret that was passed or the one that is stored."""
        secret = self._credentials.client_secret or tokens.client_secret
        return Client(self._credentials.client_id, secret)

    def _is_refused(self, tokens: OAuth2Tokens) -> bool:
        return tokens.refresh_token is not None and spent_by(tokens) in self._refused


def stale(tokens: OAuth2Tokens, now: float) -> bool:
    """Whether an access token has ended, is about to, or was never had."""
    if tokens.access_token is None:
        return True
    if tokens.expires_at is None:
        return False
    margin = _MARGIN
    if tokens.obtained_at is not None:
        margin = min(margin, _SHARE * (tokens.expires_at - tokens.obtained_at))
    return now >= tokens.expires_at - margin


def _over(tokens: OAuth2Tokens, now: float) -> bool:
    """Whether an access token has ended, or was never had."""
    ended = tokens.expires_at is not None and now >= tokens.expires_at
    return tokens.access_token is None or ended


def spent_by(tokens: OAuth2Tokens) -> str:
    """The fingerprint of the refresh token."""
    return fingerprint(tokens.refresh_token or "")


def precedes(one: OAuth2Tokens, other: OAuth2Tokens) -> bool:
    """Whether the refresh token of ``one`` was spent on the way to ``other``."""
    token = spent_by(one)
    if one.refresh_token is None or token == spent_by(other):
        return False
    return token == other.seed or token in other.spent


def begun(tokens: OAuth2Tokens, stored: OAuth2Tokens | None, now: float) -> OAuth2Tokens:
    """What to store before ``tokens`` are refreshed; it proves that storing works.

    Tokens that are passed take no stored ones' place before they have proven good.
    """
    kept = tokens if stored is None else stored
    return msgspec.structs.replace(kept, attempt=Attempt(spent_by(tokens), now))


def interrupted(tokens: OAuth2Tokens, stored: OAuth2Tokens | None) -> float | None:
    """When a refresh of ``tokens`` was begun of which no end is known."""
    attempt = None if stored is None else stored.attempt
    return attempt.since if attempt is not None and attempt.token == spent_by(tokens) else None


def is_theirs(stored: OAuth2Tokens, spent: str) -> bool:
    """Whether somebody has replaced what was stored when the token ``spent`` was sent."""
    if spent_by(stored) == spent:
        return False
    return stored.attempt is None or stored.attempt.token != spent


def readable(
    stored: StoredTokens | None, name: str, client_id: str, host: str
) -> OAuth2Tokens | None:
    """What is stored, if it is of this kind, app and host.

    Raises:
        CredentialsError: it is not.
    """
    if stored is None:
        return None
    if not isinstance(stored, OAuth2Tokens):
        raise CredentialsError(
            f"what is stored as {name!r} is no OAuth 2.0 sign-in but {type(stored).__name__}: "
            "use another account=, or the credentials that it gives"
        )
    if stored.client_id != client_id:
        raise CredentialsError(
            f"what is stored as {name!r} belongs to the client {stored.client_id}, not to "
            f"{client_id}: use another account=, or that client"
        )
    require_host(stored, name, host)
    return stored


def require_host(stored: StoredTokens, name: str, host: str) -> None:
    """Refuse to send what one host has given to another.

    Raises:
        CredentialsError: it is another.
    """
    if stored.host is None or _MOVED.get(stored.host, stored.host) == _MOVED.get(host, host):
        return
    raise CredentialsError(
        f"what is stored as {name!r} was given by {stored.host}, and is not sent to {host}: use "
        "another account= or token_store=, or that base_url="
    )


def has_moved(tokens: OAuth2Tokens, there: StoredTokens | None) -> bool:
    """Whether tokens have arrived where they were to be moved to.

    Args:
        tokens: what is stored under their old name.
        there: what is stored under the new one.
    """
    if not isinstance(there, OAuth2Tokens):
        return False
    return (there.client_id, there.seed) == (tokens.client_id, tokens.seed)


def same(one: OAuth2Tokens, other: OAuth2Tokens) -> bool:
    """Whether these are the same tokens, whatever else is known of them."""
    return (one.access_token, one.refresh_token) == (other.access_token, other.refresh_token)


def _follows(stored: OAuth2Tokens, mine: OAuth2Tokens) -> bool:
    if stored.seed == mine.seed or precedes(mine, stored):
        return True
    return mine.refresh_token is not None and stored.refresh_token == mine.refresh_token


def _spent_with(old: OAuth2Tokens, new: str | None) -> tuple[str, ...]:
    if old.refresh_token is None or new in (None, old.refresh_token):
        return old.spent
    return (*old.spent, spent_by(old))[-_REMEMBERED:]

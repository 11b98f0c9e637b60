"""What OAuth 2.0 has given out: codes, access tokens, refresh tokens.

All that descends from one sign-in is a *family*. A code is good once, for some seconds; a refresh
token is good once, and so is each that replaces it. What is presented a second time was copied by
somebody, and nobody knows by whom, so the whole family ends (RFC 9700, 4.14.2; RFC 6749, 4.1.2).
A refresh leaves the access tokens before it alone: they go on to their own end.

Tokens are kept as hashes, called *handles* here. oauthlib is given handles as well, since it logs
what it checks.
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from twretweet.sandbox.oauth.scopes import OFFLINE

NEVER: Final = float("inf")
_LONG_AGO: Final = float("-inf")


def handle(secret: str) -> str:
    """Return what stands for a secret wherever it is kept or passed around."""
    return blake2b(secret.encode("utf-8", "replace"), digest_size=16).hexdigest()


@dataclass(slots=True, eq=False)
class Family:
    """One sign-in, and all that descends from it.

    Args:
        user_id: who signed in.
        client_id: to which client.
        scopes: what they allowed, in the order asked for.
        revoked: whether all of it has ended.
    """

    user_id: str
    client_id: str
    scopes: tuple[str, ...]
    revoked: bool = False


@dataclass(slots=True)
class Code:
    """An authorization code.

    Args:
        family: of whom the tokens will be.
        redirect_uri: where the code was sent, to be named again exactly.
        challenge: the code challenge.
        method: how it was made, ``"S256"`` or ``"plain"``.
        expires_at: in epoch seconds.
        used: whether it was exchanged.
    """

    family: Family
    redirect_uri: str
    challenge: str = field(repr=False)
    method: str
    expires_at: float
    used: bool = False


@dataclass(slots=True)
class Access:
    """An access token."""

    family: Family
    expires_at: float


@dataclass(slots=True)
class Refresh:
    """A refresh token.

    Args:
        family: what it descends from.
        used: whether another has taken its place.
        revoked: whether it was ended by itself.
    """

    family: Family
    used: bool = False
    revoked: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Issued:
    """New tokens.

    Args:
        access_token: the bearer token.
        refresh_token: renews it; ``None`` without the scope ``offline.access``.
    """

    access_token: str
    refresh_token: str | None


class Grants:
    """All codes and tokens.

    Args:
        token_lifetime: how many seconds an access token lives.
        code_lifetime: how many seconds a code lives.
    """

    def __init__(self, *, token_lifetime: float, code_lifetime: float) -> None:
        self.token_lifetime = token_lifetime
        self.code_lifetime = code_lifetime
        self._codes: dict[str, Code] = {}
        self._access: dict[str, Access] = {}
        self._refresh: dict[str, Refresh] = {}
        self._families: dict[str, list[Family]] = {}

    def family(self, user_id: str, client_id: str, scopes: Iterable[str]) -> Family:
        """Note that a person allowed a client something."""
        family = Family(user_id, client_id, tuple(scopes))
        self._families.setdefault(user_id, []).append(family)
        return family

    def new_code(
        self, family: Family, *, redirect_uri: str, challenge: str, method: str, now: float
    ) -> str:
        """Return a code for ``family``."""
        code = secrets.token_urlsafe(48)
        expires_at = now + self.code_lifetime
        self._codes[handle(code)] = Code(family, redirect_uri, challenge, method, expires_at)
        return code

    def issue(self, family: Family, now: float) -> Issued:
        """Return new tokens for ``family``."""
        access = secrets.token_urlsafe(69)
        refresh = secrets.token_urlsafe(69) if OFFLINE in family.scopes else None
        self.keep(family, access, refresh, now + self.token_lifetime)
        return Issued(access, refresh)

    def keep(self, family: Family, access: str, refresh: str | None, expires_at: float) -> None:
        """Take these tokens from now on."""
        self._access[handle(access)] = Access(family, expires_at)
        if refresh is not None:
            self._refresh[handle(refresh)] = Refresh(family)

    def restore(
        self,
        family: Family,
        access: Iterable[tuple[str, Access]],
        refresh: Iterable[tuple[str, Refresh]],
    ) -> None:
        """Let a family be there with what descends from it, each token by its handle."""
        self._families.setdefault(family.user_id, []).append(family)
        self._access.update(access)
        self._refresh.update(refresh)

    def descended(
        self, now: float
    ) -> Iterator[tuple[Family, list[tuple[str, Access]], list[tuple[str, Refresh]]]]:
        """Go through all families, with the handles of their tokens that have not expired."""
        found: dict[Family, tuple[list[tuple[str, Access]], list[tuple[str, Refresh]]]] = {}
        for token, refresh in self._refresh.items():
            found.setdefault(refresh.family, ([], []))[1].append((token, refresh))
        for token, access in self._access.items():
            if now < access.expires_at:
                found.setdefault(access.family, ([], []))[0].append((token, access))
        return ((family, *tokens) for family, tokens in found.items())

    def forget(self, user_id: str) -> None:
        """Let a person never have allowed anything."""
        for family in self._families.pop(user_id, ()):
            self._access = {t: one for t, one in self._access.items() if one.family is not family}
            self._refresh = {
                t: one for t, one in self._refresh.items() if one.family is not family
            }

    def code(self, token: str) -> Code | None:
        """Find a code by its handle."""
        return self._codes.get(token)

    def refresh(self, token: str) -> Refresh | None:
        """Find a refresh token by its handle."""
        return self._refresh.get(token)

    def living(self, access_token: str, now: float) -> Family | None:
        """Return what an access token stands for, ``None`` unless it is good now."""
        access = self._access.get(handle(access_token))
        if access is None or access.family.revoked or now >= access.expires_at:
            return None
        return access.family

    def end(self, token: str, client_id: str) -> Family | None:
        """End a token of a client, by its handle, and nothing else; return whose it was."""
        found = self._access.get(token) or self._refresh.get(token)
        if found is None or found.family.client_id != client_id:
            return None
        self._access.pop(token, None)
        if (refresh := self._refresh.get(token)) is not None:
            refresh.revoked = True
        return found.family

    def expire(self) -> None:
        """Let all access tokens be past their end."""
        for access in self._access.values():
            access.expires_at = _LONG_AGO

    def revoke(self, user_id: str) -> None:
        """End all that a person has ever allowed."""
        for family in self._families.pop(user_id, ()):
            family.revoked = True

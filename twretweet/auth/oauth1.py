"""OAuth 1.0a: every request carries an HMAC-SHA1 signature over its method, address and query.

Written out after RFC 5849, section 3.4, instead of calling ``oauthlib.oauth1.Client.sign``, which
spends most of its time in quoting the same keys again; the tests hold both against each other.
What never changes for an account is computed once.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hmac
import os
import sys
from hashlib import sha1

from twretweet import ids
from twretweet.auth.account import Lasting, fingerprint
from twretweet.credentials import OAuth1
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import (
    EncodedParams,
    Request,
    escape,
    escape_address,
    escape_base64,
)

_BLOCK = 64  # bytes that SHA-1 takes at a time


class OAuth1Account(Lasting):
    """A user known by OAuth 1.0a keys.

    Attributes:
        user_id: the user's id, where the access token tells it, or once it was asked for.
    """

    __slots__ = ("__weakref__", "_credentials", "_signing", "user_id")

    kind: AuthKind = "oauth1"
    dated = True

    def __init__(self, credentials: OAuth1) -> None:
        self._credentials = credentials
        self._signing: _Signing | None = None  # made at the first request: most wait for one
        self.user_id: str | None = _id_in(credentials.access_token)

    @property
    def label(self) -> str:
        """The user's id, or a short name."""
        if self._signing is not None:  # every event of a request says it
            return self._signing.label
        told = _id_in(self._credentials.access_token)
        return f"user {told}" if told else f"account {self._owner[:6]}"

    @property
    def key(self) -> str:
        """The app and the user."""
        return f"{self.app_key}:{self._owner}"

    @property
    def app_key(self) -> str:
        """The app."""
        return fingerprint(self._credentials.consumer_key)

    @property
    def _owner(self) -> str:
        token = self._credentials.access_token
        return _id_in(token) or fingerprint(token)

    def sign(self, request: Request, now: float) -> Request:
        """The request with its signature."""
        header = self.authorization(request, nonce=os.urandom(16).hex(), timestamp=int(now))
        return request.with_header("Authorization", header)

    def authorization(
        self, request: Request, *, nonce: str, timestamp: int, form: EncodedParams = ()
    ) -> str:
        """The ``Authorization`` header of a request.

        Args:
            request: what is to be sent; its address is in normal form already.
            nonce: never used before with this timestamp; letters and digits.
            timestamp: X's clock, in epoch seconds.
            form: the fields of a form-encoded body, percent-encoded.
        """
        signing = self._signing
        if signing is None:
            signing = self._signing = _Signing(self._credentials, self.label)
        if request.params or form:
            varying = (("oauth_nonce", nonce), ("oauth_timestamp", str(timestamp)))
            pairs = sorted((*request.params, *form, *signing.fixed, *varying))
            signed = signing.signature(_base(request.method, request.url, pairs))
        else:
            signed = signing.signature(
                signing.base_of_none(request.method, request.url, nonce, timestamp)
            )
        return (
            f'OAuth oauth_nonce="{nonce}", oauth_timestamp="{timestamp}"{signing.tail}, '
            f'oauth_signature="{escape_base64(signed)}"'
        )


def _id_in(access_token: str) -> str | None:
    """The user's id, with which a token begins (manage retweets quick start)."""
    user, hyphen, _ = access_token.partition("-")
    return user if hyphen and ids.is_id(user) else None


class _Signing:
    """What is the same in every signature of an account; it shows nothing of it."""

    __slots__ = ("_first", "_inner", "_last", "_outer", "fixed", "label", "tail")

    def __init__(self, credentials: OAuth1, label: str) -> None:
        self.label = label
        key = (
            f"{escape(credentials.consumer_secret)}&{escape(credentials.access_token_secret)}"
        ).encode()
        block = (key if len(key) <= _BLOCK else sha1(key).digest()).ljust(_BLOCK, b"\0")  # noqa: S324
        self._inner = sha1(bytes([byte ^ 0x36 for byte in block]))  # noqa: S324
        self._outer = sha1(bytes([byte ^ 0x5C for byte in block]))  # noqa: S324
        token = escape(credentials.access_token)
        self.fixed: EncodedParams = (
            ("oauth_consumer_key", escape(credentials.consumer_key)),
            ("oauth_signature_method", "HMAC-SHA1"),
            # There may be very many of these, and nearly always nothing of it needs encoding.
            (
                "oauth_token",
                credentials.access_token if token == credentials.access_token else token,
            ),
            ("oauth_version", "1.0"),
        )
        self.tail = "".join(f', {name}="{value}"' for name, value in self.fixed)
        first = f"oauth_consumer_key%3D{escape(self.fixed[0][1])}%26oauth_nonce%3D"
        self._first = sys.intern(first)  # it is the app's
        self._last = f"%26oauth_token%3D{escape(self.fixed[2][1])}%26oauth_version%3D1.0"

    def base_of_none(self, method: str, url: str, nonce: str, timestamp: int) -> bytes:
        """The signature base string of a request without parameters, as a write is.

        With nothing to sort in, it is constants around four values; half of the general way.
        """
        return (
            f"{method}&{escape_address(url)}&{self._first}{nonce}%26oauth_signature_method"
            f"%3DHMAC-SHA1%26oauth_timestamp%3D{timestamp}{self._last}"
        ).encode()

    def signature(self, base: bytes) -> str:
        """The HMAC-SHA1 of a signature base string, in base64.

        By RFC 2104 it is a hash in a hash, and each of the two begins with the key. To go on from
        there takes half as long as to begin with the key again.
        """
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(base)
        outer.update(inner.digest())
        return base64.b64encode(outer.digest()).decode()


def signature(method: str, url: str, pairs: list[tuple[str, str]], key: bytes) -> str:
    """HMAC-SHA1 over the signature base string, in base64 (RFC 5849, 3.4.1 and 3.4.2).

    Args:
        method: the HTTP method in capitals.
        url: scheme, host and path in normal form.
        pairs: all parameters, percent-encoded and sorted.
        key: the two secrets, percent-encoded and joined by ``&``.
    """
    return base64.b64encode(hmac.digest(key, _base(method, url, pairs), "sha1")).decode()


def _base(method: str, url: str, pairs: list[tuple[str, str]]) -> bytes:
    """The signature base string."""
    # The pairs are encoded, so of the signs that need a second encoding only these three occur.
    params = "&".join([f"{name}={value}" for name, value in pairs])
    params = params.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    return f"{method}&{escape_address(url)}&{params}".encode()

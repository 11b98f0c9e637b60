"""OAuth 1.0a: every request carries an HMAC-SHA1 signature over its method, address and query.

Written out after RFC 5849, section 3.4, instead of calling ``oauthlib.oauth1.Client.sign``, which
spends most of its time in quoting the same keys again; the tests hold both against each other.
What never changes for an account is computed once.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/creating-a-signature
"""

from __future__ import annotations

import base64
import hmac
import secrets

from twretweet import ids
from twretweet.auth.account import Flow, fingerprint
from twretweet.credentials import OAuth1
from twretweet.protocol.endpoints import AuthKind
from twretweet.protocol.request import EncodedParams, Request, escape


class OAuth1Account:
    """A user known by OAuth 1.0a keys."""

    __slots__ = ("_fixed", "_key", "_tail", "app_key", "key", "label", "user_id")

    kind: AuthKind = "oauth1"
    dated = True

    def __init__(self, credentials: OAuth1) -> None:
        # An access token begins with the user's id and a hyphen (manage retweets quick start).
        user, hyphen, _ = credentials.access_token.partition("-")
        self.user_id = user if hyphen and ids.is_id(user) else None
        self.app_key = fingerprint(credentials.consumer_key)
        owner = self.user_id or fingerprint(credentials.access_token)
        self.key = f"{self.app_key}:{owner}"
        self.label = f"user {self.user_id}" if self.user_id else f"account {owner[:6]}"
        consumer_key, token = escape(credentials.consumer_key), escape(credentials.access_token)
        self._key = (
            f"{escape(credentials.consumer_secret)}&{escape(credentials.access_token_secret)}"
        ).encode()
        self._fixed: EncodedParams = (
            ("oauth_consumer_key", consumer_key),
            ("oauth_signature_method", "HMAC-SHA1"),
            ("oauth_token", token),
            ("oauth_version", "1.0"),
        )
        self._tail = "".join(f', {name}="{value}"' for name, value in self._fixed)

    def authenticate(self, request: Request, now: float) -> Flow:
        """Yield the request with its signature; there is nothing to do about the reply."""
        header = self.authorization(request, nonce=secrets.token_hex(16), timestamp=int(now))
        yield request.with_header("Authorization", header)

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
        varying = (("oauth_nonce", nonce), ("oauth_timestamp", str(timestamp)))
        pairs = sorted((*request.params, *form, *self._fixed, *varying))
        signed = signature(request.method, request.url, pairs, self._key)
        return (
            f'OAuth oauth_nonce="{nonce}", oauth_timestamp="{timestamp}"{self._tail}, '
            f'oauth_signature="{escape(signed)}"'
        )


def signature(method: str, url: str, pairs: list[tuple[str, str]], key: bytes) -> str:
    """HMAC-SHA1 over the signature base string, in base64 (RFC 5849, 3.4.1 and 3.4.2).

    Args:
        method: the HTTP method in capitals.
        url: scheme, host and path in normal form.
        pairs: all parameters, percent-encoded and sorted.
        key: the two secrets, percent-encoded and joined by ``&``.
    """
    # The pairs are encoded, so of the signs that need a second encoding only these three occur.
    params = "&".join([f"{name}={value}" for name, value in pairs])
    params = params.replace("%", "%25").replace("&", "%26").replace("=", "%3D")
    base = f"{method}&{escape(url)}&{params}"
    return base64.b64encode(hmac.digest(key, base.encode(), "sha1")).decode()

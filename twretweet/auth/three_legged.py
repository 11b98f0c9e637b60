"""Signing in with OAuth 1.0a: three legs, with a callback or with a PIN. Pure.

1. The app asks for a request token, and says where people shall be sent back to; ``oob``, out of
   band, shows them a PIN to type in instead. X confirms that it has understood: a server that did
   not would let anybody's verifier in (RFC 5849, 2.1, and the attack that it is there for).
2. A person allows it on a page of X, and comes back with a verifier, or with the PIN.
3. The app exchanges both for an access token, which lasts until somebody revokes it.

Sources: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens;
https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/pin-based-oauth
"""

from __future__ import annotations

import secrets
from urllib.parse import parse_qsl

from msgspec import Struct

from twretweet.auth.account import Flow
from twretweet.auth.grant import is_token
from twretweet.auth.oauth1 import OAuth1Account, signature
from twretweet.auth.pending import PendingOAuth1
from twretweet.auth.redirect import answer_in, check_redirect_uri, same_text
from twretweet.auth.tokens import OAuth1Tokens
from twretweet.credentials import AppOnly, OAuth1
from twretweet.errors import (
    DecodeError,
    SignInDeclined,
    SignInError,
    TwretweetError,
    Unauthorized,
)
from twretweet.protocol.request import Request, escape
from twretweet.protocol.response import Reply, error_of

OUT_OF_BAND = "oob"
REQUEST_TOKEN_PATH = "/oauth/request_token"  # noqa: S105  # a path
ACCESS_TOKEN_PATH = "/oauth/access_token"  # noqa: S105  # a path
INVALIDATE_PATH = "/1.1/oauth/invalidate_token.json"
_AUTHORIZE_PATH = "/oauth/authorize"
_MOST_FIELDS = 50
_OK = range(200, 300)
_REFUSALS = (400, 401, 403)
# https://developer.x.com/en/support/x-api/error-troubleshooting
_INVALID_TOKEN = 89
_TIMESTAMP_REFUSED = 135


class Answer(Struct, frozen=True):
    """With what a person came back; it does not show it.

    Attributes:
        verifier: proves that they allowed it; the PIN, where they typed one in.
    """

    verifier: str

    def __repr__(self) -> str:
        return "<Answer>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return []


def request_token(
    base_url: str, app: AppOnly, callback: str | None, now: float
) -> Flow[PendingOAuth1]:
    """Begin a sign-in.

    Args:
        base_url: scheme and host of the API, in normal form.
        app: the app, by its key and secret.
        callback: one of the callback addresses in the app's settings; ``None`` for a PIN.
        now: X's clock, in epoch seconds.

    Raises:
        Unauthorized: X does not take the key and its secret, or the time.
        APIError: X does not take the callback.
        DecodeError: the reply can't be read, or X has not understood the callback.
        QueryError: the callback is no address.
    """
    if callback is not None:
        check_redirect_uri("callback", callback)
    request = Request("POST", base_url + REQUEST_TOKEN_PATH)
    extra = {"oauth_callback": OUT_OF_BAND if callback is None else callback}
    reply = yield _signed(request, app, None, extra, now)
    if reply.status not in _OK:
        raise _error(reply, app.consumer_key)
    pending = _pending(reply, base_url, app, callback)
    if pending is None:
        raise _unreadable(reply, REQUEST_TOKEN_PATH)
    return pending


def answer(pending: PendingOAuth1, brought: str) -> Answer | SignInError:
    """What a person came back with; or what is wrong with it.

    It never raises, so that no frame of a traceback holds the verifier.

    Args:
        pending: the sign-in.
        brought: the PIN; or the address that X sent the person back to, in full.
    """
    if pending.callback is None:
        pin = "".join(brought.split())
        if not (pin.isascii() and pin.isdigit()):
            return SignInError("this is no PIN: type in the number that X shows")
        return Answer(pin)
    given = answer_in(brought, pending.callback)
    if given is None:
        return SignInError(
            f"what came back is not {pending.callback} with an answer behind it: pass the whole "
            "address, as the browser has it"
        )
    denied = "denied" in given
    token = given.get("denied" if denied else "oauth_token", "")
    if not same_text(token, pending.token):
        return SignInError(
            "what came back belongs to another sign-in (its token is not the one that was sent): "
            "begin another, and allow only what you began yourself"
        )
    if denied:
        return SignInDeclined("the sign-in was declined at X; nothing has changed")
    verifier = given.get("oauth_verifier")
    if not verifier:
        return SignInError("what came back holds no verifier: begin another sign-in")
    return Answer(verifier)


def access_token(
    base_url: str, pending: PendingOAuth1, brought: Answer, now: float
) -> Flow[OAuth1Tokens]:
    """Exchange a request token that a person has allowed.

    Args:
        base_url: scheme and host of the API.
        pending: the sign-in.
        brought: what :func:`answer` made.
        now: X's clock, in epoch seconds.

    Raises:
        SignInError: X does not take the verifier.
        Unauthorized: X does not take the time.
        TwretweetError: another error.
    """
    request = Request("POST", base_url + ACCESS_TOKEN_PATH)
    reply = yield _signed(request, pending.app, pending, _proof(brought), now)
    if reply.status in _REFUSALS:
        error = _error(reply, pending.app.consumer_key, pending.token, brought.verifier)
        if isinstance(error, Unauthorized) and _TIMESTAMP_REFUSED in error.codes:
            raise error
        what = "PIN" if pending.callback is None else "verifier"
        raise SignInError(
            f"X does not take the {what} ({reply.status}): it may be mistyped, used or too old; "
            "begin another sign-in"
        )
    if reply.status not in _OK:
        raise _error(reply, pending.app.consumer_key, pending.token, brought.verifier)
    tokens = _tokens(reply, base_url, pending.app)
    if tokens is None:
        raise _unreadable(reply, ACCESS_TOKEN_PATH)
    return tokens


def revoke(base_url: str, keys: OAuth1, now: float) -> Flow[None]:
    """End an access token at X; one that X does not know any more is ended.

    Args:
        base_url: scheme and host of the API.
        keys: the four keys.
        now: X's clock, in epoch seconds.

    Raises:
        Unauthorized: X does not take the time.
        TwretweetError: X could not be asked, or refuses.
    """
    request = Request("POST", base_url + INVALIDATE_PATH)
    reply = yield OAuth1Account(keys).sign(request, now)
    if reply.status in _OK:
        return
    error = _error(reply, keys.consumer_key, keys.access_token)
    if isinstance(error, Unauthorized) and _INVALID_TOKEN in error.codes:
        return
    raise error


def _proof(brought: Answer) -> dict[str, str]:
    return {"oauth_verifier": brought.verifier}


def _signed(
    request: Request,
    app: AppOnly,
    pending: PendingOAuth1 | None,
    extra: dict[str, str],
    now: float,
) -> Request:
    """Sign as the app, with the request token if there is one (RFC 5849, 3.1 and 3.4)."""
    fields = {
        "oauth_consumer_key": app.consumer_key or "",
        "oauth_nonce": secrets.token_hex(16),
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(now)),
        "oauth_version": "1.0",
        **extra,
    }
    token_secret = ""
    if pending is not None:
        fields["oauth_token"] = pending.token
        token_secret = pending.token_secret
    pairs = sorted((escape(name), escape(value)) for name, value in fields.items())
    key = f"{escape(app.consumer_secret or '')}&{escape(token_secret)}"
    signed = escape(signature(request.method, request.url, pairs, key.encode()))
    header = ", ".join(f'{name}="{value}"' for name, value in pairs)
    return request.with_header("Authorization", f'OAuth {header}, oauth_signature="{signed}"')


def _fields(reply: Reply) -> dict[str, str]:
    """The form that a reply is; empty if it is none."""
    if reply.fault is not None:
        return {}
    try:
        return dict(parse_qsl(reply.body.decode(), max_num_fields=_MOST_FIELDS))
    except ValueError:
        return {}


def _pending(
    reply: Reply, base_url: str, app: AppOnly, callback: str | None
) -> PendingOAuth1 | None:
    """What a request token begins; it never raises, since its locals hold it."""
    form = _fields(reply)
    token, secret = form.get("oauth_token", ""), form.get("oauth_token_secret", "")
    confirmed = form.get("oauth_callback_confirmed") == "true"
    if not (confirmed and is_token(token) and is_token(secret)):
        return None
    url = f"{base_url}{_AUTHORIZE_PATH}?oauth_token={escape(token)}"
    return PendingOAuth1(url=url, callback=callback, app=app, token=token, token_secret=secret)


def _tokens(reply: Reply, base_url: str, app: AppOnly) -> OAuth1Tokens | None:
    """The keys in a reply; it never raises, since its locals hold them."""
    form = _fields(reply)
    token, secret = form.get("oauth_token", ""), form.get("oauth_token_secret", "")
    if not (is_token(token) and is_token(secret)):
        return None
    return OAuth1Tokens(
        host=base_url,
        consumer_key=app.consumer_key or "",
        consumer_secret=app.consumer_secret or "",
        access_token=token,
        access_token_secret=secret,
        user_id=form.get("user_id"),
        screen_name=form.get("screen_name"),
    )


def _error(reply: Reply, *sent: str | None) -> TwretweetError:
    """The error that a reply stands for, without what was sent."""
    body = reply.body
    for secret in sent:
        body = body.replace(secret.encode(), b"[hidden]") if secret else body
    return error_of(Reply(reply.status, reply.headers, body, reply.fault))


def _unreadable(reply: Reply, path: str) -> DecodeError:
    """The error of a success that can't be read; it quotes nothing of it."""
    return DecodeError(
        f"the reply of POST {path} holds no tokens that can be read, or does not confirm the "
        "callback",
        status=reply.status,
        request_id=reply.request_id,
    )

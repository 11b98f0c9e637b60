"""Signing in with OAuth 2.0 and PKCE: addresses, answers, exchanges. Pure.

1. A person is sent to a page of X, which asks whether they allow what the app wants.
2. X sends them back to the redirect URI, with a code that lives 30 seconds, and with the
   ``state`` that they were sent with. Both are compared in full: whoever answers with another
   state answers to a sign-in that was not begun here.
3. The code is exchanged for tokens, together with the verifier, which nobody else knows.

Sources: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code;
RFC 6749, sections 4.1 and 10.12; RFC 7636; RFC 7009.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from urllib.parse import quote, urlencode

from twretweet.auth.account import Flow, fingerprint
from twretweet.auth.grant import (
    TOKEN_PATH,
    Client,
    Form,
    Grant,
    Refusal,
    form_request,
    read_grant,
    refusal,
)
from twretweet.auth.pending import PendingSignIn
from twretweet.auth.redirect import answer_in, check_redirect_uri, same_text
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.credentials import OAuth2
from twretweet.errors import QueryError, SignInDeclined, SignInError, TwretweetError
from twretweet.protocol.endpoints import ENDPOINTS

OFFLINE = "offline.access"
"""The scope without which X gives no refresh token."""

REVOKE_PATH = "/2/oauth2/revoke"
_AUTHORIZE_PATH = "/i/oauth2/authorize"
# The page is where people are, the API where programs are; a sandbox or proxy is both at once.
_PAGES = {"https://api.x.com": "https://x.com", "https://api.twitter.com": "https://x.com"}
_STATE_BYTES = 32
_VERIFIER_LENGTH = 64  # RFC 7636 has 43 to 128
_LONGEST_WORDS = 200
_OK = range(200, 300)


def scopes_for(*endpoints: str) -> tuple[str, ...]:
    """The scopes that a user has to allow for some endpoints, with ``offline.access``.

    Args:
        endpoints: names as of the methods of a session, such as ``"retweet"``; without any, all
            that OAuth 2.0 may call.

    Raises:
        QueryError: there is no such endpoint, or OAuth 2.0 can't call it.
    """
    rows = {row.name: row for row in ENDPOINTS if "oauth2" in row.auth}
    unknown = [name for name in endpoints if name not in rows]
    if unknown:
        raise QueryError(
            f"{', '.join(map(repr, unknown))} is nothing that OAuth 2.0 can call: choose from "
            f"{', '.join(rows)}"
        )
    needed = {scope for name in endpoints or rows for scope in rows[name].scopes}
    return (*sorted(needed), OFFLINE)


def begin(
    base_url: str, client: OAuth2, redirect_uri: str, scopes: Iterable[str] | None = None
) -> PendingSignIn:
    """Begin a sign-in.

    Args:
        base_url: scheme and host of the API, in normal form.
        client: the app; its tokens, if it has any, are of no concern.
        redirect_uri: one of the callback addresses in the app's settings, to the letter.
        scopes: what to ask for; by default what :func:`scopes_for` says.

    Raises:
        QueryError: the redirect URI is no address, or a scope none.
    """
    # Only who signs in pays for the import; it ships no types.
    from oauthlib.oauth2 import (  # type: ignore[import-untyped]  # noqa: PLC0415
        WebApplicationClient,
    )

    check_redirect_uri("redirect_uri", redirect_uri)
    chosen = scopes_for() if scopes is None else _checked(scopes)
    lib = WebApplicationClient(client.client_id)
    verifier: str = lib.create_code_verifier(_VERIFIER_LENGTH)
    challenge: str = lib.create_code_challenge(verifier, "S256")
    state = secrets.token_urlsafe(_STATE_BYTES)
    # oauthlib's prepare_request_uri refuses plain http, which a sandbox speaks.
    params = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(chosen),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    page = _PAGES.get(base_url, base_url) + _AUTHORIZE_PATH
    return PendingSignIn(
        url=f"{page}?{urlencode(params, quote_via=quote, safe='')}",
        redirect_uri=redirect_uri,
        scopes=chosen,
        client=OAuth2(client.client_id, client.client_secret),
        state=state,
        verifier=verifier,
    )


def answer(pending: PendingSignIn, redirected: str) -> Form | SignInError:
    """What to send for tokens; or what is wrong with how the person came back.

    It never raises, so that no frame of a traceback holds the code.

    Args:
        pending: the sign-in.
        redirected: the address that X sent the person back to, in full, as their browser has it.
    """
    given = answer_in(redirected, pending.redirect_uri)
    if given is None:
        return SignInError(
            f"what came back is not {pending.redirect_uri} with an answer behind it: pass the "
            "whole address, as the browser has it"
        )
    # Before all else: whoever does not know the state has nothing to say here.
    if not same_text(given.get("state", ""), pending.state):
        return SignInError(
            "what came back belongs to another sign-in (its state is not the one that was sent): "
            "begin another, and allow only what you began yourself"
        )
    error = given.get("error")
    if error == "access_denied":
        return SignInDeclined("the sign-in was declined at X; nothing has changed")
    if error is not None:
        words = f"{error} {given.get('error_description', '')}"
        return SignInError(f"X does not let anybody sign in here: {_fit_to_show(words, pending)}")
    code = given.get("code")
    if not code:
        return SignInError("what came back holds no code: begin another sign-in")
    return Form(
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": pending.redirect_uri,
            "code_verifier": pending.verifier,
        }
    )


def exchange(base_url: str, pending: PendingSignIn, form: Form, now: float) -> Flow[Grant]:
    """Exchange a code for tokens; X takes it once, and within 30 seconds.

    Args:
        base_url: scheme and host of the API.
        pending: the sign-in.
        form: what :func:`answer` made.
        now: X's clock, in epoch seconds, in case the reply does not tell it.

    Raises:
        SignInError: X does not take the code.
        Unauthorized: X does not take the client's id or secret.
        TwretweetError: another error, that says nothing of the code.
    """
    client = Client(pending.client.client_id, pending.client.client_secret)
    reply = yield form_request(base_url, TOKEN_PATH, client, form)
    grant = read_grant(reply, form, client, now)
    if isinstance(grant, Refusal):
        raise SignInError(
            f"X does not take the code ({grant.said}): it works once, and for 30 seconds; begin "
            "another sign-in"
        )
    return grant


def tokens_of(
    base_url: str, pending: PendingSignIn, grant: Grant, *, keep_client_secret: bool
) -> OAuth2Tokens:
    """What to store of a sign-in; a new lineage begins.

    Args:
        base_url: scheme and host of the API.
        pending: the sign-in.
        grant: the new tokens.
        keep_client_secret: whether the app's secret is stored with them.
    """
    return OAuth2Tokens(
        host=base_url,
        client_id=pending.client.client_id,
        client_secret=pending.client.client_secret if keep_client_secret else None,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token,
        obtained_at=grant.obtained_at,
        expires_at=grant.expires_at,
        # RFC 6749, section 5.1: a reply that names no scopes has given those asked for.
        scopes=grant.scopes or pending.scopes,
        seed=fingerprint(grant.refresh_token or grant.access_token),
    )


def revoke(base_url: str, tokens: OAuth2Tokens, app: OAuth2 | None) -> Flow[None]:
    """End the tokens of a sign-in at X, first the one that makes others.

    Args:
        base_url: scheme and host of the API.
        tokens: what is stored of it.
        app: the confidential client, if its secret is not stored with them.

    Raises:
        SignInError: X refuses.
        TwretweetError: X could not be asked, or has trouble.
    """
    secret_of = app if app is not None and app.client_secret is not None else tokens
    client = Client(tokens.client_id, secret_of.client_secret)
    for form in _endings(tokens):
        reply = yield form_request(base_url, REVOKE_PATH, client, form)
        if reply.status in _OK:
            continue
        error = refusal(reply, form, client)
        if isinstance(error, TwretweetError):
            raise error
        raise SignInError(f"X does not end the tokens: {error.said}")


def _endings(tokens: OAuth2Tokens) -> list[Form]:
    found = (tokens.refresh_token, tokens.access_token)
    return [Form({"token": token}) for token in found if token is not None]


def _checked(scopes: Iterable[str]) -> tuple[str, ...]:
    if isinstance(scopes, str):
        raise QueryError(f"scopes is the text {scopes!r}: give a list of scopes")
    chosen = tuple(dict.fromkeys(scopes))
    for scope in chosen:
        if not (scope and scope.isascii() and scope.isprintable()) or " " in scope:
            raise QueryError(f"{scope!r} is no scope: they look like 'tweet.read'")
    if not chosen:
        raise QueryError("scopes is empty: leave it out, or name at least one")
    return chosen


def _fit_to_show(words: str, pending: PendingSignIn) -> str:
    """What X said, cut to a line, in case it quotes what it was sent."""
    for secret in (pending.state, pending.verifier):
        words = words.replace(secret, "[hidden]")
    shown = "".join(letter if letter.isprintable() else " " for letter in words)
    return " ".join(shown.split())[:_LONGEST_WORDS]

"""The token endpoint of OAuth 2.0: what is asked, and what its replies mean. Pure.

Replies of success are never quoted in an error, and what was sent is taken out of the others,
because both hold secrets. No frame that could stand in a traceback holds one either, but inside
objects that don't show them.

Sources: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/user-access-token;
RFC 6749, sections 4.1.3, 5 and 6.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from twretweet.auth.account import Flow
from twretweet.auth.tokens import OAuth2Tokens
from twretweet.errors import DecodeError, TwretweetError, Unauthorized
from twretweet.protocol.error_body import read_error_body
from twretweet.protocol.headers import read_rate_headers
from twretweet.protocol.request import FORM_TYPE, Request, escape
from twretweet.protocol.response import Reply, error_of

TOKEN_PATH = "/2/oauth2/token"  # noqa: S105  # a path
TOKEN_ENDPOINT = f"POST {TOKEN_PATH}"
_OK = range(200, 300)
_REFUSALS = (400, 401)
_HARMLESS = frozenset({"grant_type", "client_id", "redirect_uri", "token_type_hint"})
# What X says of a dead token. Anything else, as a proxy's page or an empty reply, tells nothing of
# it, and an account is not given up for that.
_TOKEN_ERRORS = frozenset({"invalid_grant", "invalid_request"})
_CLIENT_ERRORS = frozenset({"invalid_client", "unauthorized_client"})


class Client(Struct, frozen=True):
    """The app, as OAuth 2.0 knows it.

    Attributes:
        client_id: its id.
        client_secret: of a confidential client; ``None`` for a public one.
    """

    client_id: str
    client_secret: str | None = None

    def __repr__(self) -> str:
        return f"<Client {self.client_id}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("client_id", self.client_id)]


class Grant(Struct, frozen=True):
    """New tokens.

    Attributes:
        access_token: the bearer token.
        refresh_token: renews it; ``None`` where X gave none.
        obtained_at: when it was given, in epoch seconds of X's clock.
        expires_at: when it ends; ``None`` where X did not say.
        scopes: what it allows; empty where X did not say.
    """

    access_token: str
    refresh_token: str | None
    obtained_at: float
    expires_at: float | None
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Grant of {' '.join(self.scopes)}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("scopes", self.scopes), ("expires_at", self.expires_at)]


class Refusal(Struct, frozen=True):
    """X does not take the refresh token, or the code.

    Attributes:
        said: what it said, fit to be shown.
    """

    said: str


class Form(Struct, frozen=True):
    """The fields of a form; it does not show them."""

    fields: Mapping[str, str]

    def __repr__(self) -> str:
        return f"<Form of {', '.join(self.fields)}>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        return [("fields", tuple(self.fields))]

    def encode(self) -> bytes:
        """As it goes on the wire."""
        return "&".join(f"{escape(n)}={escape(v)}" for n, v in self.fields.items()).encode()

    def redact(self, body: bytes) -> bytes:
        """Take the fields, but the harmless ones, out of a body that quotes them."""
        for name, value in self.fields.items():
            if name not in _HARMLESS and value:
                body = body.replace(value.encode(), b"[hidden]")
        return body


def basic(name: str, secret: str) -> tuple[str, str]:
    """HTTP Basic, each half percent-encoded (RFC 6749, 2.3.1; X says the same of app-only)."""
    joined = f"{escape(name)}:{escape(secret)}"
    return ("Authorization", f"Basic {base64.b64encode(joined.encode()).decode()}")


def form_request(base_url: str, path: str, client: Client, form: Form) -> Request:
    """A form of a client: a public one names itself, a confidential one proves it."""
    if client.client_secret is None:
        form = Form({**form.fields, "client_id": client.client_id})
        return Request("POST", base_url + path, (), (FORM_TYPE,), form.encode())
    proof = basic(client.client_id, client.client_secret)
    return Request("POST", base_url + path, (), (FORM_TYPE, proof), form.encode())


def refresh(
    base_url: str, client: Client, tokens: OAuth2Tokens, now: float
) -> Flow[Grant | Refusal]:
    """Exchange a refresh token; X takes it once.

    Args:
        base_url: scheme and host of the API.
        client: the app that the token was given to.
        tokens: they hold the refresh token.
        now: X's clock, in epoch seconds, in case the reply does not tell it.

    Raises:
        Unauthorized: X does not take the client's id or secret.
        TwretweetError: another error, that says nothing of the token.
    """
    form = Form({"grant_type": "refresh_token", "refresh_token": tokens.refresh_token or ""})
    reply = yield form_request(base_url, TOKEN_PATH, client, form)
    return read_grant(reply, form, client, now)


def read_grant(reply: Reply, form: Form, client: Client, now: float) -> Grant | Refusal:
    """What a reply of the token endpoint means.

    Args:
        reply: the reply.
        form: what was sent.
        client: who sent it.
        now: X's clock, in case the reply does not tell it.

    Raises:
        TwretweetError: as :func:`refresh`.
    """
    if reply.status in _OK:
        grant = _grant(reply, now)
        if grant is None:
            raise unreadable(reply)
        return grant
    error = refusal(reply, form, client)
    if isinstance(error, Refusal):
        return error
    raise error


def refusal(reply: Reply, form: Form, client: Client) -> Refusal | TwretweetError:
    """What a reply that is no success means."""
    form = Form({**form.fields, "client_secret": client.client_secret or ""})
    body = read_error_body(form.redact(reply.body))
    if reply.status not in _REFUSALS:
        return redacted_error(reply, form)
    said = ": ".join(filter(None, (body.error, body.error_description)))
    if body.error in _CLIENT_ERRORS:
        has = "with" if client.client_secret is not None else "without"
        return Unauthorized(
            f"X does not take the client {client.client_id} {has} a secret ({said}): a "
            "confidential client needs client_secret=, a public one has none; the account's "
            "tokens are kept",
            status=reply.status,
            title=body.error,
            detail=body.error_description,
            request_id=reply.request_id,
        )
    return Refusal(said) if body.error in _TOKEN_ERRORS else redacted_error(reply, form)


def redacted_error(reply: Reply, form: Form) -> TwretweetError:
    """The error that a reply stands for, without what was sent."""
    hidden = Reply(reply.status, reply.headers, form.redact(reply.body), reply.fault)
    return error_of(hidden)


def unreadable(reply: Reply) -> DecodeError:
    """The error of a success that can't be read; it quotes nothing of it."""
    what = {"broke off": "broke off", "too long": "is too long"}.get(reply.fault or "")
    return DecodeError(
        f"the reply of the token endpoint {what or 'holds no tokens that can be read'}",
        status=reply.status,
        request_id=reply.request_id,
        transient=True,
    )


class _Body(Struct):
    access_token: str
    token_type: str = "bearer"  # noqa: S105  # a kind
    refresh_token: str | None = None
    expires_in: float | str | None = None
    scope: str | None = None


def _grant(reply: Reply, now: float) -> Grant | None:
    """The tokens in a reply of success; it never raises, since its locals hold them."""
    if reply.fault is not None:
        return None
    try:
        body = msgspec.json.decode(reply.body, type=_Body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if body.token_type.lower() != "bearer" or not is_token(body.access_token):
        return None
    date = read_rate_headers(reply.headers).date
    obtained = now if date is None else float(date)
    life = _seconds(body.expires_in)
    return Grant(
        access_token=body.access_token,
        refresh_token=body.refresh_token or None,
        obtained_at=obtained,
        expires_at=None if life is None else obtained + life,
        scopes=tuple((body.scope or "").split()),
    )


def is_token(text: str) -> bool:
    """Whether a text can stand in a header."""
    return text != "" and text.isascii() and text.isprintable() and text.strip() == text


def _seconds(value: float | str | None) -> float | None:
    # A life of nothing would have every request renew the token; a 401 tells as much.
    try:
        seconds = float(value or 0)
    except ValueError:
        return None
    return seconds if 0 < seconds < float("inf") else None

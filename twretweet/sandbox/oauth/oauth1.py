"""``/oauth/request_token``, ``/oauth/access_token`` and ``/1.1/oauth/invalidate_token``.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens
"""

from typing import Final, Protocol, cast
from urllib.parse import parse_qsl, quote, urlencode

from oauthlib.oauth1 import (  # type: ignore[import-untyped]  # it ships no types
    AccessTokenEndpoint,
    RequestTokenEndpoint,
)

from twretweet.sandbox.accounts import Account, Accounts, Caller
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth.keys import LONGEST, Keys
from twretweet.sandbox.oauth.legs import OUT_OF_BAND, RequestToken
from twretweet.sandbox.reply import Reply, v1_error
from twretweet.sandbox.signature import Flaw, Nonces, Signatures, Signer, flawed, is_timely

_OK: Final = 200
_UNAUTHORIZED: Final = 401
_FORM: Final = {
    "content-type": "application/x-www-form-urlencoded; charset=utf-8",
    "cache-control": "no-store",
}
# X's documentation lets these be sent beside the header; oauthlib wants all in one place.
_MOVABLE: Final = frozenset({"oauth_callback", "oauth_verifier"})


class _Asked(Protocol):
    """What oauthlib reads from a request; it ships no types."""

    redirect_uri: str


class _Requesting(Protocol):
    def create_request_token_response(
        self, uri: str, http_method: str, body: str, headers: dict[str, str]
    ) -> tuple[object, str | None, int]: ...


class _Exchanging(Protocol):
    def create_access_token_response(
        self, uri: str, http_method: str, body: str, headers: dict[str, str]
    ) -> tuple[object, str | None, int]: ...


class _Check(Keys):
    """Answers oauthlib about one request, and notes what it found.

    Args:
        accounts: the app and what it was allowed.
        nonces: what has been used.
        now: epoch seconds.
        ahead: by how many seconds the clock was moved on.

    Attributes:
        now: epoch seconds.
        flaw: what is wrong beside the signature.
        callback_refused: whether the callback is not the app's.
        verifier_refused: whether the verifier is not the token's.
        pending: the request token that was made or presented.
        nonce: what to remember once the request is found good.
    """

    def __init__(self, accounts: Accounts, nonces: Nonces, now: float, ahead: float) -> None:
        super().__init__(accounts)
        self._nonces = nonces
        self.now = now
        self._ahead = ahead
        self.flaw: Flaw | None = None
        self.callback_refused = False
        self.verifier_refused = False
        self.pending: RequestToken | None = None
        self.nonce = ("", "")

    @property
    def dummy_request_token(self) -> str:
        """What oauthlib checks against where there is no such token."""
        return "none"

    def check_request_token(self, request_token: str) -> bool:
        return len(request_token) <= LONGEST

    def check_verifier(self, verifier: str) -> bool:
        return len(verifier) <= LONGEST

    def check_realms(self, realms: list[str]) -> bool:
        return True

    def get_default_realms(self, client_key: str, request: object) -> list[str]:
        return []

    def validate_requested_realms(
        self, client_key: str, realms: list[str], request: object
    ) -> bool:
        return True

    def validate_timestamp_and_nonce(  # noqa: PLR0917  # as oauthlib calls it
        self,
        client_key: str,
        timestamp: str,
        nonce: str,
        request: object,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        self.nonce = (request_token or client_key, nonce)
        if not is_timely(timestamp, self.now, self._ahead):
            self.flaw = "timestamp"
        elif not self._nonces.is_new(*self.nonce):
            self.flaw = "nonce"
        return self.flaw is None

    def validate_redirect_uri(self, client_key: str, redirect_uri: str, request: object) -> bool:
        app = self.accounts.registration
        self.callback_refused = redirect_uri != OUT_OF_BAND and not app.may_redirect(redirect_uri)
        return not self.callback_refused

    def validate_request_token(self, client_key: str, token: str, request: object) -> bool:
        self.pending = self.accounts.legs.find(token, self.now)
        if self.pending is None or self.pending.state in {"denied", "used"}:
            self.flaw = "token"
        return self.flaw is None

    def validate_verifier(
        self, client_key: str, token: str, verifier: str, request: object
    ) -> bool:
        known = None if self.pending is None else self.pending.verifier
        self.verifier_refused = verifier != known
        return not self.verifier_refused

    def get_request_token_secret(self, client_key: str, token: str, request: object) -> str:
        pending = self.accounts.legs.find(token, self.now)
        return "none" if pending is None else pending.secret

    def invalidate_request_token(
        self, client_key: str, request_token: str, request: object
    ) -> None:
        """Exchanging it has ended it."""


class _Requests(RequestTokenEndpoint):  # type: ignore[misc]  # untyped, so mypy takes it for Any
    """Makes request tokens that the sandbox keeps."""

    request_validator: _Check

    def create_request_token(self, request: _Asked, credentials: object) -> str:
        made = self.request_validator.accounts.legs.request(
            request.redirect_uri, self.request_validator.now
        )
        return urlencode(
            {
                "oauth_token": made.token,
                "oauth_token_secret": made.secret,
                "oauth_callback_confirmed": "true",
            }
        )


class _Exchanges(AccessTokenEndpoint):  # type: ignore[misc]
    """Makes access tokens that begin with the user's id."""

    request_validator: _Check

    def create_access_token(self, request: object, credentials: object) -> str:
        check = self.request_validator
        if check.pending is None:
            raise LookupError("oauthlib took a request token that is not known")
        token, secret = check.accounts.legs.exchange(check.pending)
        account = check.accounts.by_id(check.pending.user_id)
        return urlencode(
            {
                "oauth_token": token,
                "oauth_token_secret": secret,
                "user_id": check.pending.user_id,
                "screen_name": "" if account is None else account.username,
            }
        )


class SignedEndpoints:
    """The legs of OAuth 1.0a that programs walk.

    Args:
        accounts: the app and what it was allowed.
        signatures: knows the nonces that were used, and who signs.
    """

    def __init__(self, accounts: Accounts, signatures: Signatures) -> None:
        self._accounts = accounts
        self._signatures = signatures

    def request_token(self, incoming: Incoming) -> Answer:
        """Give the app a token to send a person with."""
        check = self._check(incoming)
        endpoint = cast("_Requesting", _Requests(check))
        try:
            _, body, status = endpoint.create_request_token_response(*_gathered(incoming))
        except ValueError:
            return Answer(flawed("malformed"))
        return Answer(self._reply(check, body, status, incoming.now))

    def access_token(self, incoming: Incoming) -> Answer:
        """Exchange a request token that a person has allowed."""
        check = self._check(incoming)
        endpoint = cast("_Exchanging", _Exchanges(check))
        try:
            _, body, status = endpoint.create_access_token_response(*_gathered(incoming))
        except ValueError:
            return Answer(flawed("malformed"))
        reply = self._reply(check, body, status, incoming.now)
        account = None
        if reply.status == _OK and check.pending is not None:
            account = self._accounts.by_id(check.pending.user_id)
        return Answer(reply, self._caller(account))

    def invalidate(self, incoming: Incoming) -> Answer:
        """End the access token that signs this."""
        signer = self._signatures.verify(
            incoming.method,
            incoming.url,
            incoming.headers,
            incoming.form_text,
            incoming.now,
            ahead=incoming.ahead,
        )
        if not isinstance(signer, Signer):
            return Answer(flawed(signer))
        self._accounts.legs.end(signer.token)
        return Answer(Reply(_OK, {"access_token": signer.token}), self._caller(signer.account))

    def _check(self, incoming: Incoming) -> _Check:
        return _Check(self._accounts, self._signatures.nonces, incoming.now, incoming.ahead)

    def _caller(self, account: Account | None) -> Caller | None:
        return None if account is None else Caller("oauth1", self._accounts.app, account)

    def _reply(self, check: _Check, body: str | None, status: int, now: float) -> Reply:
        if status == _OK:
            self._signatures.nonces.remember(*check.nonce, now)
            return Reply(_OK, (body or "").encode(), _FORM)
        if status != _UNAUTHORIZED:
            return flawed("malformed")
        if check.flaw is not None:
            return flawed(check.flaw)
        if check.callback_refused:
            return v1_error(
                403,
                415,
                "Callback URL not approved for this client application. Approved callback URLs"
                " can be adjusted in your application settings",
            )
        if check.verifier_refused:
            text = "Error processing your OAuth request: Invalid oauth_verifier parameter"
            return Reply(_UNAUTHORIZED, text.encode(), {"content-type": "text/html"})
        return flawed("signature")


def _gathered(incoming: Incoming) -> tuple[str, str, str, dict[str, str]]:
    """Return address, method, body and headers, with every ``oauth_`` parameter in the header.

    The signature is the same wherever they stand (RFC 5849, 3.4.1.3).
    """
    path, _, query = incoming.target.partition("?")
    moved: list[tuple[str, str]] = []
    kept: list[str] = []
    for text in (query, incoming.form_text):
        fields = parse_qsl(text, keep_blank_values=True, errors="replace")
        moved += [field for field in fields if field[0] in _MOVABLE]
        kept.append(urlencode([field for field in fields if field[0] not in _MOVABLE]))
    headers = dict(incoming.headers)
    if moved and headers.get("authorization", "").lower().startswith("oauth "):
        added = [f'{name}="{quote(value, safe="")}"' for name, value in moved]
        headers["authorization"] = ", ".join([headers["authorization"], *added])
        url = f"{incoming.scheme}://{incoming.host}{path}" + (f"?{kept[0]}" if kept[0] else "")
        return url, incoming.method, kept[1], headers
    return incoming.url, incoming.method, incoming.form_text, headers

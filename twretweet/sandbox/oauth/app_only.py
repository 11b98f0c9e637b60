"""``/oauth2/token`` and ``/oauth2/invalidate_token``: the app in its own name.

Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/application-only
"""

from typing import Final
from urllib.parse import unquote

from twretweet.sandbox.accounts import Accounts, Caller
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth.app import basic
from twretweet.sandbox.params import parse_query
from twretweet.sandbox.reply import Reply

_OK: Final = 200
_FORBIDDEN: Final = 403
_UNSTORED: Final = {"cache-control": "no-store", "pragma": "no-cache"}


class AppEndpoints:
    """Gives the app its bearer token, and ends it.

    Args:
        accounts: the app.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts

    def token(self, incoming: Incoming) -> Answer:
        """Exchange key and secret for the bearer token."""
        if not self._is_app(incoming):
            return Answer(_unverified())
        if _field(incoming, "grant_type") != "client_credentials":
            return Answer(_missing("grant_type"), self._caller())
        body: dict[str, object] = {
            "token_type": "bearer",
            "access_token": self._accounts.app_bearers.current(),
        }
        return Answer(Reply(_OK, body, _UNSTORED), self._caller())

    def invalidate(self, incoming: Incoming) -> Answer:
        """End the bearer token; the next exchange gives another."""
        if not self._is_app(incoming):
            return Answer(_unverified())
        token = _field(incoming, "access_token")
        if token is None:
            return Answer(_missing("access_token"), self._caller())
        if not self._accounts.app_bearers.invalidate(token):
            return Answer(_error(401, 89, "Invalid or expired token."), self._caller())
        return Answer(Reply(_OK, {"access_token": token}, _UNSTORED), self._caller())

    def _is_app(self, incoming: Incoming) -> bool:
        """Key and secret are percent-encoded before they are joined, says X."""
        given = basic(incoming.headers.get("authorization", ""))
        app = self._accounts.registration
        return given is not None and (unquote(given[0]), unquote(given[1])) == (
            app.consumer_key,
            app.consumer_secret,
        )

    def _caller(self) -> Caller:
        return Caller("app-only", self._accounts.app)


def _field(incoming: Incoming, name: str) -> str | None:
    values = parse_query(incoming.form_text).get(name)
    return values[0] if values else None


def _error(status: int, code: int, message: str, label: str | None = None) -> Reply:
    entry: dict[str, object] = {"code": code, "message": message}
    if label is not None:
        entry["label"] = label
    return Reply(status, {"errors": [entry]}, _UNSTORED)


def _unverified() -> Reply:
    return _error(_FORBIDDEN, 99, "Unable to verify your credentials", "authenticity_token_error")


def _missing(name: str) -> Reply:
    return _error(
        _FORBIDDEN, 170, f"Missing required parameter: {name}", "forbidden_missing_parameter"
    )

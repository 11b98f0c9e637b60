"""The endpoints of OAuth, a row each; none of them asks who calls before it is called."""

from collections.abc import Callable
from typing import Final, TypeAlias

from twretweet.sandbox.accounts import Accounts
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth.app_only import AppEndpoints
from twretweet.sandbox.oauth.consent import Consent
from twretweet.sandbox.oauth.oauth1 import SignedEndpoints
from twretweet.sandbox.oauth.oauth2 import RecordedRefresh, TokenEndpoints
from twretweet.sandbox.reply import wrong_method
from twretweet.sandbox.signature import Signatures

TOKEN_PATH: Final = "/2/oauth2/token"  # noqa: S105  # a path
_ASKS: Final = ("GET", "POST")
_POST: Final = ("POST",)
_METHODS: Final = {
    "/oauth/request_token": _POST,
    "/oauth/authorize": _ASKS,
    "/oauth/authenticate": _ASKS,
    "/oauth/access_token": _POST,
    "/1.1/oauth/invalidate_token": _POST,
    "/1.1/oauth/invalidate_token.json": _POST,
    "/i/oauth2/authorize": _ASKS,
    "/2/oauth2/authorize": _ASKS,
    TOKEN_PATH: _POST,
    "/2/oauth2/revoke": _POST,
    "/oauth2/token": _POST,
    "/oauth2/invalidate_token": _POST,
}
ENDPOINTS: Final = tuple(
    f"{method} {path}" for path, methods in _METHODS.items() for method in methods
)
"""Methods and paths of all of them."""

Handler: TypeAlias = Callable[[Incoming], Answer]


class Desk:
    """Answers what is about signing in.

    Args:
        accounts: the app, the people, and what they allowed.
        signatures: checks who signs.
    """

    def __init__(self, accounts: Accounts, signatures: Signatures) -> None:
        consent = Consent(accounts)
        signed = SignedEndpoints(accounts, signatures)
        tokens = TokenEndpoints(accounts)
        app = AppEndpoints(accounts)
        self._handlers: dict[str, Handler] = {
            "/oauth/request_token": signed.request_token,
            "/oauth/authorize": consent.oauth1,
            "/oauth/authenticate": consent.oauth1,
            "/oauth/access_token": signed.access_token,
            "/1.1/oauth/invalidate_token": signed.invalidate,
            "/1.1/oauth/invalidate_token.json": signed.invalidate,
            "/i/oauth2/authorize": consent.oauth2,
            "/2/oauth2/authorize": consent.oauth2,
            TOKEN_PATH: tokens.token,
            "/2/oauth2/revoke": tokens.revoke,
            "/oauth2/token": app.token,
            "/oauth2/invalidate_token": app.invalidate,
        }
        self.refreshes: list[RecordedRefresh] = tokens.refreshes

    def knows(self, path: str) -> bool:
        """Tell whether a path is about signing in."""
        return path in self._handlers

    def answer(self, incoming: Incoming) -> Answer:
        """Answer one request to a path that it knows."""
        methods = _METHODS[incoming.path]
        if incoming.method not in methods:
            return Answer(wrong_method(incoming.path, methods))
        return self._handlers[incoming.path](incoming)

"""The endpoints of OAuth, a row each; none of them asks who calls before it is called."""

from collections.abc import Callable
from typing import Final, TypeAlias

from twretweet.sandbox.accounts import Accounts
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth.app_only import AppEndpoints
from twretweet.sandbox.oauth.consent import Consent
from twretweet.sandbox.oauth.oauth1 import SignedEndpoints
from twretweet.sandbox.oauth.oauth2 import RecordedRefresh, TokenEndpoints
from twretweet.sandbox.reply import Reply, plain
from twretweet.sandbox.signature import Signatures

TOKEN_PATH: Final = "/2/oauth2/token"  # noqa: S105  # a path
_ASKS: Final = ("GET", "POST")
_POST: Final = ("POST",)

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
        self._rows: dict[str, tuple[tuple[str, ...], Handler]] = {
            "/oauth/request_token": (_POST, signed.request_token),
            "/oauth/authorize": (_ASKS, consent.oauth1),
            "/oauth/authenticate": (_ASKS, consent.oauth1),
            "/oauth/access_token": (_POST, signed.access_token),
            "/1.1/oauth/invalidate_token": (_POST, signed.invalidate),
            "/1.1/oauth/invalidate_token.json": (_POST, signed.invalidate),
            "/i/oauth2/authorize": (_ASKS, consent.oauth2),
            "/2/oauth2/authorize": (_ASKS, consent.oauth2),
            TOKEN_PATH: (_POST, tokens.token),
            "/2/oauth2/revoke": (_POST, tokens.revoke),
            "/oauth2/token": (_POST, app.token),
            "/oauth2/invalidate_token": (_POST, app.invalidate),
        }
        self.refreshes: list[RecordedRefresh] = tokens.refreshes

    def answer(self, incoming: Incoming) -> Answer | None:
        """Answer one request; ``None`` if it is about something else."""
        row = self._rows.get(incoming.path)
        if row is None:
            return None
        methods, handler = row
        if incoming.method not in methods:
            return Answer(Reply(405, plain(405).body, {"allow": ", ".join(methods)}))
        return handler(incoming)

"""``/2/oauth2/token`` and ``/2/oauth2/revoke``.

Sources: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code;
RFC 6749, 7009, 7636. X answers a token that is no good with ``invalid_request`` or with
``invalid_grant``, and which of them when is not documented; here a token that never was gets the
first, one that is no longer good the second, so that a client meets both.
"""

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias
from urllib.parse import parse_qsl, urlencode

from twretweet.sandbox.accounts import Accounts, Caller
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth.grants import Family, handle
from twretweet.sandbox.oauth.judge import Asked, Judge
from twretweet.sandbox.oauth.lib import (
    Objection,
    check_code,
    check_refresh,
    check_revocation,
    read,
)
from twretweet.sandbox.reply import Reply

_HANDLED: Final = frozenset({"code", "refresh_token", "token"})
_UNSTORED: Final = {"cache-control": "no-store", "pragma": "no-cache"}
_OK: Final = 200
_UNAUTHORIZED: Final = 401

Outcome: TypeAlias = Literal["rotated", "replayed", "refused"]


@dataclass(frozen=True, slots=True)
class RecordedRefresh:
    """An attempt to renew an access token.

    Args:
        time: when it was decided, in epoch seconds of the sandbox's clock.
        account: the user id; ``None`` if the refresh token is not known.
        outcome: ``"rotated"`` gave new tokens; ``"replayed"`` came with a token that was used
            before, and ended the family; ``"refused"`` is all else.
    """

    time: float
    account: str | None
    outcome: Outcome


class TokenEndpoints:
    """Gives out tokens, renews them, ends them.

    Args:
        accounts: the app, and who allowed it what.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._grants = accounts.grants
        self.refreshes: list[RecordedRefresh] = []

    def token(self, incoming: Incoming) -> Answer:
        """Exchange a code or a refresh token."""
        judge = Judge(self._accounts.registration, self._grants, incoming.now)
        request = read(incoming.path, _hidden(incoming), incoming.headers)
        if request.grant_type == "authorization_code":
            return self._exchange(judge, request, incoming.now)
        if request.grant_type == "refresh_token":
            return self._refresh(judge, request, incoming.now)
        if not request.grant_type:
            missing = "Missing required parameter [grant_type]."
            return Answer(_refused("invalid_request", missing))
        return Answer(_refused("unsupported_grant_type", _invalid("grant type")))

    def revoke(self, incoming: Incoming) -> Answer:
        """End one token, if it is one of the client's; all others look the same (RFC 7009)."""
        judge = Judge(self._accounts.registration, self._grants, incoming.now)
        request = read(incoming.path, _hidden(incoming), incoming.headers)
        objection = check_revocation(judge, request)
        if objection is not None:
            return self._refuse(judge, objection, "token")
        if request.token is not None and request.client is not None:
            judge.family = self._grants.end(request.token, request.client.client_id)
        return Answer(Reply(_OK, {"revoked": True}, _UNSTORED), self._caller(judge))

    def _exchange(self, judge: Judge, request: Asked, now: float) -> Answer:
        objection = check_code(judge, request)
        if objection is not None or judge.code is None:
            return self._refuse(judge, objection, "authorization code")
        judge.code.used = True
        return self._issue(judge, judge.code.family, now)

    def _refresh(self, judge: Judge, request: Asked, now: float) -> Answer:
        objection = check_refresh(judge, request)
        found = self._grants.refresh(request.refresh_token or "")
        if objection is not None or found is None:
            self._record(judge, "replayed" if judge.replayed else "refused", now)
            return self._refuse(judge, objection, "token")
        found.used = True
        self._record(judge, "rotated", now)
        return self._issue(judge, found.family, now)

    def _issue(self, judge: Judge, family: Family, now: float) -> Answer:
        issued = self._grants.issue(family, now)
        body: dict[str, object] = {
            "token_type": "bearer",
            "expires_in": int(self._grants.token_lifetime),
            "access_token": issued.access_token,
            "scope": " ".join(family.scopes),
        }
        if issued.refresh_token is not None:
            body["refresh_token"] = issued.refresh_token
        return Answer(Reply(_OK, body, _UNSTORED), self._caller(judge))

    def _refuse(self, judge: Judge, objection: Objection | None, what: str) -> Answer:
        if objection is None or objection.kind == "grant":
            known = judge.family is not None
            reply = _refused("invalid_grant" if known else "invalid_request", _invalid(what))
        elif objection.kind == "client":
            reply = _stranger()
        else:
            reply = _refused(objection.error, objection.description)
        return Answer(reply, self._caller(judge))

    def _record(self, judge: Judge, outcome: Outcome, now: float) -> None:
        account = None if judge.family is None else judge.family.user_id
        self.refreshes.append(RecordedRefresh(now, account, outcome))

    def _caller(self, judge: Judge) -> Caller | None:
        return None if judge.family is None else self._accounts.caller(judge.family)


def _hidden(incoming: Incoming) -> str:
    """Return the form with handles in the place of what opens something."""
    fields = parse_qsl(incoming.form_text, keep_blank_values=True, errors="replace")
    return urlencode(
        [(name, handle(value) if name in _HANDLED else value) for name, value in fields if value]
    )


def _invalid(what: str) -> str:
    return f"Value passed for the {what} was invalid."


def _refused(error: str, description: str) -> Reply:
    return Reply(400, {"error": error, "error_description": description}, _UNSTORED)


def _stranger() -> Reply:
    body: dict[str, object] = {
        "error": "unauthorized_client",
        "error_description": "Missing valid authorization header",
    }
    return Reply(_UNAUTHORIZED, body, _UNSTORED)

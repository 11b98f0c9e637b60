"""The pages on which a person allows the app something, or does not.

The form is posted to the address of its page, so each answer is checked as its question was, and
nothing is kept in between. What can't be trusted to be the app's address is never redirected to:
those errors are shown (RFC 6749, 4.1.2.1).
Sources: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code;
https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Final
from urllib.parse import parse_qs, parse_qsl

from twretweet.sandbox.accounts import Account, Accounts
from twretweet.sandbox.call import Answer, Incoming
from twretweet.sandbox.oauth import page
from twretweet.sandbox.oauth.judge import Judge
from twretweet.sandbox.oauth.legs import OUT_OF_BAND
from twretweet.sandbox.oauth.lib import check_authorization, read, with_answer
from twretweet.sandbox.oauth.scopes import MEANINGS
from twretweet.sandbox.reply import Reply

_SHOWN_PEOPLE: Final = 100
# OAuth 1.0a has no scopes: the app has what its settings say.
_ALL: Final = (
    "See posts and accounts that you can see.",
    "Post, repost and undo reposts for you.",
)


@dataclass(frozen=True, slots=True)
class _Decision:
    """What a person decided: the account that allows it, ``None`` if they do not."""

    account: Account | None


class Consent:
    """Asks people, and passes on what they say.

    Args:
        accounts: the app and the people.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._app = accounts.registration

    def oauth1(self, incoming: Incoming) -> Answer:
        """Answer ``/oauth/authorize``: show the page, or take its form."""
        given = parse_qs(incoming.target.partition("?")[2]).get("oauth_token", [""])
        request = self._accounts.legs.find(given[0], incoming.now)
        if request is None or request.state != "new":
            return Answer(
                page.wrong(
                    "The request token of this page is not valid. It may have been used already,"
                    " or be too old: go back to the app, and begin anew."
                )
            )
        out_of_band = request.callback == OUT_OF_BAND
        decision = self._decision(incoming, _ALL, None if out_of_band else request.callback)
        if isinstance(decision, Reply):
            return Answer(decision)
        if decision.account is None:
            request.state = "denied"
            if out_of_band:
                return Answer(page.denied(self._app.name))
            return Answer(_redirect(request.callback, {"denied": request.token}))
        verifier = request.allow(decision.account.user_id)
        if out_of_band:
            return Answer(page.pin(self._app.name, verifier))
        answer = {"oauth_token": request.token, "oauth_verifier": verifier}
        return Answer(_redirect(request.callback, answer))

    def oauth2(self, incoming: Incoming) -> Answer:
        """Answer ``/2/oauth2/authorize``: show the page, or take its form."""
        judge = Judge(self._app, self._accounts.grants, incoming.now)
        try:
            request = read(incoming.target, None, incoming.headers)
        except ValueError:
            return Answer(page.wrong("The address of this page is not percent-encoded."))
        objection = check_authorization(judge, request)
        redirect = request.redirect_uri or ""
        state = {} if request.state is None else {"state": request.state}
        if objection is not None and objection.kind == "fatal":
            what = f"The app sent you here with a mistake: {objection.description}"
            return Answer(page.wrong(what))
        if objection is not None:
            error = {"error": objection.error, "error_description": objection.description}
            return Answer(_redirect(redirect, error | state))
        scopes = tuple(dict.fromkeys(request.scopes or ()))
        decision = self._decision(incoming, [MEANINGS[scope] for scope in scopes], redirect)
        if isinstance(decision, Reply):
            return Answer(decision)
        if decision.account is None:
            return Answer(_redirect(redirect, {"error": "access_denied"} | state))
        grants = self._accounts.grants
        code = grants.new_code(
            grants.family(decision.account.user_id, request.client_id or "", scopes),
            redirect_uri=redirect,
            challenge=request.code_challenge,
            method=request.code_challenge_method,
            now=incoming.now,
        )
        return Answer(_redirect(redirect, {"code": code} | state))

    def _decision(
        self, incoming: Incoming, wishes: Iterable[str], redirect: str | None
    ) -> _Decision | Reply:
        """Return what the form says, or the page with it."""
        if incoming.method != "POST":
            people = islice(self._accounts, _SHOWN_PEOPLE)
            return page.ask(
                self._app.name,
                wishes,
                [(person.user_id, person.username) for person in people],
                redirect,
            )
        form = dict(parse_qsl(incoming.form_text))
        if form.get("decision") == "deny":
            return _Decision(None)
        account = self._accounts.by_id(form.get("user", ""))
        if form.get("decision") != "allow" or account is None:
            return page.wrong("The form came without an answer, or in the name of nobody here.")
        return _Decision(account)


def _redirect(uri: str, answer: dict[str, str]) -> Reply:
    headers = {
        "location": with_answer(uri, answer),
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "content-type": "text/plain; charset=utf-8",
    }
    return Reply(302, b"", headers)

"""``twretweet login``: signs a person in, and keeps what X grants for the other commands."""

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import parse_qs, urlsplit

import anyio
from cyclopts import Parameter

from twretweet.auth.listener import DEFAULT_PATH, DEFAULT_PORT, HOST
from twretweet.auth.pending import PendingOAuth1
from twretweet.auth.pkce import scopes_for
from twretweet.auth.store import TokenStore
from twretweet.auth.tokens import OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.cli import browser, environment, sign_ins
from twretweet.cli.keys import Keys, typed
from twretweet.cli.options import names
from twretweet.cli.outcome import OK, complain, report, say
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import (
    CredentialsError,
    QueryError,
    SignInDeclined,
    SignInError,
    Unauthorized,
)
from twretweet.manager import SessionManager
from twretweet.sign_in import SignedIn

# X's own page has long forgotten by then.
_PATIENCE = 600.0
_TRIES = 3


def login(
    *,
    account: Annotated[
        str | None,
        Parameter(
            help="The name to keep it under, in place of what is there; by default the user's "
            "name. What X granted before stays good there, unless you log out first."
        ),
    ] = None,
    pin: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Sign in with OAuth 1.0a and a PIN: for a browser on another machine, and for "
            "the v1.1 endpoints.",
        ),
    ] = False,
    endpoints: Annotated[
        list[str] | None,
        Parameter(
            name="--for",
            negative="",
            help="What it is for, such as retweets,retweeters: only the scopes that these need "
            "are asked for; by default those of all.",
        ),
    ] = None,
    port: Annotated[
        int,
        Parameter(
            help=f"Where X sends the browser back to: http://{HOST}:PORT{DEFAULT_PATH} has to be "
            "one of the callback addresses in the app's settings."
        ),
    ] = DEFAULT_PORT,
    no_browser: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Print the address to open, and open nothing.",
        ),
    ] = False,
    client_id: Annotated[
        str | None, Parameter(help="The OAuth 2.0 client id of the app; it is no secret.")
    ] = None,
    secrets: Annotated[
        Path | None,
        Parameter(help="A file with lines like TWRETWEET_CLIENT_SECRET=…, readable by you alone."),
    ] = None,
) -> int:
    """Sign in at X, so that the other commands act as you.

    It needs an app of X's developer portal: its client id, or for --pin its API key and secret.

    They come from the environment or from --secrets, or you are asked for them.
    """
    scopes = scopes_for(*(name.replace("-", "_") for name in names(endpoints)))
    if pin and endpoints:
        raise QueryError("--for chooses scopes, which OAuth 1.0a has none of: leave it, or --pin")
    url = environment.base_url(os.environ)
    where = _Where(url, sign_ins.store(os.environ, url), account)
    keys = Keys(os.environ, secrets)
    before = anyio.run(_look, where, pin)
    if pin:
        signed_in: SignedIn[OAuth1] | SignedIn[OAuth2] = _with_pin(
            where, _app(keys, before), opens=not no_browser
        )
    else:
        client = _client(keys, client_id, before)
        show = partial(_show, opens=not no_browser)
        try:
            signed_in = anyio.run(_with_browser, where, client, scopes, port, show)
        except Unauthorized as error:
            return report(error, then="; it comes from TWRETWEET_CLIENT_SECRET or --secrets")
    _tell(signed_in, before, sign_ins.path(os.environ, url))
    return OK


class _Where(NamedTuple):
    """Where somebody signs in, and where that is kept.

    Args:
        url: the host.
        store: where it is kept.
        account: under which name, if that was given.
    """

    url: str
    store: TokenStore
    account: str | None

    def manager(self) -> SessionManager:
        """A manager for this host and store."""
        return SessionManager(base_url=self.url, token_store=self.store)


async def _look(where: _Where, pin: bool) -> StoredTokens | None:  # anyio.run passes no names
    """What is kept under the name, once it is known that something can be."""
    await where.manager().sign_in.check_store(where.account)
    before = None if where.account is None else await where.store.load(where.account)
    if before is not None and not isinstance(before, OAuth1Tokens if pin else OAuth2Tokens):
        raise CredentialsError(
            f"{where.account!r} is a sign-in of another kind: choose another --account, or "
            f"`twretweet logout --account {where.account}` first"
        )
    return before


# -- OAuth 2.0 ----------------------------------------------------------------------------


def _client(keys: Keys, client_id: str | None, before: StoredTokens | None) -> OAuth2:
    """The app: what was given, else what the account was signed in with, else what is typed."""
    known = before if isinstance(before, OAuth2Tokens) else None
    given = client_id or keys.get("CLIENT_ID") or (known.client_id if known else None)
    secret = keys.get("CLIENT_SECRET")
    if given is None:
        typed_id = keys.need("CLIENT_ID", hidden=False)
        return OAuth2(typed_id, secret or keys.ask("CLIENT_SECRET") or None)
    if secret is None and known is not None and known.client_id == given:
        secret = known.client_secret
    return OAuth2(given, secret)


async def _with_browser(
    where: _Where,
    client: OAuth2,
    scopes: tuple[str, ...],
    port: int,
    show: Callable[[str], None],
) -> SignedIn[OAuth2]:
    async with where.manager() as manager:
        return await manager.sign_in.with_browser(
            client,
            show=show,
            port=port,
            scopes=scopes,
            account=where.account,
            keep_client_secret=True,
            patience=_PATIENCE,
        )


def _show(url: str, *, opens: bool) -> None:
    back = parse_qs(urlsplit(url).query)["redirect_uri"][0]
    _open(url, opens=opens)
    say(
        f"X sends you back to {back}: your app's settings have to list that as a callback address."
    )
    if os.environ.get("SSH_CONNECTION"):
        host = urlsplit(back).netloc
        port = host.rpartition(":")[2]
        say(f"If that browser is on another machine, run `ssh -L {port}:{host} …` there first.")
    say("Waiting for you; Ctrl-C ends it.")


# -- OAuth 1.0a ---------------------------------------------------------------------------


def _app(keys: Keys, before: StoredTokens | None) -> AppOnly:
    if isinstance(before, OAuth1Tokens) and not keys.get("CONSUMER_KEY"):
        return AppOnly.from_key(before.consumer_key, before.consumer_secret)
    return AppOnly.from_key(keys.need("CONSUMER_KEY"), keys.need("CONSUMER_SECRET"))


def _with_pin(where: _Where, app: AppOnly, *, opens: bool) -> SignedIn[OAuth1]:
    pending = anyio.run(_begin, where, app)
    _open(pending.url, opens=opens)
    for left in reversed(range(_TRIES)):
        # Between two event loops, so that Ctrl-C ends the typing like any other.
        pin = typed("The PIN that X shows you: ")
        if not pin:
            raise SignInDeclined("no PIN was typed; nothing has changed")
        try:
            return anyio.run(_finish, where, pending, pin)
        except SignInError as error:
            if not left:
                raise
            complain(f"{error}, or type it once more")
    raise AssertionError("the last try returns or raises")


async def _begin(where: _Where, app: AppOnly) -> PendingOAuth1:
    async with where.manager() as manager:
        return await manager.sign_in.begin_oauth1(app)


async def _finish(where: _Where, pending: PendingOAuth1, pin: str) -> SignedIn[OAuth1]:
    async with where.manager() as manager:
        return await manager.sign_in.finish_oauth1(pending, pin, account=where.account)


# -- what is said -------------------------------------------------------------------------


def _open(url: str, *, opens: bool) -> None:
    """Open the page of X, and print its address in any case."""
    opens = opens and browser.is_there(os.environ)
    then = "the browser that opens now; if none does, go to" if opens else "your browser, at"
    say(f"Sign in at X in {then}:\n\n{url}\n")
    if opens:
        browser.open_page(url, lambda: complain("no browser opens here: go to the address above"))


def _tell(
    signed_in: SignedIn[OAuth1] | SignedIn[OAuth2], before: StoredTokens | None, file: Path
) -> None:
    name = signed_in.account
    who = f"as @{signed_in.username}" if signed_in.username else "somebody"
    say(f"signed in {who}, kept under the name {name} in {sign_ins.shown(file)}")
    if signed_in.unnamed is not None:
        complain(f"X did not tell who it is: {signed_in.unnamed}")
    was = sign_ins.user_of(before)
    if was is not None and signed_in.username not in {None, was}:
        complain(f"{name} was @{was} until now")
    if environment.is_complete(os.environ):
        complain(
            "the keys in the environment go before it: unset them, or choose it with --account "
            f"{name}"
        )

"""Signing in and out over the connections of a manager.

Between the answer of X and the store nothing is awaited but the store, and nothing ends it: a
sign-in that X has granted is kept, or an error tells why it could not be. A code is sent again
only if nothing of it was sent. After that X is asked who it is that has signed in; a sign-in of
which it does not tell that is none the less one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from twretweet.auth import pkce, three_legged
from twretweet.auth.grant import TOKEN_ENDPOINT, Grant
from twretweet.auth.listener import DEFAULT_PATH, DEFAULT_PORT, RedirectListener
from twretweet.auth.pending import PendingOAuth1, PendingSignIn
from twretweet.auth.tokens import OAuth1Tokens, OAuth2Tokens
from twretweet.auth.visit import page
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.errors import (
    CredentialsError,
    SignInDeclined,
    SignInError,
    TwretweetError,
)
from twretweet.pipeline import Pipeline, Wire
from twretweet.protocol.retry import RetryPolicy
from twretweet.sign_in.asking import Asking
from twretweet.sign_in.errands import Errands
from twretweet.sign_in.leave import leave
from twretweet.sign_in.shelf import Shelf, SignedIn, check_name, made_up, plausible_username
from twretweet.sign_in.who import who

_SOMEBODY = "a new sign-in"
_CLOSE = "You can close this window."


class SignIn:
    """Signs people in and out. ``manager.sign_in`` is one.

    A service begins a sign-in, sends the person to its ``url``, and finishes it when they come
    back; a program on the person's own machine calls :meth:`with_browser`, which does it all.
    The tokens go to the manager's token store.

    Args:
        wire: the connections, X's clock, and the store.
        pipeline: asks who has signed in.
        retry: when to try again.
    """

    def __init__(self, wire: Wire, pipeline: Pipeline, retry: RetryPolicy) -> None:
        self._wire = wire
        self._pipeline = pipeline
        self._errands = Errands(pipeline.require_open)
        self._asking = Asking(wire, retry, self._errands)
        self._shelf = Shelf(wire.store)

    async def aclose(self) -> None:
        """End what is under way; what X is just answering is waited for and stored."""
        await self._errands.aclose()

    async def check_store(self, account: str | None = None) -> None:
        """Make sure that a sign-in could be stored, before a person is sent to X for it.

        Args:
            account: under which name, if it is known.

        Raises:
            QueryError: ``account`` is no name.
            TokenStoreError: it could not be stored.
        """
        check_name(account)
        await self._shelf.check(account)

    # -- OAuth 2.0 ------------------------------------------------------------------------

    def begin(
        self, client: OAuth2, *, redirect_uri: str, scopes: Iterable[str] | None = None
    ) -> PendingSignIn:
        """Begin a sign-in with OAuth 2.0 and PKCE. Nothing is sent.

        Args:
            client: the app; ``OAuth2(client_id)`` of a public one, with its secret of a
                confidential one.
            redirect_uri: one of the callback addresses in the app's settings, to the letter.
            scopes: what to ask for; by default all that this package can do, with
                ``offline.access``. See :func:`twretweet.scopes_for`.

        Raises:
            QueryError: the redirect URI is no address, or a scope none.

        Source: https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code
        """
        return pkce.begin(self._wire.base_url, client, redirect_uri, scopes)

    async def finish(
        self,
        pending: PendingSignIn,
        redirected: str,
        *,
        account: str | None = None,
        keep_client_secret: bool = False,
    ) -> SignedIn[OAuth2]:
        """Finish a sign-in: at once, because the code that came back lives 30 seconds.

        The tokens are stored when this returns, and also if it is cancelled once the code was
        sent. Call it once: X may end the tokens of a code that comes a second time.

        Args:
            pending: what :meth:`begin` returned, for this person.
            redirected: the address that X sent the person's browser to, in full.
            account: the name to store it under, in place of what is there; by default the
                user's name.
            keep_client_secret: whether to store the secret of a confidential client with it, so
                that whoever has the store needs nothing else.

        Raises:
            SignInDeclined: the person said no.
            SignInError: it is the answer to another sign-in, or X does not take it.
            TokenStoreError: the tokens could not be stored.
            QueryError: ``account`` is no name. Nothing was sent.
            TwretweetError: X could not be asked, or has trouble.
        """
        form = pkce.answer(pending, redirected)
        del redirected  # the locals of this frame stand in the traceback
        if isinstance(form, SignInError):
            raise form
        check_name(account)
        self._pipeline.require_open()
        url = self._wire.base_url
        make = partial(pkce.exchange, url, pending, form)

        async def work() -> SignedIn[OAuth2]:
            tokens: list[OAuth2Tokens] = []

            async def keep(grant: Grant) -> None:
                new = pkce.tokens_of(url, pending, grant, keep_client_secret=keep_client_secret)
                await self._shelf.put(account or made_up(new), new)
                tokens.append(new)

            await self._asking.ask(
                make, endpoint=TOKEN_ENDPOINT, account=account or _SOMEBODY, keep=keep
            )
            return await self._introduced(pending, tokens[0], account)

        return await self._errands.run("a sign-in", work)

    async def with_browser(
        self,
        client: OAuth2,
        *,
        show: Callable[[str], None],
        port: int = DEFAULT_PORT,
        path: str = DEFAULT_PATH,
        scopes: Iterable[str] | None = None,
        account: str | None = None,
        keep_client_secret: bool = False,
        patience: float | None = None,
    ) -> SignedIn[OAuth2]:
        """Sign a person in whose browser runs on this machine.

        It listens on 127.0.0.1, has the person sent to X, waits for them to come back, and shows
        them a page that says how it went.

        Args:
            client: the app.
            show: is called with the address to open; it opens or prints it.
            port: where to listen; ``http://127.0.0.1:<port><path>`` has to be one of the
                callback addresses in the app's settings. 0 takes a free one.
            path: the path of that address.
            scopes: as of :meth:`begin`.
            account: as of :meth:`finish`.
            keep_client_secret: as of :meth:`finish`.
            patience: how long to wait for them, in seconds; ``None`` as long as it takes.

        Raises:
            SignInDeclined: nobody came back; and as :meth:`finish`.
            SignInError: the port is in use; and as :meth:`finish`.
            TokenStoreError: a sign-in can't be stored; found out before anybody is sent to X.
            TwretweetError: as :meth:`finish`.
        """
        self._pipeline.require_open()
        listener = RedirectListener(port, path)
        await self.check_store(account)

        async def wait() -> SignedIn[OAuth2]:
            with listener:
                pending = self.begin(client, redirect_uri=listener.redirect_uri, scopes=scopes)
                show(pending.url)
                visit = await listener.wait(patience)
            try:
                signed_in = await self.finish(
                    pending,
                    visit.address,
                    account=account,
                    keep_client_secret=keep_client_secret,
                )
            except TwretweetError as error:
                await visit.answer(_page_of(error))
                raise
            except BaseException:
                visit.close()
                raise
            who = f"You are signed in as @{signed_in.username}"
            await visit.answer(page(who if signed_in.username else "You are signed in", _CLOSE))
            return signed_in

        return await self._errands.run("a sign-in", wait)

    # -- OAuth 1.0a -----------------------------------------------------------------------

    async def begin_oauth1(self, app: AppOnly, *, callback: str | None = None) -> PendingOAuth1:
        """Begin a sign-in with OAuth 1.0a.

        Args:
            app: the app, ``AppOnly.from_key(consumer_key, consumer_secret)``.
            callback: one of the callback addresses in the app's settings; ``None`` has X show
                the person a PIN, which they bring you.

        Raises:
            CredentialsError: ``app`` has no key. Nothing was sent.
            QueryError: the callback is no address. Nothing was sent.
            APIError: X does not take the key and its secret, or the callback.
            TwretweetError: X could not be asked, or has trouble.

        Source: https://docs.x.com/resources/fundamentals/authentication/oauth-1-0a/obtaining-user-access-tokens
        """
        if app.consumer_key is None:
            raise CredentialsError(
                "OAuth 1.0a takes the app's key and secret: AppOnly.from_key(consumer_key, "
                "consumer_secret)"
            )
        self._pipeline.require_open()
        url = self._wire.base_url
        ask = partial(
            self._asking.ask,
            lambda now: three_legged.request_token(url, app, callback, now),
            endpoint=f"POST {three_legged.REQUEST_TOKEN_PATH}",
            account=_SOMEBODY,
            dated=True,
        )
        return await self._errands.run("a sign-in", ask)

    async def finish_oauth1(
        self, pending: PendingOAuth1, brought: str, *, account: str | None = None
    ) -> SignedIn[OAuth1]:
        """Finish a sign-in with OAuth 1.0a.

        The keys are stored when this returns, and also if it is cancelled once they were asked
        for.

        Args:
            pending: what :meth:`begin_oauth1` returned, for this person.
            brought: the PIN; or the address that X sent the person's browser to, in full.
            account: the name to store it under, in place of what is there; by default the
                user's name.

        Raises:
            SignInDeclined: the person said no.
            SignInError: it is the answer to another sign-in, or X does not take it.
            TokenStoreError: the keys could not be stored.
            QueryError: ``account`` is no name. Nothing was sent.
            TwretweetError: X could not be asked, or has trouble.
        """
        answer = three_legged.answer(pending, brought)
        del brought  # the locals of this frame stand in the traceback
        if isinstance(answer, SignInError):
            raise answer
        check_name(account)
        self._pipeline.require_open()
        url = self._wire.base_url

        async def work() -> SignedIn[OAuth1]:
            names: list[str] = []

            async def keep(tokens: OAuth1Tokens) -> None:
                username = plausible_username(tokens.screen_name)
                name = account or await self._shelf.name(username, tokens)
                await self._shelf.put(name, tokens)
                names.append(name)

            tokens = await self._asking.ask(
                lambda now: three_legged.access_token(url, pending, answer, now),
                endpoint=f"POST {three_legged.ACCESS_TOKEN_PATH}",
                account=account or _SOMEBODY,
                dated=True,
                keep=keep,
            )
            return SignedIn(
                account=names[0],
                credentials=tokens.credentials(names[0]),
                user_id=tokens.user_id,
                username=plausible_username(tokens.screen_name),
            )

        return await self._errands.run("a sign-in", work)

    # -- out ------------------------------------------------------------------------------

    async def revoke(self, account: str, *, client: OAuth2 | None = None) -> None:
        """End a sign-in at X, and forget it; as long as X can't be told, it is kept.

        Args:
            account: the name under which it is stored.
            client: the app, if it is a confidential client whose secret is not stored.

        Raises:
            CredentialsError: no sign-in is stored under this name.
            SignInError: X refuses.
            TokenStoreError: the store can't be read or written.
            TwretweetError: X could not be asked, or has trouble.
        """
        self._pipeline.require_open()
        await self._errands.run(
            "a sign-out", partial(leave, self._wire, self._asking, account, client)
        )

    async def _introduced(
        self, pending: PendingSignIn, tokens: OAuth2Tokens, account: str | None
    ) -> SignedIn[OAuth2]:
        """Ask X who has signed in, and store that too."""
        name = account or made_up(tokens)
        user, why = await who(self._pipeline, tokens, self._wire.timeout)
        if user is not None:
            # Not half-way: the same tokens under two names would be spent twice.
            name = await self._errands.finish(
                partial(self._shelf.introduce, name, tokens, user, rename=account is None)
            )
        client = pending.client
        return SignedIn(
            account=name,
            credentials=OAuth2(client.client_id, client.client_secret, account=name),
            user_id=user.id if user else None,
            username=user.username if user else None,
            scopes=tokens.scopes,
            unnamed=why,
        )


def _page_of(error: TwretweetError) -> bytes:
    """What the person reads in the browser."""
    if isinstance(error, SignInDeclined):
        return page("You have not signed in", f"Nothing has changed. {_CLOSE}")
    return page("You are not signed in", f"{error}. {_CLOSE}")

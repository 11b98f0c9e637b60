"""The sandbox: an X API on localhost, put together from its parts."""

import re
from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from twretweet.clock import Clock, SystemClock
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.sandbox import story
from twretweet.sandbox.accounts import SCOPES, Account, Accounts, profile
from twretweet.sandbox.api import Api
from twretweet.sandbox.call import State
from twretweet.sandbox.hooks import Hook
from twretweet.sandbox.oauth.oauth2 import RecordedRefresh
from twretweet.sandbox.oauth.person import answer_page
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.server import RecordedRequest, Server
from twretweet.sandbox.snowflake import STEP, first_id
from twretweet.sandbox.tokens import Tokens
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.updates import A_DAY, Updates
from twretweet.sandbox.world import World
from twretweet.vocabulary import Vocabulary

_OWN_TWEETS_FROM: Final = 1_510_000_000_000_000_000
_USERNAME: Final = re.compile(r"[A-Za-z0-9_]{1,15}", re.ASCII)


class Sandbox:
    """An X API on localhost that keeps state, checks what X checks, and counts as X counts.

    ::

        async with Sandbox(retweets=250) as sandbox:
            ...  # sandbox.url, sandbox.tweet_id, sandbox.oauth1

    Args:
        retweets: how many the tweet has; a million cost no more than ten.
        seed: the same seed gives the same users, ids and credentials.
        window_scale: how long rate limit windows are, as a multiple of X's; ``1/300`` makes 15
            minutes 3 seconds. Replies say so in ``x-sandbox-window-scale``.
        port: where to listen on 127.0.0.1; 0 takes a free one.
        quirks: how to misbehave.
        clock: the time that windows, ids and headers go by.
        vocabulary: ``"tweet"`` or ``"post"`` speaks only that one; ``None`` answers each request
            in its own.
        redirect_uris: the only addresses that people may be sent back to after signing in,
            exactly; ``None`` allows every ``http://127.0.0.1`` and ``http://localhost``.
        token_lifetime: seconds that an OAuth 2.0 access token lives.
        code_lifetime: seconds that an authorization code lives.
        daily_updates: how many retweets and tweets an account may post in a day before v1.1
            refuses more with code 185.

    Attributes:
        tweet_id: the tweet with that many retweets.
        me: the account behind :attr:`oauth1` and :attr:`oauth2`.
        oauth1: keys of a user.
        oauth2: a bearer token of the same user, with every scope that an endpoint here asks for;
            it does not expire by itself, and its refresh token works.
        app_only: the bearer token of the app, good until it is invalidated.
        client: the app as a public OAuth 2.0 client, to sign in with.
        confidential: the app as a confidential client.

    Raises:
        ValueError: a number is out of range.
        TypeError: ``redirect_uris`` is one string.
    """

    def __init__(
        self,
        *,
        retweets: int = 1000,
        seed: int = 0,
        window_scale: float = 1.0,
        port: int = 0,
        quirks: Quirks | None = None,
        clock: Clock | None = None,
        vocabulary: Vocabulary | None = None,
        redirect_uris: Iterable[str] | None = None,
        token_lifetime: float = 7200.0,
        code_lifetime: float = 30.0,
        daily_updates: int = A_DAY,
    ) -> None:
        if retweets < 0:
            raise ValueError(f"retweets can't be {retweets}")
        if not window_scale > 0:
            raise ValueError(f"window_scale is a factor above 0, not {window_scale}")
        if isinstance(redirect_uris, str):
            raise TypeError("redirect_uris is a list of addresses, not one of them")
        if not token_lifetime > 0:
            raise ValueError(f"token_lifetime is a number of seconds, not {token_lifetime}")
        if not code_lifetime > 0:
            raise ValueError(f"code_lifetime is a number of seconds, not {code_lifetime}")
        if daily_updates < 0:
            raise ValueError(f"daily_updates can't be {daily_updates}")
        self._clock = clock or SystemClock()
        self._seed = seed
        self._port = port
        self._bound: int | None = None
        now = self._now()
        self._world = World(retweets=retweets, seed=seed, now=now)
        self._accounts = Accounts(
            seed,
            redirect_uris=None if redirect_uris is None else tuple(redirect_uris),
            token_lifetime=token_lifetime,
            code_lifetime=code_lifetime,
        )
        self.tweet_id: str = str(story.TWEET_ID)
        self.me: Account = self._accounts.new("sandbox_bot")
        written = story.own_tweets(int(self.me.user_id), _OWN_TWEETS_FROM, now, seed)
        newest = written[-1].id
        self._world.add_user(replace(profile(self.me), pinned=written[0].id, recent=newest))
        for tweet in written:
            self._world.add_tweet(tweet)
        quirks = quirks or Quirks()
        state = State(
            world=self._world,
            accounts=self._accounts,
            tokens=Tokens(f"page tokens {seed}".encode()),
            quirks=quirks,
            seed=seed,
            vocabulary=vocabulary,
            updates=Updates(daily_updates, window_scale),
        )
        self._api = Api(state, window_scale)
        self._server = Server(
            self._api,
            self._clock,
            latency=quirks.latency,
            window_scale=window_scale,
            seed=seed,
        )

    @property
    def url(self) -> str:
        """The base address, such as ``http://127.0.0.1:8080``.

        Raises:
            RuntimeError: the sandbox was never started.
        """
        if self._bound is None:
            raise RuntimeError("start the sandbox first: async with Sandbox() as sandbox")
        return f"http://127.0.0.1:{self._bound}"

    @property
    def oauth1(self) -> OAuth1:
        """Keys of the user :attr:`me`."""
        return self.me.oauth1

    @property
    def oauth2(self) -> OAuth2:
        """A bearer token of the user :attr:`me`."""
        return self.me.oauth2

    @property
    def app_only(self) -> AppOnly:
        """The bearer token of the app."""
        return self._accounts.app_only

    @property
    def client(self) -> OAuth2:
        """The app as a public client."""
        return OAuth2(self._accounts.registration.public.client_id)

    @property
    def confidential(self) -> OAuth2:
        """The app as a confidential client."""
        client = self._accounts.registration.confidential
        return OAuth2(client.client_id, client.secret)

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The latest requests, oldest first."""
        return self._server.requests

    @property
    def rejected(self) -> int:
        """How many requests were answered with 429."""
        return self._server.rejected

    @property
    def failures(self) -> deque[Exception]:
        """What went wrong in the sandbox itself; empty unless it has a bug."""
        return self._server.failures

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open."""
        return self._server.open_connections

    @property
    def refreshes(self) -> list[RecordedRefresh]:
        """Every attempt to renew an access token, oldest first."""
        return self._api.desk.refreshes

    @property
    def before_token(self) -> Hook | None:
        """Awaited at ``/2/oauth2/token`` before anything is checked; may raise Outage."""
        return self._server.hooks.before_token

    @before_token.setter
    def before_token(self, hook: Hook | None) -> None:
        self._server.hooks.before_token = hook

    @property
    def before_token_reply(self) -> Hook | None:
        """Awaited there when tokens are rotated and nobody is told yet; may raise Outage."""
        return self._server.hooks.before_token_reply

    @before_token_reply.setter
    def before_token_reply(self, hook: Hook | None) -> None:
        self._server.hooks.before_token_reply = hook

    async def authorize(self, url: str, *, user: Account | None = None, allow: bool = True) -> str:
        """Do what a person does on the page of an authorize URL, and return what comes of it.

        Args:
            url: the address of the page, of OAuth 1.0a or 2.0.
            user: who does it; :attr:`me` by default.
            allow: whether they allow it.

        Returns:
            The address that the browser is redirected to, or the PIN; nothing if a PIN was asked
            for and not allowed.

        Raises:
            ValueError: the page shows an error; the message says which.
        """
        person = (user or self.me).user_id
        now = self._clock.time()
        return answer_page(self._api.answer, url, user_id=person, allow=allow, now=now)

    def expire_access_tokens(self) -> None:
        """Let every OAuth 2.0 access token given out so far be past its end."""
        self._accounts.grants.expire()

    def revoke(self, account: Account) -> None:
        """Let a user take back all they have allowed: every token of theirs ends."""
        self._accounts.revoke(account.user_id)

    def new_account(
        self, username: str | None = None, *, scopes: Iterable[str] = SCOPES
    ) -> Account:
        """Make another user with credentials of their own.

        Args:
            username: the name; by default a new one.
            scopes: what the OAuth 2.0 token allows.

        Raises:
            ValueError: there is no such scope, or the name is taken or none that X allows.
        """
        if username is not None and _USERNAME.fullmatch(username) is None:
            raise ValueError(f"{username!r} is not 1 to 15 letters, digits or underscores")
        if username is not None and self._world.user_named(username) is not None:
            raise ValueError(f"the name {username!r} is taken")
        account = self._accounts.new(username, scopes)
        self._world.add_user(profile(account))
        return account

    def add_tweet(
        self, *, retweets: int = 0, text: str = "Hello, sandbox!", author: Account | None = None
    ) -> str:
        """Put up another tweet, retweeted by the crowd, and return its id.

        Args:
            retweets: how many times.
            text: what it says.
            author: who wrote it; TwitterDev by default.
        """
        # It lies as far back as its retweets need, in the usual distance.
        written = self._world.fresh_id(self._now()) - (retweets + 1) * 97_000 * STEP
        tweet = Tweet(
            id=max(1, written),
            author_id=story.AUTHOR_ID if author is None else int(author.user_id),
            text=text,
        )
        tweet.retweets = story.crowd_retweets(tweet.id, retweets, self._now(), self._seed)
        self._world.add_tweet(tweet)
        return str(tweet.id)

    async def start(self) -> None:
        """Begin to listen; started again after closing, at the same address and with its state.

        Raises:
            RuntimeError: it does already.
            OSError: the port is taken.
        """
        if self._server.listening:
            raise RuntimeError("the sandbox has been started already")
        self._bound = await self._server.listen(self._bound or self._port)

    async def aclose(self) -> None:
        """Stop listening and close all connections; harmless when closed."""
        await self._server.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def _now(self) -> int:
        return first_id(self._clock.time())

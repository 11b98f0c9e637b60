"""The sandbox: an X API on localhost, put together from its parts."""

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from twretweet.clock import Clock
from twretweet.ids import TweetRef
from twretweet.sandbox import origin, snapshot, story
from twretweet.sandbox.accounts import SCOPES, Account
from twretweet.sandbox.admin.guard import is_loopback
from twretweet.sandbox.clocks import MovableClock
from twretweet.sandbox.core import Core
from twretweet.sandbox.endpoints import Limit
from twretweet.sandbox.face import Face
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.hooks import Hook
from twretweet.sandbox.oauth.person import answer_page
from twretweet.sandbox.options import Options
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.server import Server
from twretweet.sandbox.tls import Tls
from twretweet.vocabulary import Vocabulary


class Sandbox(Face):
    """An X API on localhost that keeps state, checks what X checks, and counts as X counts.

    ::

        async with Sandbox(retweets=250) as sandbox:
            ...  # sandbox.url, sandbox.tweet_id, sandbox.oauth1

    Args:
        retweets: how many the tweet has; a million cost no more than ten.
        seed: the same seed gives the same users, ids and credentials; that of ``state`` wins.
        window_scale: how long rate limit windows are, as a multiple of X's; ``1/300`` makes 15
            minutes 3 seconds. Replies say so in ``x-sandbox-window-scale``.
        port: where to listen; 0 takes a free one.
        quirks: how to misbehave, as X does without being asked.
        faults: what goes wrong on command; :attr:`faults` changes them while it runs.
        retweets_per_second: how many retweets of the tweet come in by themselves; by default as
            many as ``state`` says, or none.
        state: a file of JSON Lines that :meth:`save` wrote, or a person; see
            :mod:`twretweet.sandbox.snapshot`.
        clock: the time that windows, ids and headers go by; by default the machine's, which
            :meth:`advance` moves on.
        vocabulary: ``"tweet"`` or ``"post"`` speaks only that one; ``None`` answers each request
            in its own.
        redirect_uris: the only addresses that people may be sent back to after signing in,
            exactly; ``None`` allows every ``http://127.0.0.1`` and ``http://localhost``.
        token_lifetime: seconds that an OAuth 2.0 access token lives.
        code_lifetime: seconds that an authorization code lives.
        daily_updates: how many updates an account has in a day before v1.1 answers code 185.
        limits: windows other than X's table has, as some plans do:
            ``{"POST /2/users/:id/retweets": [Limit("user", 17, 86_400)]}``. They replace those
            that count the same, here a user's; an empty list leaves an endpoint without any.
        host: the address to listen on.
        tls: speak https, with a certificate for ``api.x.com``, ``api.twitter.com`` and this
            machine, whose authority is in :attr:`ca_file`; for clients whose host is fixed, see
            :func:`~twretweet.sandbox.mapping.mapped_hosts`. Needs the extra ``tls``.
        listen_beyond_loopback: allow a host that other machines can reach. Whoever reaches it can
            act as anybody in it; the admin endpoint stays with this machine.

    Raises:
        ValueError: a number is out of range, a line of ``state`` can't be read, a fault or a limit
            is bound to an endpoint that there is not, or the host is not this machine alone.
        OSError: the file can't be read.
        TypeError: ``redirect_uris`` is one string.
        ImportError: ``tls`` needs the extra of that name.
    """

    def __init__(
        self,
        *,
        retweets: int = 1000,
        seed: int = 0,
        window_scale: float = 1.0,
        port: int = 0,
        quirks: Quirks | None = None,
        faults: Iterable[Fault] = (),
        retweets_per_second: float | None = None,
        state: str | os.PathLike[str] | None = None,
        clock: Clock | None = None,
        vocabulary: Vocabulary | None = None,
        redirect_uris: Iterable[str] | None = None,
        token_lifetime: float = 7200.0,
        code_lifetime: float = 30.0,
        daily_updates: int = 2400,
        limits: Mapping[str, Sequence[Limit]] | None = None,
        tls: bool = False,
        host: str = "127.0.0.1",
        listen_beyond_loopback: bool = False,
    ) -> None:
        if isinstance(redirect_uris, str):
            raise TypeError("redirect_uris is a list of addresses, not one of them")
        if not listen_beyond_loopback and not is_loopback(host):
            raise ValueError(
                f"host is {host!r}: others could reach it; if that is meant, say"
                " listen_beyond_loopback=True as well"
            )
        options = Options(
            retweets=retweets,
            seed=seed,
            window_scale=window_scale,
            quirks=quirks or Quirks(),
            faults=tuple(faults),
            retweets_per_second=retweets_per_second,
            vocabulary=vocabulary,
            redirect_uris=None if redirect_uris is None else tuple(redirect_uris),
            token_lifetime=token_lifetime,
            code_lifetime=code_lifetime,
            daily_updates=daily_updates,
            limits=limits or {},
        )
        core = Core(options, clock or MovableClock())
        # A name may lead to two addresses, and a free port of one need not be free at the other.
        address = "127.0.0.1" if host == "localhost" else host
        super().__init__(core, Server(core, address, Tls() if tls else None))
        self._port = port
        if state is not None:
            origin.begin(self._core, Path(state))

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
        now = self.clock.time()
        return answer_page(self._core.answer, url, user_id=person, allow=allow, now=now)

    def expire_access_tokens(self) -> None:
        """Let every OAuth 2.0 access token given out so far be past its end."""
        self._core.accounts.grants.expire()

    def revoke(self, account: Account) -> None:
        """Let a user take back all they have allowed: every token of theirs ends."""
        self._core.accounts.revoke(account.user_id)

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
        return self._core.new_account(username, scopes)

    def add_tweet(
        self, *, retweets: int = 0, text: str = "Hello, sandbox!", author: Account | None = None
    ) -> str:
        """Put up another tweet, retweeted by the crowd, and return its id.

        Args:
            retweets: how many times.
            text: what it says.
            author: who wrote it; TwitterDev by default.

        Raises:
            ValueError: the number of retweets is out of range.
        """
        author_id = story.AUTHOR_ID if author is None else int(author.user_id)
        return str(self._core.add_tweet(text, retweets, author_id).id)

    def add_retweets(self, count: int = 1, *, tweet_id: TweetRef | None = None) -> None:
        """Let more of the crowd retweet a tweet, now.

        Args:
            count: how many.
            tweet_id: the tweet; by default :attr:`tweet_id`.

        Raises:
            ValueError: there is no such tweet, or the number is out of range.
        """
        tweet = self._meant(tweet_id)
        self._core.act(tweet, None, count, undo=False)

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock on, so that windows end and tokens expire.

        Signatures are taken with the time from before as well, since the clock of who signs was
        not moved.

        Args:
            seconds: how far.

        Raises:
            ValueError: that is backwards, or too far.
            TypeError: the clock can't be moved on.
        """
        self._core.advance(seconds)

    def reset(self) -> None:
        """Be as at the start, with what ``state`` held then; but for the clock."""
        self._core.reset()

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the state to a file, as JSON Lines.

        Raises:
            OSError: the file can't be written.
        """
        snapshot.write(self._core, Path(path))

    def load(self, path: str | os.PathLike[str]) -> None:
        """Replace the state by that of a file; all of it, or nothing.

        Raises:
            OSError: the file can't be read.
            ValueError: a line can't be read; the message says which, and why.
        """
        snapshot.read(self._core, Path(path))

    async def start(self) -> None:
        """Begin to listen; started again after closing, at the same address and with its state.

        Raises:
            RuntimeError: it does already.
            OSError: the port is taken.
        """
        await self._server.start(self._port)

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

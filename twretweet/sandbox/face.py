"""What a running sandbox shows of itself: where it is, who may sign in, and what it was asked."""

from collections import deque
from pathlib import Path

from twretweet.clock import Clock
from twretweet.credentials import AppOnly, OAuth1, OAuth2
from twretweet.ids import TweetRef
from twretweet.ids import tweet_id as read_tweet_id
from twretweet.sandbox import story
from twretweet.sandbox.accounts import Account
from twretweet.sandbox.core import Core
from twretweet.sandbox.faults.faults import Faults
from twretweet.sandbox.oauth.oauth2 import RecordedRefresh
from twretweet.sandbox.records import RecordedRequest
from twretweet.sandbox.server import Server
from twretweet.sandbox.tweets import Tweet


class Face:
    """The side of a sandbox that changes nothing.

    Args:
        core: the sandbox without its socket.
        server: its socket.
    """

    def __init__(self, core: Core, server: Server) -> None:
        self._core = core
        self._server = server

    @property
    def url(self) -> str:
        """The base address, such as ``http://127.0.0.1:8080``.

        Raises:
            RuntimeError: the sandbox was never started.
        """
        return self._server.url

    @property
    def ca_file(self) -> Path | None:
        """The certificate of the authority that a client has to believe; nothing without TLS."""
        return None if self._server.tls is None else self._server.tls.ca_file

    @property
    def tweet_id(self) -> str:
        """The tweet with that many retweets."""
        return str(story.TWEET_ID)

    @property
    def me(self) -> Account:
        """The account behind :attr:`oauth1` and :attr:`oauth2`."""
        return self._core.contents.me

    @property
    def oauth1(self) -> OAuth1:
        """Keys of the user :attr:`me`."""
        return self.me.oauth1

    @property
    def oauth2(self) -> OAuth2:
        """A bearer token of the user :attr:`me`, with every scope that an endpoint here asks for.

        It does not expire by itself, and its refresh token works.
        """
        return self.me.oauth2

    @property
    def app_only(self) -> AppOnly:
        """The bearer token of the app, good until it is invalidated."""
        return self._core.accounts.app_only

    @property
    def client(self) -> OAuth2:
        """The app as a public OAuth 2.0 client, to sign in with."""
        return OAuth2(self._core.accounts.registration.public.client_id)

    @property
    def confidential(self) -> OAuth2:
        """The app as a confidential client."""
        client = self._core.accounts.registration.confidential
        return OAuth2(client.client_id, client.secret)

    @property
    def clock(self) -> Clock:
        """The time that it goes by; give it to a client, and both agree."""
        return self._core.clock

    @property
    def faults(self) -> Faults:
        """The faults in force: add, switch and remove them at any time."""
        return self._core.faults

    @property
    def requests(self) -> deque[RecordedRequest]:
        """The latest requests, oldest first."""
        return self._core.records.latest

    @property
    def rejected(self) -> int:
        """How many requests were answered with 429."""
        return self._core.records.rejected

    @property
    def failures(self) -> deque[Exception]:
        """What went wrong in the sandbox itself; empty unless it has a bug."""
        return self._server.failures

    @property
    def open_connections(self) -> int:
        """How many connections clients hold open."""
        return self._server.listener.open_connections

    @property
    def refreshes(self) -> list[RecordedRefresh]:
        """Every attempt to renew an access token, oldest first."""
        return self._core.contents.api.desk.refreshes

    def retweeted_by(self, tweet_id: TweetRef | None = None) -> list[str]:
        """Return the ids of the users who have retweeted a tweet by now, latest first.

        ::

            assert sandbox.me.user_id in sandbox.retweeted_by(sandbox.tweet_id)

        Args:
            tweet_id: the tweet, by its id or the address of its page; by default
                :attr:`tweet_id`.

        Raises:
            ValueError: there is no such tweet, or this is no tweet id.
        """
        tweet = self._meant(tweet_id)
        return [str(user_id) for user_id in self._core.retweeters(tweet)]

    def _meant(self, tweet_id: TweetRef | None) -> Tweet:
        """Find the tweet that a caller means.

        Raises:
            ValueError: there is none.
        """
        given = self.tweet_id if tweet_id is None else read_tweet_id(tweet_id)
        return self._core.tweet(int(given))

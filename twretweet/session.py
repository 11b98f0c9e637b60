"""One account, and a short method per endpoint."""

from __future__ import annotations

from msgspec import Struct

from twretweet import ids
from twretweet.errors import APIError, DecodeError
from twretweet.ids import TweetRef
from twretweet.limits import BucketState
from twretweet.models import RetweetReply, Status, Tweet, User
from twretweet.pipeline import Caller
from twretweet.protocol import endpoints
from twretweet.protocol.request import encode_params
from twretweet.protocol.response import already_retweeted, no_data
from twretweet.query import TweetQuery, UserQuery
from twretweet.walk import Walks

_PLAIN_TWEET = TweetQuery()
_PLAIN_USER = UserQuery()


class RetweetResult(Struct, frozen=True, kw_only=True):
    """What became of a retweet or its undoing.

    Attributes:
        tweet_id: the tweet that was meant.
        retweeted: whether this account retweets it now.
        already: whether it did so before the call.
    """

    tweet_id: str
    retweeted: bool
    already: bool = False


class Session(Walks):
    """What one account, or the app itself, can do. ``manager.session(credentials)`` makes it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<Session of {self._caller.account.label}>"

    # -- writes ---------------------------------------------------------------------------

    async def retweet(self, tweet_id: TweetRef) -> RetweetResult:
        """Retweet a tweet; that it was retweeted before is a result, not an error.

        Args:
            tweet_id: digits, an int, or the address of the tweet's page.

        Raises:
            QueryError: that is no tweet id. Nothing was sent.
            CredentialsError: the session is the app itself, which is no user. Nothing was sent.
            TwretweetError: see :mod:`twretweet.errors`.

        Source: https://docs.x.com/x-api/users/repost-post
        """
        tweet = ids.tweet_id(tweet_id)
        caller = self._caller
        caller.require(endpoints.RETWEET)
        path = {"user_id": caller.account.user_id or await caller.user_id()}
        try:
            reply = await caller.call(endpoints.RETWEET, path, json={"tweet_id": tweet})
        except APIError as error:
            if already_retweeted(error):
                return RetweetResult(tweet_id=tweet, retweeted=True, already=True)
            raise
        return self._result(tweet, reply, endpoints.RETWEET)

    async def undo_retweet(self, tweet_id: TweetRef) -> RetweetResult:
        """Undo a retweet; it succeeds also where there was nothing to undo.

        Args:
            tweet_id: of the tweet that was retweeted, not of the retweet; digits, an int, or the
                address of its page.

        Raises:
            QueryError: that is no tweet id. Nothing was sent.
            CredentialsError: the session is the app itself, which is no user. Nothing was sent.
            TwretweetError: see :mod:`twretweet.errors`.

        Source: https://docs.x.com/x-api/users/unrepost-post
        """
        tweet = ids.tweet_id(tweet_id)
        caller = self._caller
        caller.require(endpoints.UNDO_RETWEET)
        path = {"user_id": caller.account.user_id or await caller.user_id(), "tweet_id": tweet}
        reply = await caller.call(endpoints.UNDO_RETWEET, path)
        return self._result(tweet, reply, endpoints.UNDO_RETWEET)

    @property
    def v1(self) -> V1:
        """The v1.1 endpoints; they need OAuth 1.0a."""
        return V1(self._caller)

    # -- lookups --------------------------------------------------------------------------

    async def me(self, query: UserQuery = _PLAIN_USER) -> User:
        """The user this session acts for.

        Args:
            query: which fields and expansions to ask for.

        Raises:
            CredentialsError: the session is the app itself, which is no user.

        Source: https://docs.x.com/x-api/users/get-my-user
        """
        return await self._caller.one(endpoints.ME, query, {})

    async def user(self, username: str, query: UserQuery = _PLAIN_USER) -> User:
        """A user by name.

        Args:
            username: with or without ``@``.
            query: which fields and expansions to ask for.

        Raises:
            QueryError: that is no username, or the query can't be asked. Nothing was sent.
            NotFound: there is no such user.

        Source: https://docs.x.com/x-api/users/get-user-by-username
        """
        path = {"username": ids.username(username)}
        return await self._caller.one(endpoints.USER, query, path)

    async def tweet(self, tweet_id: TweetRef, query: TweetQuery = _PLAIN_TWEET) -> Tweet:
        """A tweet by id.

        Args:
            tweet_id: digits, an int, or the address of the tweet's page.
            query: which fields and expansions to ask for.

        Raises:
            QueryError: that is no tweet id, or the query can't be asked. Nothing was sent.
            NotFound: there is no such tweet.

        Source: https://docs.x.com/x-api/posts/get-post-by-id
        """
        path = {"tweet_id": ids.tweet_id(tweet_id)}
        return await self._caller.one(endpoints.TWEET, query, path)

    # -- this account ---------------------------------------------------------------------

    async def user_id(self) -> str:
        """The id of the user this session acts for.

        An OAuth 1.0a token tells it; for OAuth 2.0 it takes one ``GET /2/users/me``.

        Raises:
            CredentialsError: the session is the app itself, which is no user.
        """
        return await self._caller.user_id()

    def rate_limits(self) -> list[BucketState]:
        """What is left of each window that this account's requests are counted in."""
        return self._caller.rate_limits()

    def _result(
        self, tweet: str, reply: RetweetReply, endpoint: endpoints.Endpoint[RetweetReply]
    ) -> RetweetResult:
        if reply.retweeted is not None:
            return RetweetResult(tweet_id=tweet, retweeted=reply.retweeted)
        if reply.problems:
            raise self._caller.at(endpoint, no_data(reply.problems))
        silent = DecodeError("the reply does not say whether the tweet is retweeted", status=200)
        raise self._caller.at(endpoint, silent)


class V1:
    """The endpoints of v1.1; retweets share 300 slots in 3 hours with ``statuses/update``."""

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def retweet(self, tweet_id: TweetRef, *, trim_user: bool = False) -> Status:
        """Retweet a tweet.

        Args:
            tweet_id: digits, an int, or the address of the tweet's page.
            trim_user: have X send users by their id only.

        Returns:
            The retweet, with the tweet in its ``retweeted_status``. Where the tweet had been
            retweeted before, X sends none: then a status that holds the tweet's id, and that it
            is retweeted.

        Raises:
            QueryError: that is no tweet id. Nothing was sent.
            CredentialsError: the session has no OAuth 1.0a keys. Nothing was sent.

        Source: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-retweet-id
        """
        tweet = ids.tweet_id(tweet_id)
        try:
            return await self._post(endpoints.V1_RETWEET, tweet, trim_user=trim_user)
        except APIError as error:
            if already_retweeted(error):
                return Status(id=tweet, retweeted=True)
            raise

    async def unretweet(self, tweet_id: TweetRef, *, trim_user: bool = False) -> Status:
        """Undo a retweet; arguments and errors as :meth:`retweet`.

        Returns:
            The tweet that was retweeted.

        Source: https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-unretweet-id
        """
        tweet = ids.tweet_id(tweet_id)
        return await self._post(endpoints.V1_UNRETWEET, tweet, trim_user=trim_user)

    async def _post(
        self, endpoint: endpoints.Endpoint[Status], tweet: str, *, trim_user: bool
    ) -> Status:
        params = encode_params({"trim_user": "true"}) if trim_user else ()
        return await self._caller.call(endpoint, {"tweet_id": tweet}, params)

"""One account's way into the pipeline: it turns rows of the endpoint table into calls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from twretweet.auth import Account
from twretweet.errors import CredentialsError, QueryError, TwretweetError
from twretweet.limits import Bucket, BucketState, WindowSpec
from twretweet.models import One, Page, Tweet, User
from twretweet.models.page import NO_META
from twretweet.pipeline.send import Pipeline
from twretweet.protocol.endpoints import ENDPOINTS, ME, Endpoint, Window
from twretweet.protocol.request import EncodedParams, api_request, encode_params
from twretweet.protocol.response import no_data
from twretweet.query import TweetQuery, UserQuery

T = TypeVar("T", bound=Tweet | User)
R = TypeVar("R")

_NAMES = {"oauth1": "OAuth1", "oauth2": "OAuth2", "app": "AppOnly"}


class Caller:
    """Calls endpoints as one account.

    Args:
        account: who calls.
        pipeline: what sends, and what all callers share.
    """

    __slots__ = ("_buckets", "_pipeline", "account")

    def __init__(self, account: Account, pipeline: Pipeline) -> None:
        self.account = account
        self._pipeline = pipeline
        self._buckets: dict[str, Bucket] | None = None  # most sessions wait for their first call

    async def call(
        self,
        endpoint: Endpoint[R],
        path: Mapping[str, str],
        params: EncodedParams = (),
        *,
        json: Mapping[str, str] | None = None,
    ) -> R:
        """Call an endpoint.

        Args:
            endpoint: its row.
            path: values for the gaps of its path.
            params: its query, percent-encoded and sorted.
            json: its body.

        Raises:
            CredentialsError: this kind of account may not call it. Nothing was sent.
            TwretweetError: see :mod:`twretweet.errors`.
        """
        self.require(endpoint)
        base_url = self._pipeline.base_url
        request = api_request(base_url, endpoint, path=path, params=params, json=json)
        return await self._pipeline.call(self.account, self._bucket(endpoint), endpoint, request)

    async def one(
        self, endpoint: Endpoint[One[T]], query: TweetQuery | UserQuery, path: Mapping[str, str]
    ) -> T:
        """Look up one tweet or user.

        Raises:
            QueryError: this account can't ask that.
            NotFound: there is none, or this account may not see it.
        """
        reply = await self.call(endpoint, path, encode_params(self._params(query, endpoint)))
        if reply.data is None:
            raise self.at(endpoint, no_data(reply.problems))
        return reply.data

    def pages(
        self, endpoint: Endpoint[Page[T]], query: TweetQuery | UserQuery, target: str = ""
    ) -> PageFetcher[T]:
        """The pages of an endpoint, for a walk.

        Raises:
            CredentialsError: this kind of account may not call it.
            QueryError: this account can't ask that.
        """
        self.require(endpoint)
        return PageFetcher(self, endpoint, target, self._params(query, endpoint))

    async def user_id(self) -> str:
        """The id of this account's user, from its credentials or one ``GET /2/users/me``.

        However many callers and sessions need it at once, one of them asks.

        Raises:
            CredentialsError: this account is no user.
        """
        return await self._pipeline.identities.user_id(self.account, self._ask_user_id)

    async def _ask_user_id(self) -> str:
        return (await self.one(ME, UserQuery(), {})).id

    def rate_limits(self) -> list[BucketState]:
        """What is left of each window that this account's requests are counted in."""
        rows = [row for row in ENDPOINTS if self.account.kind in row.auth]
        return self._pipeline.limiter.states([self._bucket(row) for row in rows])

    def require(self, endpoint: Endpoint[R]) -> None:
        """Refuse an endpoint that this kind of account may not call."""
        kind = self.account.kind
        if kind not in endpoint.auth:
            needed = " or ".join(name for kind, name in _NAMES.items() if kind in endpoint.auth)
            raise CredentialsError(
                f"{endpoint.method} {endpoint.path} can't be called with {_NAMES[kind]} "
                f"credentials: use {needed}"
            )

    def at(self, endpoint: Endpoint[R], error: TwretweetError) -> TwretweetError:
        """Note on ``error`` what was called, and as whom."""
        error.at(endpoint=endpoint.label, account=self.account.label, attempts=1)
        return error

    def _params(self, query: TweetQuery | UserQuery, endpoint: Endpoint[R]) -> dict[str, str]:
        kind = TweetQuery if endpoint.asks == "tweets" else UserQuery
        if type(query) is not kind:
            raise QueryError(
                f"{endpoint.label} takes a {kind.__name__}, not {type(query).__name__}"
            )
        if self.account.kind == "app" and query.private_metrics:
            # Reference page of GET retweets: they "require user context authentication".
            raise QueryError(
                f"{', '.join(query.private_metrics)} can be read by the author alone, and this "
                "session is the app itself: use OAuth1 or OAuth2, or leave them out"
            )
        return query.to_params(self._pipeline.vocabulary)

    def _bucket(self, endpoint: Endpoint[R]) -> Bucket:
        if self._buckets is None:
            self._buckets = {}
        bucket = self._buckets.get(endpoint.name)
        if bucket is None:
            bucket = self._buckets[endpoint.name] = bucket_of(endpoint, self.account)
        return bucket


class PageFetcher(Generic[T]):
    """Fetches the pages of one endpoint for one query."""

    __slots__ = ("_caller", "_encoded", "_row", "endpoint", "newest_first", "params", "target")

    def __init__(
        self, caller: Caller, row: Endpoint[Page[T]], target: str, params: dict[str, str]
    ) -> None:
        self._caller = caller
        self._row = row
        self._encoded = encode_params(params)
        self.endpoint = row.name
        self.newest_first = row.newest_first
        self.target = target
        self.params: Mapping[str, str] = params

    async def fetch(self, page_token: str | None, max_results: int) -> Page[T]:
        """Fetch one page.

        Raises:
            NotFound: X knows no such tweet; it says so in a reply of status 200.
            TwretweetError: see :mod:`twretweet.errors`.
        """
        varying = {"max_results": str(max_results)}
        if page_token is not None:
            varying["pagination_token"] = page_token
        params = tuple(sorted(self._encoded + encode_params(varying)))
        page = await self._caller.call(self._row, {"tweet_id": self.target}, params)
        silent = page.meta is NO_META
        if not page.data and (silent or (page.problems and page_token is None)):
            # Not a page: only a missing token ends a walk, so an odd object must not.
            raise self.located(no_data(page.problems))
        return page

    def located(self, error: TwretweetError) -> TwretweetError:
        """Note on ``error`` what was walked, and as whom."""
        return self._caller.at(self._row, error)


def bucket_of(endpoint: Endpoint[R], account: Account) -> Bucket:
    """The windows that this account's requests to this endpoint are counted in."""
    app_wide = any(window.per == "app" for window in endpoint.windows)
    return Bucket(
        key=f"{endpoint.name}:{account.key}",
        label=f"{endpoint.name} of {account.label}",
        endpoint=endpoint.name,
        windows=tuple(
            WindowSpec(_window_key(window, account), window.limit, window.seconds)
            for window in endpoint.windows
            if (window.per == "app-only") == (account.kind == "app") or window.per == "app"
        ),
        shard=account.app_key if app_wide else account.key,
        user_day=f"{endpoint.name}:day:{account.key}",
        app_day=f"{endpoint.name}:day:app:{account.app_key}",
    )


def _window_key(window: Window, account: Account) -> str:
    owner = account.key if window.per == "user" else account.app_key
    return f"{window.family}:{window.per}:{owner}"

"""One account's way into the pipeline: it turns rows of the endpoint table into calls."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from typing import TypeVar

from twretweet.auth import Account
from twretweet.budget import AnyBudget
from twretweet.errors import CredentialsError, QueryError, TwretweetError
from twretweet.events import ProblemReported, Whose
from twretweet.limits import Bucket, BucketState, WindowSpec
from twretweet.models import One, Problem, Tweet, User
from twretweet.pipeline.send import Pipeline
from twretweet.pipeline.spend import Spending
from twretweet.protocol.charges import most_of
from twretweet.protocol.endpoints import ENDPOINTS, ME, Endpoint, Window
from twretweet.protocol.request import EncodedParams, Request, api_request, encode_params
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
        # Most sessions wait for their first call, and most of the others make but one kind.
        self._buckets: tuple[Bucket, ...] = ()

    @property
    def pipeline(self) -> Pipeline:
        """What sends."""
        return self._pipeline

    async def call(
        self,
        endpoint: Endpoint[R],
        path: Mapping[str, str],
        params: EncodedParams = (),
        *,
        json: Mapping[str, str] | None = None,
        spending: Spending | None = None,
    ) -> R:
        """Call an endpoint.

        Args:
            endpoint: its row.
            path: values for the gaps of its path.
            params: its query, percent-encoded and sorted.
            json: its body.
            spending: what it can cost; by default what the endpoint's row says.

        Raises:
            CredentialsError: this kind of account may not call it. Nothing was sent.
            TwretweetError: see :mod:`twretweet.errors`.
        """
        if spending is None:
            spending = self.spending(endpoint, {})
        request = self.request(endpoint, path, params, json=json)
        bucket = self._bucket(endpoint)
        return await self._pipeline.call(self.account, bucket, endpoint, request, spending)

    def request(
        self,
        endpoint: Endpoint[R],
        path: Mapping[str, str],
        params: EncodedParams = (),
        *,
        json: Mapping[str, str] | None = None,
    ) -> Request:
        """The request of a call; arguments as for :meth:`call`."""
        self.require(endpoint)
        base_url = self._pipeline.base_url
        return api_request(base_url, endpoint, path=path, params=params, json=json)

    async def send(self, endpoint: Endpoint[R], request: Request, spending: Spending | None) -> R:
        """Send a request that is ready; errors as of :meth:`call`."""
        bucket = self._bucket(endpoint)
        return await self._pipeline.call(self.account, bucket, endpoint, request, spending)

    def spending(self, endpoint: Endpoint[R], params: Mapping[str, str]) -> Spending | None:
        """What a call can cost that asks for one item, and who pays; ``None`` if nobody counts.

        Args:
            endpoint: its row.
            params: its query, not yet encoded.
        """
        payers = self.payers()
        if not payers:
            return None
        most = most_of(endpoint, params) if params else self._pipeline.most_of(endpoint)
        return Spending(most, payers, label=endpoint.label)

    def payers(self, budget: AnyBudget | None = None) -> tuple[tuple[Whose, AnyBudget], ...]:
        """Who pays: the caller's own budget, if there is one, beside the manager's."""
        shared = self._pipeline.budget
        payers: list[tuple[Whose, AnyBudget]] = []
        if budget is not None and budget is not shared:  # one that was given twice pays once
            payers.append(("walk", budget))
        if shared is not None:
            payers.append(("manager", shared))
        return tuple(payers)

    async def one(
        self, endpoint: Endpoint[One[T]], query: TweetQuery | UserQuery, path: Mapping[str, str]
    ) -> T:
        """Look up one tweet or user.

        Raises:
            QueryError: this account can't ask that.
            NotFound: there is none, or this account may not see it.
        """
        params = self.params(query, endpoint)
        spending = self.spending(endpoint, params)
        reply = await self.call(endpoint, path, encode_params(params), spending=spending)
        if reply.data is None:
            raise self.at(endpoint, no_data(reply.problems))
        self.report(endpoint, reply.problems)
        return reply.data

    async def user_id(self) -> str:
        """The id of this account's user, from its credentials or tokens, or one request.

        However many callers and sessions need it at once, one of them asks.

        Raises:
            CredentialsError: this account is no user.
        """
        return await self._pipeline.identities.user_id(self.account, self._ask_user_id)

    async def _ask_user_id(self) -> str:
        # The store may know whose tokens it keeps; ``GET /2/users/me`` is paid.
        await self._pipeline.look_up(self.account)
        if self.account.user_id is not None:
            return self.account.user_id
        return (await self.one(ME, UserQuery(), {})).id

    def rate_limits(self) -> list[BucketState]:
        """What is left of each window that this account's requests are counted in."""
        rows = [row for row in ENDPOINTS if self.account.kind in row.auth]
        return self._pipeline.limiter.states([self._bucket(row) for row in rows])

    def windows(self, endpoint: Endpoint[R]) -> list[tuple[BucketState, WindowSpec | None]]:
        """What is left of each window of an endpoint, and what it is by the table."""
        bucket = self._bucket(endpoint)
        known = {window.key: window for window in bucket.windows}
        states = self._pipeline.limiter.states([bucket])
        return [(state, known.get(state.window)) for state in states]

    def report(self, endpoint: Endpoint[R], problems: Iterable[Problem]) -> None:
        """Tell of what a reply of status 200 could not deliver."""
        tell = self._pipeline.on_event
        if tell is None:
            return
        for problem in problems:
            tell(
                ProblemReported(
                    endpoint=endpoint.label,
                    account=self.account.label,
                    kind=problem.kind,
                    title=problem.title,
                    detail=problem.detail or problem.message,
                    resource_type=problem.resource_type,
                    resource_id=problem.resource_id,
                )
            )

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

    def params(self, query: TweetQuery | UserQuery, endpoint: Endpoint[R]) -> dict[str, str]:
        """A query as the parameters to send, not yet encoded.

        Raises:
            QueryError: it is one about something else, or this account can't ask that.
        """
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
        name = endpoint.name
        for bucket in self._buckets:
            if bucket.endpoint == name:
                return bucket
        bucket = bucket_of(endpoint, self.account)
        self._buckets = (*self._buckets, bucket)
        return bucket


def bucket_of(endpoint: Endpoint[R], account: Account) -> Bucket:
    """The windows that this account's requests to this endpoint are counted in."""
    app_wide = any(window.per == "app" for window in endpoint.windows)
    owner, app = account.key, sys.intern(account.app_key)  # there are many users of one app
    return Bucket(
        key=f"{endpoint.name}:{owner}",
        label=f"{endpoint.name} of {account.label}",
        endpoint=endpoint.name,
        windows=tuple(
            WindowSpec(_window_key(window, owner, app), window.limit, window.seconds)
            for window in endpoint.windows
            if (window.per == "app-only") == (account.kind == "app") or window.per == "app"
        ),
        shard=app if app_wide else owner,
        user_day=f"{endpoint.name}:day:{owner}",
        app_day=sys.intern(f"{endpoint.name}:day:app:{app}"),
    )


def _window_key(window: Window, owner: str, app: str) -> str:
    return f"{window.family}:{window.per}:{owner if window.per == 'user' else app}"

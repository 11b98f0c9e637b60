"""The pages of one endpoint for one query, fetched one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable, Mapping
from functools import partial
from typing import Generic, TypeVar

import msgspec

from twretweet.budget import AnyBudget
from twretweet.clock import Clock
from twretweet.errors import TwretweetError
from twretweet.events import PageFetched, PageTokenExpired
from twretweet.models import Page, Problem, Tweet, User
from twretweet.models.page import NO_META
from twretweet.pipeline.caller import Caller
from twretweet.pipeline.pace import even_interval
from twretweet.pipeline.sizes import Sizes
from twretweet.pipeline.spend import Spending
from twretweet.protocol.charges import most_of
from twretweet.protocol.endpoints import Endpoint
from twretweet.protocol.request import EncodedParams, Request, encode_params, escape
from twretweet.protocol.response import no_data
from twretweet.query import TweetQuery, UserQuery

T = TypeVar("T", bound=Tweet | User)

_SIZE = "max_results"
_TOKEN = "pagination_token"  # noqa: S105  # a parameter's name


class PageFetcher(Generic[T]):
    """Fetches pages, and knows what a walk has to know of them.

    Args:
        caller: who asks.
        row: the endpoint.
        query: which fields and expansions to ask for.
        tweet: the id of the tweet whose pages these are; ``""``: they are the account's own.
        budget: the walk's own, beside the manager's.

    Raises:
        CredentialsError: this kind of account may not call it.
        QueryError: this account can't ask that.
    """

    __slots__ = (
        "_address",
        "_caller",
        "_most",
        "_payers",
        "_row",
        "_sizes",
        "_sorted",
        "_tweet",
        "endpoint",
        "newest_first",
        "params",
    )

    def __init__(
        self,
        caller: Caller,
        row: Endpoint[Page[T]],
        query: TweetQuery | UserQuery,
        tweet: str = "",
        budget: AnyBudget | None = None,
    ) -> None:
        caller.require(row)
        params = caller.params(query, row)
        self._caller = caller
        self._address = caller.request(row, {"tweet_id": tweet}).url
        self._sorted = _around(encode_params(params))
        self._payers = caller.payers(budget)
        if row.reader is not None:
            row = msgspec.structs.replace(row, decode=row.reader(counted=bool(self._payers)))
        self._row = row
        self._most = most_of(row, params, items=0, fewest=1)
        self._sizes = Sizes()
        self.endpoint = row.name
        self.newest_first = row.newest_first
        self._tweet = tweet
        self.params: Mapping[str, str] = params

    @property
    def target(self) -> str:
        """The id of the tweet, or of the account as far as it is known, whose pages these are."""
        return self._tweet or self._caller.account.user_id or ""

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        return self._caller.pipeline.clock

    async def fetch(self, page_token: str | None, max_results: int) -> Page[T]:
        """Fetch one page; of fewer items where a budget has not enough left for all.

        Raises:
            NotFound: X knows no such tweet, or none any more; it says so in a reply of status 200.
            BudgetExceeded: not even one item can be afforded, or after a page that was smaller
                than asked for and cost less than it could have, not even a tenth of the largest.
                Nothing was sent.
            TwretweetError: see :mod:`twretweet.errors`.
        """
        spending = self._spending(page_token, max_results) if self._payers else None
        request = self._request(page_token, max_results)
        page = await self._caller.send(self._row, request, spending)
        if spending is not None:
            self._sizes.note(spending.items, max_results, spare=spending.spare)
        if not page.data:
            self._refuse_no_page(page, page_token)
        self._tell(page, spending)
        return page

    def located(self, error: TwretweetError) -> TwretweetError:
        """Note on ``error`` what was walked, and as whom."""
        return self._caller.at(self._row, error)

    def report(self, problems: Iterable[Problem]) -> None:
        """Tell of what a page lacks."""
        self._caller.report(self._row, problems)

    def expired(self, last_id: str) -> None:
        """Tell that X has forgotten a page token, and what is known last."""
        tell = self._caller.pipeline.on_event
        if tell is not None:
            tell(
                PageTokenExpired(
                    endpoint=self._row.label,
                    account=self._caller.account.label,
                    target=self._tweet,
                    last_id=last_id,
                )
            )

    def interval(self) -> float:
        """How far apart requests are to be so that the window lasts for them, in seconds."""
        return even_interval(self._caller.windows(self._row), now=self.clock.time())

    def start(self, work: Callable[[], Coroutine[object, object, None]]) -> asyncio.Task[None]:
        """Run ``work`` in a task that the manager owns.

        Raises:
            ManagerClosed: the manager is not open.
        """
        pipeline = self._caller.pipeline
        pipeline.require_open()
        return pipeline.tasks.start(work, f"twretweet {self.endpoint} {self.target}")

    def stands(self, task: asyncio.Task[None]) -> bool:
        """Whether a task of :meth:`start` waits for a slot, and so has nothing on its way."""
        return self._caller.pipeline.stands(task)

    def _refuse_no_page(self, page: Page[T], page_token: str | None) -> None:
        """Raise unless what has no data is an empty page.

        Only a missing token ends a walk, so neither an odd object may, nor the word that the tweet
        is gone: that comes with any page, and may come with ``meta`` as an empty one does.
        """
        gone = [problem for problem in page.problems if self._is_about_target(problem)]
        if gone:
            raise self.located(no_data(gone))
        if page.meta is NO_META or (page.problems and page_token is None):
            raise self.located(no_data(page.problems))

    def _is_about_target(self, problem: Problem) -> bool:
        """Whether a problem is one of the tweet itself, and not of what a page refers to."""
        named = problem.parameter in (None, "id") and self._tweet != ""
        return named and self._tweet in (problem.resource_id, problem.value)

    def _spending(self, page_token: str | None, max_results: int) -> Spending:
        fewest = self._sizes.fewest
        if self._most.items != max_results or self._most.fewest != fewest:
            self._most = msgspec.structs.replace(self._most, items=max_results, fewest=fewest)
        sized = partial(self._request, page_token)
        return Spending(self._most, self._payers, label=self._row.label, sized=sized)

    def _request(self, page_token: str | None, max_results: int) -> Request:
        before, between, after = self._sorted
        size = (_SIZE, str(max_results))
        if page_token is None:
            params = (*before, size, *between, *after)
        else:
            params = (*before, size, *between, (_TOKEN, escape(page_token)), *after)
        return Request(self._row.method, self._address, params)

    def _tell(self, page: Page[T], spending: Spending | None) -> None:
        tell, limit = self._caller.pipeline.on_event, page.rate_limit
        if tell is None:
            return
        tell(
            PageFetched(
                endpoint=self._row.label,
                account=self._caller.account.label,
                target=self._tweet,
                items=len(page.data),
                problems=len(page.problems),
                more=bool(page.meta.next_token),
                usd=None if spending is None else spending.paid,
                limit=None if limit is None else limit.limit,
                remaining=None if limit is None else limit.remaining,
                reset=None if limit is None else limit.reset,
            )
        )


def _around(params: EncodedParams) -> tuple[EncodedParams, EncodedParams, EncodedParams]:
    """The sorted parameters that come before, between and after the two that vary."""
    return (
        tuple([each for each in params if each[0] < _SIZE]),
        tuple([each for each in params if _SIZE < each[0] < _TOKEN]),
        tuple([each for each in params if each[0] > _TOKEN]),
    )

"""The walks that a session can start: what they share with its other methods is who calls."""

from __future__ import annotations

from twretweet import ids
from twretweet.budget import AnyBudget
from twretweet.ids import TweetRef
from twretweet.models import Tweet, User
from twretweet.pipeline import Caller, PageFetcher
from twretweet.protocol import endpoints
from twretweet.query import TweetQuery, UserQuery
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.walk import OnProblem, Walk

_PLAIN_TWEET = TweetQuery()
_PLAIN_USER = UserQuery()


class Walks:
    """The part of a session that walks.

    Args:
        caller: the account's way to the API.
    """

    __slots__ = ("_caller",)

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def retweets(
        self,
        tweet_id: TweetRef,
        query: TweetQuery = _PLAIN_TWEET,
        *,
        max_results: int = 100,
        limit: int | None = None,
        prefetch: int = 0,
        budget: AnyBudget | None = None,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> Walk[Tweet]:
        """Walk the retweets of a tweet, newest first.

        Args:
            tweet_id: digits, an int, or the address of the tweet's page.
            query: which fields and expansions to ask for.
            max_results: the size of a page, 1 to 100.
            limit: how many retweets at the most, over all sessions of a resumed walk; no more
                than these are asked for.
            prefetch: how many pages to fetch while you work on earlier ones. Of a walk that you
                break off, they are fetched and paid in vain.
            budget: what this walk may cost; a budget of the manager holds besides. Where it has
                not enough left for a full page, a smaller one is asked for.
            on_problem: what to do when X delivers a page and says that something is missing from
                it: ``"keep"`` leaves that on ``page.problems``, ``"raise"`` raises
                ``PartialResult`` with the page. Listeners are told either way.
            resume: a checkpoint of an earlier walk of the same tweet and query.

        Raises:
            QueryError: an argument is wrong. Nothing was sent.
            CredentialsError: this account can't ask that. Nothing was sent.

        Source: https://docs.x.com/x-api/posts/get-reposts
        """
        tweet = ids.tweet_id(tweet_id)
        return Walk(
            PageFetcher(self._caller, endpoints.RETWEETS, query, tweet, budget),
            max_results=max_results,
            limit=limit,
            prefetch=prefetch,
            on_problem=on_problem,
            resume=resume,
        )

    def retweeters(
        self,
        tweet_id: TweetRef,
        query: UserQuery = _PLAIN_USER,
        *,
        max_results: int = 100,
        limit: int | None = None,
        prefetch: int = 0,
        budget: AnyBudget | None = None,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> Walk[User]:
        """Walk the users who retweeted a tweet; arguments and errors as :meth:`retweets`.

        Source: https://docs.x.com/x-api/posts/get-reposted-by
        """
        tweet = ids.tweet_id(tweet_id)
        return Walk(
            PageFetcher(self._caller, endpoints.RETWEETERS, query, tweet, budget),
            max_results=max_results,
            limit=limit,
            prefetch=prefetch,
            on_problem=on_problem,
            resume=resume,
        )

    def reposts_of_me(
        self,
        query: TweetQuery = _PLAIN_TWEET,
        *,
        max_results: int = 100,
        limit: int | None = None,
        prefetch: int = 0,
        budget: AnyBudget | None = None,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> Walk[Tweet]:
        """Walk this user's tweets that others retweeted; arguments and errors as :meth:`retweets`.

        Source: https://docs.x.com/x-api/users/get-reposts-of-me
        """
        return Walk(
            PageFetcher(self._caller, endpoints.REPOSTS_OF_ME, query, budget=budget),
            max_results=max_results,
            limit=limit,
            prefetch=prefetch,
            on_problem=on_problem,
            resume=resume,
        )

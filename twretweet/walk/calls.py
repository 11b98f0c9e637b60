"""The walks that a session can start: what they share with its other methods is who calls."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from twretweet import ids
from twretweet.budget import AnyBudget
from twretweet.errors import QueryError, TwretweetError
from twretweet.ids import TweetRef
from twretweet.models import Tweet, User
from twretweet.pipeline import Caller, PageFetcher
from twretweet.protocol import endpoints
from twretweet.query import TweetQuery, UserQuery
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.many import ManyWalks
from twretweet.walk.walk import OnProblem, Walk
from twretweet.walk.watch import Watch

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

    def walk_many(
        self,
        tweet_ids: Iterable[TweetRef],
        query: TweetQuery = _PLAIN_TWEET,
        *,
        max_results: int = 100,
        limit: int | None = None,
        at_once: int = 4,
        budget: AnyBudget | None = None,
        on_problem: OnProblem = "keep",
        on_error: Callable[[str, TwretweetError], None] | None = None,
        resume: Mapping[str, Checkpoint] | None = None,
    ) -> ManyWalks[Tweet]:
        """Walk the retweets of many tweets at once, merged as their pages come.

        Each tweet gets a page in its turn. One that fails does not end the others.

        Args:
            tweet_ids: digits, ints, or the addresses of the tweets' pages; each counts once.
            query: which fields and expansions to ask for.
            max_results: the size of a page, 1 to 100.
            limit: how many retweets of each tweet at the most.
            at_once: how many pages are fetched or kept ready at a time.
            budget: what all of it may cost; a budget of the manager holds besides.
            on_problem: as for :meth:`retweets`; the tweet of such a page counts as failed.
            on_error: is told which tweet failed, and why. Without it, ``WalksFailed`` is raised
                when all others have come to their end. Iterate again to try those once more.
            resume: what ``checkpoints()`` of an earlier walk gave.

        Raises:
            QueryError: an argument is wrong. Nothing was sent.
            CredentialsError: this account can't ask that. Nothing was sent.

        Source: https://docs.x.com/x-api/posts/get-reposts
        """
        if isinstance(tweet_ids, str | bytes):
            raise QueryError(
                f"tweet_ids is {tweet_ids!r}: it must be a list of tweets, so put one alone in a "
                "list, or walk it with retweets()"
            )
        points = dict[str, Checkpoint]() if resume is None else resume
        sources = {
            tweet: PageFetcher(self._caller, endpoints.RETWEETS, query, tweet, budget)
            for tweet in dict.fromkeys(map(ids.tweet_id, tweet_ids))
        }
        walks = {
            tweet: Walk(
                source,
                max_results=max_results,
                limit=limit,
                on_problem=on_problem,
                resume=points.get(tweet),
            )
            for tweet, source in sources.items()
        }
        source = next(iter(sources.values()), None)
        return ManyWalks(walks, source, at_once=at_once, on_error=on_error)

    def watch_retweets(
        self,
        tweet_id: TweetRef,
        query: TweetQuery = _PLAIN_TWEET,
        *,
        max_results: int = 100,
        every: float = 1.0,
        budget: AnyBudget | None = None,
        on_problem: OnProblem = "keep",
        resume: Checkpoint | None = None,
    ) -> Watch[Tweet]:
        """Wait for new retweets of a tweet, without an end; each comes once, oldest first.

        It looks as often as what is left of the window allows until its end. The first look only
        finds out what is there, and hands out nothing. All that is new is fetched before the first
        of it is handed out, and a checkpoint holds none of it. Where a budget does not reach for
        all that came while nobody watched, ``BudgetExceeded`` is raised with nothing handed out:
        raise ``budget.cap`` and iterate the same watch again, which still has what it fetched. A
        new watch from the checkpoint fetches it again, which costs again on another UTC day.

        Args:
            tweet_id: digits, an int, or the address of the tweet's page.
            query: which fields and expansions to ask for.
            max_results: the size of a page, 1 to 100. A look pays for each retweet on its page
                that was not paid that UTC day, new or not: a full page can cost more on the first
                look of a day, and saves requests when many are new.
            every: the shortest time between two looks, in seconds.
            budget: what it may cost; a budget of the manager holds besides.
            on_problem: as for :meth:`retweets`, but each problem is told once, and those of what
                was there before are not raised.
            resume: a checkpoint of an earlier watch of the same tweet and query; what came
                meanwhile comes first.

        Raises:
            QueryError: an argument is wrong. Nothing was sent.
            CredentialsError: this account can't ask that. Nothing was sent.

        Source: https://docs.x.com/x-api/posts/get-reposts
        """
        return Watch(
            PageFetcher(self._caller, endpoints.RETWEETS, query, ids.tweet_id(tweet_id), budget),
            max_results=max_results,
            every=every,
            on_problem=on_problem,
            resume=resume,
        )

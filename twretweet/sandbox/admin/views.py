"""What a sandbox looks like from outside."""

from collections.abc import Iterable, Iterator
from heapq import nlargest
from itertools import islice
from typing import Final

from twretweet.sandbox.accounts import Account
from twretweet.sandbox.admin.shapes import (
    AccountView,
    BucketView,
    ClockView,
    FaultsView,
    FaultView,
    KindView,
    NewKeys,
    RequestView,
    Retweets,
    RetweetView,
    StateView,
    Totals,
    TweetView,
)
from twretweet.sandbox.core import Core
from twretweet.sandbox.faults.faults import InForce
from twretweet.sandbox.faults.kinds import ROWS
from twretweet.sandbox.records import RecordedRequest
from twretweet.sandbox.snowflake import iso, milliseconds
from twretweet.sandbox.story import TWEET_ID
from twretweet.sandbox.tweets import Tweet

_SHOWN: Final = 100
_LATEST: Final = 20


def state(core: Core, url: str, failures: int, connections: int) -> StateView:
    """Show a sandbox at a glance.

    Args:
        core: the sandbox.
        url: its address.
        failures: how often it went wrong itself.
        connections: how many are open.
    """
    core.catch_up()
    tweets = list(core.world.originals())
    accounts = list(core.accounts)
    buckets = list(_buckets(core))
    totals = Totals(
        requests=core.records.count,
        rejected=core.records.rejected,
        failures=failures,
        connections=connections,
        cost=core.contents.state.ledger.total,
        tweets=len(tweets),
        retweets=sum(len(tweet.retweets) for tweet in tweets),
        accounts=len(accounts),
        buckets=len(buckets),
    )
    return StateView(
        url=url,
        tweet_id=str(TWEET_ID),
        window_scale=core.options.window_scale,
        retweets_per_second=core.contents.growth.rate,
        clock=clock(core),
        totals=totals,
        tweets=[tweet(core, one) for one in nlargest(_SHOWN, tweets, key=lambda one: one.id)],
        accounts=[_account(one) for one in islice(reversed(accounts), _SHOWN)],
        buckets=nlargest(_SHOWN, buckets, key=lambda one: -one.remaining / (one.limit or 1)),
        requests=[request(one) for one in islice(reversed(core.records.latest), _SHOWN)],
        faults=[fault(one) for one in core.faults],
    )


def clock(core: Core) -> ClockView:
    """Show the clock."""
    return ClockView(now=core.clock.time(), movable=core.movable, ahead=core.ahead)


def tweet(core: Core, shown: Tweet) -> TweetView:
    """Show a tweet."""
    author = core.world.user(shown.author_id)
    return TweetView(
        id=str(shown.id),
        author_id=str(shown.author_id),
        author="" if author is None else author.username,
        text=shown.text,
        created_at=iso(shown.created_ms),
        retweets=len(shown.retweets),
    )


def retweets(core: Core, shown: Tweet) -> Retweets:
    """Show who retweeted a tweet lately."""
    made = len(shown.retweets)
    latest = range(made - 1, max(-1, made - 1 - _LATEST), -1)
    return Retweets(
        tweet_id=str(shown.id),
        retweets=made,
        latest=[_retweet(core, shown, position) for position in latest],
    )


def request(shown: RecordedRequest) -> RequestView:
    """Show a request."""
    return RequestView(
        number=shown.number,
        time=shown.time,
        method=shown.method,
        path=shown.path,
        query=shown.query,
        endpoint=shown.endpoint,
        status=shown.status,
        account=shown.account,
        remaining=shown.remaining,
        cost=shown.cost,
        faults=list(shown.faults),
        body=shown.body.decode("utf-8", "replace"),
    )


def requests(shown: Iterable[RecordedRequest]) -> list[RequestView]:
    """Show requests."""
    return [request(one) for one in shown]


def fault(shown: InForce) -> FaultView:
    """Show a fault."""
    return FaultView(
        id=shown.id,
        enabled=shown.enabled,
        seen=shown.seen,
        hits=shown.hits,
        summary=shown.fault.row.summary,
        fault=shown.fault,
    )


def faults(core: Core) -> FaultsView:
    """Show the faults in force, and those there could be."""
    return FaultsView(
        faults=[fault(one) for one in core.faults],
        kinds=[KindView(kind, row.summary, row.parameters) for kind, row in ROWS.items()],
        endpoints=list(core.faults.endpoints),
    )


def keys(account: Account) -> NewKeys:
    """Show what an account signs in with."""
    signed, bearer = account.oauth1, account.oauth2
    return NewKeys(
        user_id=account.user_id,
        username=account.username,
        consumer_key=signed.consumer_key,
        consumer_secret=signed.consumer_secret,
        access_token=signed.access_token,
        access_token_secret=signed.access_token_secret,
        client_id=bearer.client_id,
        oauth2_access_token=bearer.access_token or "",
        oauth2_refresh_token=bearer.refresh_token,
    )


def _retweet(core: Core, shown: Tweet, position: int) -> RetweetView:
    made_id = shown.retweets.id_at(position)
    user_id = core.world.retweeter_at(shown, position)
    user = core.world.user(user_id)
    return RetweetView(
        id=str(made_id),
        user_id=str(user_id),
        username="" if user is None else user.username,
        created_at=iso(milliseconds(made_id)),
    )


def _account(account: Account) -> AccountView:
    return AccountView(account.user_id, account.username, sorted(account.scopes))


def _buckets(core: Core) -> Iterator[BucketView]:
    for key, window in core.contents.api.windows.opened(core.clock.time()):
        endpoint, label = key[0], key[-1]
        account = core.accounts.by_id(label)
        yield BucketView(
            endpoint=endpoint,
            account=label,
            username=None if account is None else account.username,
            limit=window.limit,
            remaining=window.left,
            reset=window.end,
        )

"""What the admin endpoint sends and takes, as JSON.

Ids are text, times are epoch seconds of the sandbox's clock, money is US dollars.
"""

from typing import Literal

from msgspec import Struct

from twretweet.sandbox.faults.fault import Fault


class TweetView(Struct, frozen=True):
    """A tweet that somebody wrote; retweets are counted, not listed."""

    id: str
    author_id: str
    author: str
    text: str
    created_at: str
    retweets: int


class RetweetView(Struct, frozen=True):
    """A retweet, and who made it."""

    id: str
    user_id: str
    username: str
    created_at: str


class Retweets(Struct, frozen=True):
    """How many retweets a tweet has, and the latest 20, newest first."""

    tweet_id: str
    retweets: int
    latest: list[RetweetView]


class RetweetedBy(Struct, frozen=True):
    """The ids of all users who have retweeted a tweet, latest first."""

    tweet_id: str
    user_ids: list[str]


class AccountView(Struct, frozen=True):
    """A user that can sign in; without anything that opens anything."""

    user_id: str
    username: str
    scopes: list[str]


class BucketView(Struct, frozen=True):
    """A window that is open.

    Attributes:
        endpoint: such as ``"GET /2/tweets/{id}/retweets"``, or a name that several share.
        account: the user id, ``"app"`` for the app itself or all that comes through it.
        username: the user's name; ``None`` for the app.
        reset: when the whole allowance returns.
    """

    endpoint: str
    account: str
    username: str | None
    limit: int
    remaining: int
    reset: int


class RequestView(Struct, frozen=True):
    """A request that was answered.

    Attributes:
        number: counts them, from 1.
        endpoint: such as ``"GET /2/tweets/{id}/retweets"``; ``None`` if there is none.
        status: 0 if the connection was dropped instead.
        account: the user id, ``"app"``, or ``None`` if unknown.
        remaining: how many were left in the tightest window; ``None`` without one.
        cost: what X would charge.
        faults: the kinds of faults that it met.
        body: as text; the first 4,096 bytes of a longer one.
    """

    number: int
    time: float
    method: str
    path: str
    query: str
    endpoint: str | None
    status: int
    account: str | None
    remaining: int | None
    cost: float
    faults: list[str]
    body: str


class FaultView(Struct, frozen=True):
    """A fault in force.

    Attributes:
        id: names it in the path of the endpoint.
        enabled: whether it is switched on.
        seen: how many requests it might have met.
        hits: how many it did.
        summary: what it does, in a sentence.
        fault: as it was added.
    """

    id: int
    enabled: bool
    seen: int
    hits: int
    summary: str
    fault: Fault


class KindView(Struct, frozen=True):
    """A kind of fault.

    Attributes:
        summary: what it does, in a sentence.
        parameters: what it takes beside when and where, and the values if left out.
    """

    kind: str
    summary: str
    parameters: dict[str, str | int | float | None]


class FaultsView(Struct, frozen=True):
    """The faults in force, the kinds there are, and the endpoints they may be bound to."""

    faults: list[FaultView]
    kinds: list[KindView]
    endpoints: list[str]


class ClockView(Struct, frozen=True):
    """The sandbox's clock.

    Attributes:
        movable: whether it can be moved on.
        ahead: by how many seconds that was done.
    """

    now: float
    movable: bool
    ahead: float


class Totals(Struct, frozen=True):
    """What there is and was altogether; the lists beside it hold the latest only."""

    requests: int
    rejected: int
    failures: int
    connections: int
    cost: float
    tweets: int
    retweets: int
    accounts: int
    buckets: int


class StateView(Struct, frozen=True):
    """A sandbox at a glance: the newest 100 of each, newest first."""

    url: str
    tweet_id: str
    window_scale: float
    retweets_per_second: float
    clock: ClockView
    totals: Totals
    tweets: list[TweetView]
    accounts: list[AccountView]
    buckets: list[BucketView]
    requests: list[RequestView]
    faults: list[FaultView]


class NewTweet(Struct, frozen=True, forbid_unknown_fields=True):
    """A tweet to put up.

    Attributes:
        retweets: how many by the crowd.
        author_id: whose; TwitterDev's by default.
    """

    retweets: int = 0
    text: str = "Hello, sandbox!"
    author_id: str | None = None


class NewAccount(Struct, frozen=True, forbid_unknown_fields=True):
    """An account to make; the name and the scopes are chosen if left out."""

    username: str | None = None
    scopes: list[str] | None = None


class NewKeys(Struct, frozen=True):
    """A new account and what it signs in with, made up here and good for nothing but here."""

    user_id: str
    username: str
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    client_id: str
    oauth2_access_token: str
    oauth2_refresh_token: str | None


class Act(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user is to do.

    Attributes:
        tweet_id: the tweet; the sandbox's own by default.
        user_id: who does it, any user that exists; by default somebody of the crowd who hasn't.
        action: ``"retweet"`` or ``"undo"``.
        count: how many of the crowd do it, if no user is named.
    """

    tweet_id: str | None = None
    user_id: str | None = None
    action: Literal["retweet", "undo"] = "retweet"
    count: int = 1


class ActDone(Struct, frozen=True):
    """What came of it: how many retweets were made or undone, and how many there are now."""

    tweet_id: str
    changed: int
    retweets: int


class Advance(Struct, frozen=True, forbid_unknown_fields=True):
    """By how many seconds to move the clock on."""

    advance: float


class Growth(Struct, frozen=True, forbid_unknown_fields=True):
    """How many retweets of the sandbox's tweet come in each second."""

    retweets_per_second: float


class Switch(Struct, frozen=True, forbid_unknown_fields=True):
    """Whether a fault is on."""

    enabled: bool

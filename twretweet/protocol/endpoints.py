"""The endpoints, a row each: method, path, who may call, scopes, windows, price, what comes back.

Adding an endpoint is adding a row here and a method of two lines to the session.

The limits are those of the reference pages and of https://docs.x.com/x-api/fundamentals/rate-limits
as of 2026-08. Plans differ from them, so the headers of a reply overrule this table.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct

from twretweet import models
from twretweet.models import One, Page, RateLimit, RetweetReply, Status, Tweet, User
from twretweet.protocol.prices import Charge

T_co = TypeVar("T_co", covariant=True)

AuthKind: TypeAlias = Literal["oauth1", "oauth2", "app"]
Method: TypeAlias = Literal["GET", "POST", "DELETE"]
Asks: TypeAlias = Literal["tweets", "users", "nothing"]
Alike: TypeAlias = Literal["content", "author"]

QUARTER_HOUR = 900.0
THREE_HOURS = 10_800.0

_USER: frozenset[AuthKind] = frozenset({"oauth1", "oauth2"})
_ANY: frozenset[AuthKind] = frozenset({"oauth1", "oauth2", "app"})
_OAUTH1: frozenset[AuthKind] = frozenset({"oauth1"})


class Window(Struct, frozen=True):
    """A fixed window that an endpoint counts in.

    Attributes:
        per: whose requests are counted together: those of one ``"user"``; all ``"app-only"``
            requests of the app; or every request of the ``"app"``, whoever it acts for.
        limit: how many requests fit into one window; ``None`` where only headers tell.
        seconds: how long it lasts after its first request.
        family: endpoints of one family count together.
    """

    per: Literal["user", "app-only", "app"]
    limit: int | None
    seconds: float
    family: str


class MakeReader(Protocol[T_co]):
    """Makes what reads the pages of one walk."""

    def __call__(self, *, counted: bool = False) -> Callable[[bytes, RateLimit | None], T_co]:
        """Make one; ``counted``: whether somebody will ask for the ids of what they include."""
        ...


class Endpoint(Struct, Generic[T_co], frozen=True, kw_only=True, dict=True):
    """One row of the table.

    Attributes:
        name: how errors, buckets and events call it.
        method: the HTTP method.
        path: with ``{…}`` where ids go.
        auth: which kinds of credentials may call it.
        scopes: what an OAuth 2.0 token must have been granted.
        windows: what a request is counted in, for every kind of caller.
        charge: what X charges for; ``None`` where the price is not documented.
        asks: whether a query selects tweets, users or nothing.
        newest_first: whether pages list their items in falling order of their ids.
        alike: what all items have in common: ``"content"``, as the retweets of one tweet, which
            have none of their own, or their ``"author"``.
        decode: reads the body of a 200 reply; raises ``DecodeError``.
        reader: makes such a function for the pages of one walk, given whether somebody counts
            the ids of all that they include.
    """

    name: str
    method: Method
    path: str
    auth: frozenset[AuthKind]
    scopes: tuple[str, ...]
    windows: tuple[Window, ...]
    charge: Charge | None
    asks: Asks = "nothing"
    newest_first: bool = False
    alike: Alike | None = None
    decode: Callable[[bytes, RateLimit | None], T_co]
    reader: MakeReader[T_co] | None = None

    @cached_property
    def label(self) -> str:
        """Method and path, for errors and events."""
        return f"{self.method} {self.path}"


def _windows(
    family: str, *, user: int | None = None, app_only: int | None = None
) -> tuple[Window, ...]:
    rows: list[Window] = []
    if user is not None:
        rows.append(Window("user", user, QUARTER_HOUR, family))
    if app_only is not None:
        rows.append(Window("app-only", app_only, QUARTER_HOUR, family))
    return tuple(rows)


def _written(body: bytes, _: RateLimit | None) -> RetweetReply:
    return models.retweet_result(body)


def _status(body: bytes, _: RateLimit | None) -> Status:
    return models.status(body)


# POST statuses/retweet/:id counts together with POST statuses/update, per user and per app:
# https://developer.x.com/en/docs/x-api/v1/tweets/post-and-engage/api-reference/post-statuses-retweet-id
_STATUSES_UPDATE = (
    Window("user", 300, THREE_HOURS, "statuses-update"),
    Window("app", 300, THREE_HOURS, "statuses-update"),
)
_READ = ("tweet.read", "users.read")
_WRITE = ("tweet.read", "tweet.write", "users.read")

RETWEET: Endpoint[RetweetReply] = Endpoint(
    name="retweet",
    method="POST",
    path="/2/users/{user_id}/retweets",
    auth=_USER,
    scopes=_WRITE,
    windows=_windows("retweet", user=50),
    charge="interaction_create",
    decode=_written,
)
UNDO_RETWEET: Endpoint[RetweetReply] = Endpoint(
    name="undo_retweet",
    method="DELETE",
    path="/2/users/{user_id}/retweets/{tweet_id}",
    auth=_USER,
    scopes=_WRITE,
    windows=_windows("undo_retweet", user=50),
    charge="interaction_delete",
    decode=_written,
)
RETWEETS: Endpoint[Page[Tweet]] = Endpoint(
    name="retweets",
    method="GET",
    path="/2/tweets/{tweet_id}/retweets",
    auth=_ANY,
    scopes=_READ,
    windows=_windows("retweets", user=75, app_only=75),
    charge="post_read",
    asks="tweets",
    newest_first=True,
    alike="content",
    decode=models.tweet_page,
    reader=models.tweet_pages,
)
RETWEETERS: Endpoint[Page[User]] = Endpoint(
    name="retweeters",
    method="GET",
    path="/2/tweets/{tweet_id}/retweeted_by",
    auth=_ANY,
    scopes=_READ,
    windows=_windows("retweeters", user=75, app_only=75),
    charge="user_read",
    asks="users",
    decode=models.user_page,
    reader=models.user_pages,
)
REPOSTS_OF_ME: Endpoint[Page[Tweet]] = Endpoint(
    name="reposts_of_me",
    method="GET",
    path="/2/users/reposts_of_me",
    auth=_USER,
    scopes=("timeline.read", "tweet.read"),
    windows=_windows("reposts_of_me", user=75),
    charge="post_read",
    asks="tweets",
    alike="author",
    decode=models.tweet_page,
    reader=models.tweet_pages,
)
ME: Endpoint[One[User]] = Endpoint(
    name="me",
    method="GET",
    path="/2/users/me",
    auth=_USER,
    scopes=_READ,
    windows=_windows("me", user=75),
    charge="user_read",
    asks="users",
    decode=models.one_user,
)
# Limits of this row: https://docs.x.com/x-api/fundamentals/rate-limits
USER: Endpoint[One[User]] = Endpoint(
    name="user",
    method="GET",
    path="/2/users/by/username/{username}",
    auth=_ANY,
    scopes=_READ,
    windows=_windows("user", user=900, app_only=300),
    charge="user_read",
    asks="users",
    decode=models.one_user,
)
TWEET: Endpoint[One[Tweet]] = Endpoint(
    name="tweet",
    method="GET",
    path="/2/tweets/{tweet_id}",
    auth=_ANY,
    scopes=_READ,
    windows=_windows("tweet", user=900, app_only=450),
    charge="post_read",
    asks="tweets",
    decode=models.one_tweet,
)
V1_RETWEET: Endpoint[Status] = Endpoint(
    name="v1.retweet",
    method="POST",
    path="/1.1/statuses/retweet/{tweet_id}.json",
    auth=_OAUTH1,
    scopes=(),
    windows=_STATUSES_UPDATE,
    charge="interaction_create",
    decode=_status,
)
# The limit of statuses/unretweet is not stated anywhere: so its headers rule.
V1_UNRETWEET: Endpoint[Status] = Endpoint(
    name="v1.unretweet",
    method="POST",
    path="/1.1/statuses/unretweet/{tweet_id}.json",
    auth=_OAUTH1,
    scopes=(),
    windows=(Window("user", None, QUARTER_HOUR, "v1.unretweet"),),
    charge="interaction_delete",
    decode=_status,
)

ENDPOINTS: tuple[Endpoint[object], ...] = (
    RETWEET,
    UNDO_RETWEET,
    RETWEETS,
    RETWEETERS,
    REPOSTS_OF_ME,
    ME,
    USER,
    TWEET,
    V1_RETWEET,
    V1_UNRETWEET,
)

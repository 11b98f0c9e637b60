"""Retweet, undo, and walk who retweeted: an async client for X's retweet endpoints.

Start with :class:`SessionManager`. Every error is a :class:`TwretweetError`.
"""

from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING

from twretweet._version import __version__
from twretweet.auth.store import Lease, MemoryTokenStore, TokenStore
from twretweet.auth.tokens import AppOnlyTokens, OAuth1Tokens, OAuth2Tokens, StoredTokens
from twretweet.budget import AnyBudget, Budget
from twretweet.credentials import AppOnly, Credentials, OAuth1, OAuth2
from twretweet.errors import (
    AccountRestricted,
    APIError,
    BudgetExceeded,
    BudgetUnavailable,
    CheckpointMismatch,
    ClientForbidden,
    ConcurrentWalk,
    CredentialsError,
    CreditsDepleted,
    DecodeError,
    Forbidden,
    InvalidRequest,
    LimiterUnavailable,
    ManagerClosed,
    NotFound,
    PaginationError,
    PermissionDenied,
    QueryError,
    RateLimitExceeded,
    ReauthorizationRequired,
    RequestTimeout,
    ServerError,
    SignInDeclined,
    SignInError,
    SpendCapReached,
    TokenStoreError,
    TooManyRequests,
    TransportError,
    TwretweetError,
    Unauthorized,
    UnsupportedAuthentication,
    UpdateLimitReached,
    UsageCapExceeded,
)
from twretweet.limits import BucketState, Limiter, MemoryLimiter
from twretweet.manager import SessionManager
from twretweet.models import (
    Includes,
    Media,
    Meta,
    Page,
    Place,
    Poll,
    Problem,
    RateLimit,
    Status,
    Tweet,
    User,
)
from twretweet.protocol.prices import PRICES, PriceList
from twretweet.protocol.retry import RetryPolicy
from twretweet.query import TweetQuery, UserQuery
from twretweet.session import RetweetResult, Session
from twretweet.walk import (
    Checkpoint,
    Found,
    ManyWalks,
    PartialResult,
    Walk,
    WalksFailed,
    Watch,
)

if TYPE_CHECKING:
    from twretweet.auth.file_store import FileTokenStore
    from twretweet.auth.pending import PendingOAuth1, PendingSignIn
    from twretweet.auth.pkce import scopes_for
    from twretweet.sign_in import SignedIn, SignIn

__all__ = [
    "PRICES",
    "APIError",
    "AccountRestricted",
    "AnyBudget",
    "AppOnly",
    "AppOnlyTokens",
    "BucketState",
    "Budget",
    "BudgetExceeded",
    "BudgetUnavailable",
    "Checkpoint",
    "CheckpointMismatch",
    "ClientForbidden",
    "ConcurrentWalk",
    "Credentials",
    "CredentialsError",
    "CreditsDepleted",
    "DecodeError",
    "FileTokenStore",
    "Forbidden",
    "Found",
    "Includes",
    "InvalidRequest",
    "Lease",
    "Limiter",
    "LimiterUnavailable",
    "ManagerClosed",
    "ManyWalks",
    "Media",
    "MemoryLimiter",
    "MemoryTokenStore",
    "Meta",
    "NotFound",
    "OAuth1",
    "OAuth1Tokens",
    "OAuth2",
    "OAuth2Tokens",
    "Page",
    "PaginationError",
    "PartialResult",
    "PendingOAuth1",
    "PendingSignIn",
    "PermissionDenied",
    "Place",
    "Poll",
    "PriceList",
    "Problem",
    "QueryError",
    "RateLimit",
    "RateLimitExceeded",
    "ReauthorizationRequired",
    "RequestTimeout",
    "RetryPolicy",
    "RetweetResult",
    "ServerError",
    "Session",
    "SessionManager",
    "SignIn",
    "SignInDeclined",
    "SignInError",
    "SignedIn",
    "SpendCapReached",
    "Status",
    "StoredTokens",
    "TokenStore",
    "TokenStoreError",
    "TooManyRequests",
    "TransportError",
    "Tweet",
    "TweetQuery",
    "TwretweetError",
    "Unauthorized",
    "UnsupportedAuthentication",
    "UpdateLimitReached",
    "UsageCapExceeded",
    "User",
    "UserQuery",
    "Walk",
    "WalksFailed",
    "Watch",
    "__version__",
    "scopes_for",
]


# What few programs need is imported when it is first asked for: signing people in, and files.
_LATE = MappingProxyType(
    {
        "FileTokenStore": "twretweet.auth.file_store",
        "PendingOAuth1": "twretweet.auth.pending",
        "PendingSignIn": "twretweet.auth.pending",
        "SignIn": "twretweet.sign_in",
        "SignedIn": "twretweet.sign_in",
        "scopes_for": "twretweet.auth.pkce",
    }
)


if not TYPE_CHECKING:  # who checks types would take any name for one that is there

    def __getattr__(name: str) -> object:
        if name not in _LATE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found: object = getattr(import_module(_LATE[name]), name)
        globals()[name] = found
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

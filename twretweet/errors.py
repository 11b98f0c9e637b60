"""Every error this package raises, below one root.

::

    TwretweetError
    ├── QueryError                  the question is wrong; nothing was sent
    │   └── CheckpointMismatch      a checkpoint of another walk
    ├── CredentialsError            a credential is missing, or can't do what was asked
    ├── ConcurrentWalk              two tasks iterate one walk
    ├── ManagerClosed               used before opening or after closing
    ├── ReauthorizationRequired     a person has to sign the account in again
    ├── TokenStoreError             where tokens live can't be read, written or locked
    ├── SignInError                 a sign-in came to nothing; begin another
    │   └── SignInDeclined          the user said no
    ├── LimiterUnavailable          where the buckets live is away; nothing was sent
    ├── RateLimitExceeded           the wait would be longer than allowed; nothing was sent
    ├── BudgetExceeded              it may cost more than is left; nothing was sent
    ├── BudgetUnavailable           where the budget is kept is away; nothing was sent
    ├── TransportError              no reply: connection, TLS, proxy
    │   └── RequestTimeout          no reply in time
    ├── DecodeError                 a reply that can't be read
    ├── PaginationError             pages that lead in a circle, or a place that was lost
    ├── PartialResult               a page that lacks something, if asked for (``twretweet.walk``)
    ├── WalksFailed                 some of many walks failed (``twretweet.walk``)
    └── APIError                    X said no
        ├── InvalidRequest          400
        ├── Unauthorized            401; v1.1 codes 32 89 135 215
        ├── CreditsDepleted         402
        ├── Forbidden               403
        │   ├── ClientForbidden             the app is not enrolled or lacks access
        │   ├── UnsupportedAuthentication   this kind of credential can't call this
        │   ├── PermissionDenied            the app or its user may not write
        │   ├── AccountRestricted           suspended, locked or flagged
        │   ├── UpdateLimitReached          too many posts; later
        │   └── SpendCapReached             the project's own cap; at ``reset_at``
        ├── NotFound                404; v1.1 codes 34 144 421 422
        ├── TooManyRequests         429: the window is used up
        ├── UsageCapExceeded        429: the cap of the plan
        └── ServerError             5xx; v1.1 codes 130 131

Which reply becomes which class is decided in :mod:`twretweet.protocol.response`.
"""

from __future__ import annotations


class TwretweetError(Exception):
    """The root of all errors of this package.

    Attributes:
        endpoint: the method and path that was called, ``None`` where no request was made.
        account: whose request it was, as a label that is no secret.
        attempts: how many times the request was sent.
    """

    endpoint: str | None = None
    account: str | None = None
    attempts: int = 0

    def at(self, *, endpoint: str, account: str, attempts: int) -> None:
        """Note where the error happened; the pipeline calls this once."""
        self.endpoint = endpoint
        self.account = account
        self.attempts = attempts

    def __str__(self) -> str:
        message = super().__str__()
        if self.endpoint is None:
            return message
        tries = f", after {self.attempts} attempts" if self.attempts > 1 else ""
        return f"{message} [{self.endpoint} as {self.account}{tries}]"


class QueryError(TwretweetError, ValueError):
    """What was asked for does not exist or can't be asked; nothing was sent."""


class CheckpointMismatch(QueryError):
    """The checkpoint belongs to another walk, or can't be read; nothing was sent."""


class CredentialsError(TwretweetError, ValueError):
    """A credential is missing or can't do what was asked; nothing was sent."""


class ConcurrentWalk(TwretweetError, RuntimeError):
    """Two tasks iterate the same walk at once."""


class ManagerClosed(TwretweetError, RuntimeError):
    """The manager is not open: open it first, or use it before it is closed."""


class ReauthorizationRequired(TwretweetError):
    """X takes none of the account's tokens any more, so a person has to sign it in again.

    ``account`` holds its name. The message says why, and what to do.
    """


class TokenStoreError(TwretweetError):
    """The place where tokens live can't be read, written or locked.

    What it holds is left as it is. New tokens that could not be saved are kept by the manager,
    which tries again before it uses them.
    """


class SignInError(TwretweetError):
    """A sign-in came to nothing; the message says why. Begin another."""


class SignInDeclined(SignInError):
    """The user said no, or left."""


class RateLimitExceeded(TwretweetError):
    """The wait for a slot would be longer than ``max_wait``; nothing was sent.

    Attributes:
        bucket: the name of the bucket that is full.
        reset_at: when it opens again, in epoch seconds of the local clock.
        wait: how long that is from now, in seconds.
        ahead: how many callers wait in front.
    """

    def __init__(
        self,
        message: str,
        *,
        bucket: str = "",
        reset_at: float = 0.0,
        wait: float = 0.0,
        ahead: int = 0,
    ) -> None:
        super().__init__(message)
        self.bucket = bucket
        self.reset_at = reset_at
        self.wait = wait
        self.ahead = ahead


class LimiterUnavailable(TwretweetError):
    """The place where the buckets live can't be asked, or answers nonsense; nothing was sent."""


class BudgetExceeded(TwretweetError):
    """The request may cost more than its budget has left; nothing was sent.

    Attributes:
        spent: what was spent before, in US dollars.
        needed: the most that the smallest request could have cost, in US dollars.
        cap: what may be spent, in US dollars.
        reserved: what requests on their way may cost, in US dollars.
        items: how many items the smallest request would have asked for.
    """

    def __init__(
        self,
        message: str,
        *,
        spent: float = 0.0,
        needed: float = 0.0,
        cap: float = 0.0,
        reserved: float = 0.0,
        items: int = 1,
    ) -> None:
        super().__init__(message)
        self.spent = spent
        self.needed = needed
        self.cap = cap
        self.reserved = reserved
        self.items = items


class BudgetUnavailable(TwretweetError):
    """The place where the budget is kept can't be asked, or answers nonsense; nothing was sent."""


class TransportError(TwretweetError):
    """No reply came: the connection could not be made, or broke.

    Attributes:
        sent: whether the request may have reached X.
    """

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent


class RequestTimeout(TransportError, TimeoutError):
    """No reply came within the timeout."""


class DecodeError(TwretweetError):
    """A reply can't be read: HTML, cut short, too large, or not the expected shape.

    Attributes:
        status: the HTTP status of the reply.
        excerpt: the beginning of the body, or what surrounds the fault.
        request_id: X's own id of the exchange, to quote to its support.
        transient: whether another try may bring a better reply.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        excerpt: str = "",
        request_id: str | None = None,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.excerpt = excerpt
        self.request_id = request_id
        self.transient = transient

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; the body reads {self.excerpt!r}" if self.excerpt else message


class PaginationError(TwretweetError):
    """The pages lead in a circle, or not back to where a walk was.

    Attributes:
        page_token: the token that was seen before, or that X has forgotten.
    """

    def __init__(self, message: str, *, page_token: str = "") -> None:
        super().__init__(message)
        self.page_token = page_token


class APIError(TwretweetError):
    """X answered, and said no.

    Attributes:
        status: the HTTP status.
        problem_type: the last part of the problem's type address, such as
            ``"resource-not-found"``; ``None`` where X gave none.
        title: X's short name of the problem.
        detail: X's explanation.
        codes: the v1.1 error codes, if the reply had any.
        reset_at: when to try again, in epoch seconds of the local clock, if X said so.
        request_id: X's own id of the exchange, to quote to its support.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 0,
        problem_type: str | None = None,
        title: str | None = None,
        detail: str | None = None,
        codes: tuple[int, ...] = (),
        reset_at: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problem_type = problem_type
        self.title = title
        self.detail = detail
        self.codes = codes
        self.reset_at = reset_at
        self.request_id = request_id


class InvalidRequest(APIError):
    """400: a parameter is off."""


class Unauthorized(APIError):
    """401: the credentials are wrong, revoked or expired."""


class CreditsDepleted(APIError):
    """402: no credits are left."""


class Forbidden(APIError):
    """403: understood, and refused."""


class ClientForbidden(Forbidden):
    """The app is not enrolled in a project, or its access level lacks this endpoint."""


class UnsupportedAuthentication(Forbidden):
    """This endpoint can't be called with this kind of credential."""


class PermissionDenied(Forbidden):
    """The app may only read, the user may not see the tweet, or its author blocked the user."""


class AccountRestricted(Forbidden):
    """The account is suspended, locked, or its action looked automated."""


class UpdateLimitReached(Forbidden):
    """Too many tweets and retweets for now."""


class SpendCapReached(Forbidden):
    """The spending cap of the project is reached; it lifts at ``reset_at``."""


class NotFound(APIError):
    """404: no such tweet or user, or one that this account can't see."""


class TooManyRequests(APIError):
    """429: the window is used up; it opens again at ``reset_at``."""


class UsageCapExceeded(APIError):
    """429: the daily or monthly cap of the plan is used up.

    Attributes:
        period: ``"Daily"`` or ``"Monthly"``, as X wrote it.
        scope: ``"Account"`` or ``"Product"``, as X wrote it.
    """

    period: str | None = None
    scope: str | None = None


class ServerError(APIError):
    """5xx: X's own trouble."""

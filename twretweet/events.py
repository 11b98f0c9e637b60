"""What happens inside, told to whoever listens: ``SessionManager(on_event=…)``.

Events are plain data without secrets, made only where somebody listens. A listener is called in
the event loop and must not block. What the listener of a manager raises breaks nothing: it goes to
the exception handler of the event loop, which logs it, and the request goes on. What the listener
of a limiter of your own raises reaches the request that the event is about.
"""

from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

Whose: TypeAlias = Literal["manager", "walk"]


class Waiting(Struct, frozen=True, kw_only=True):
    """A request has no slot and begins to wait.

    Attributes:
        bucket: the label of the bucket.
        ahead: how many wait in front.
        until: when there may be a slot, in epoch seconds; ``None``: when an answer tells.
    """

    bucket: str
    ahead: int
    until: float | None


class Granted(Struct, frozen=True, kw_only=True):
    """A request that waited has its slot.

    Attributes:
        bucket: the label of the bucket.
        waited: for how long, in seconds.
    """

    bucket: str
    waited: float


class Corrected(Struct, frozen=True, kw_only=True):
    """An answer showed another count or limit than was believed.

    Attributes:
        bucket: the label of the bucket.
        window: the key of the window.
        used: the count before and after.
        limit: the limit before and after; ``None`` while it was unknown.
    """

    bucket: str
    window: str
    used: tuple[int, int]
    limit: tuple[int | None, int | None]


class Refused(Struct, frozen=True, kw_only=True):
    """X answered 429.

    Attributes:
        bucket: the label of the bucket.
        until: when the bucket opens again, in epoch seconds, as far as is known.
    """

    bucket: str
    until: float | None


class LimiterOutage(Struct, frozen=True, kw_only=True):
    """The place where buckets live is away; a local share of the limits is used meanwhile.

    Attributes:
        error: what went wrong.
        share: the share of each limit that this process allows itself.
    """

    error: str
    share: float


class LimiterRestored(Struct, frozen=True, kw_only=True):
    """The place where buckets live is back.

    Attributes:
        away: for how long it was away, in seconds.
    """

    away: float


class TokensChanged(Struct, frozen=True, kw_only=True):
    """Other tokens of an account came into use: X renewed them, or the store held newer ones.

    Attributes:
        account: the label of the account.
    """

    account: str


class TokensNotStored(Struct, frozen=True, kw_only=True):
    """New tokens of an account could not be stored.

    They are kept in memory, and are stored before they are used; until then its calls fail.

    Attributes:
        account: the label of the account.
        error: what went wrong.
    """

    account: str
    error: str


class SignInNeeded(Struct, frozen=True, kw_only=True):
    """X takes none of an account's tokens any more: a person has to sign in again.

    Attributes:
        account: the label of the account.
        error: why, and what to do.
    """

    account: str
    error: str


class RequestSent(Struct, frozen=True, kw_only=True):
    """A request goes out: it has its slot and its money.

    Attributes:
        endpoint: method and path.
        account: whose request it is, as a label that is no secret.
        attempt: 1 for the first try.
    """

    endpoint: str
    account: str
    attempt: int


class RequestAnswered(Struct, frozen=True, kw_only=True):
    """A reply came, whatever it says.

    Attributes:
        endpoint: method and path.
        account: whose request it was.
        attempt: 1 for the first try.
        status: the HTTP status.
        seconds: how long it took, from sending to the last byte.
        request_id: X's own id of the exchange, to quote to its support.
    """

    endpoint: str
    account: str
    attempt: int
    status: int
    seconds: float
    request_id: str | None


class RequestFailed(Struct, frozen=True, kw_only=True):
    """No reply came.

    Attributes:
        endpoint: method and path.
        account: whose request it was.
        attempt: 1 for the first try.
        seconds: how long it was waited for.
        error: what went wrong.
    """

    endpoint: str
    account: str
    attempt: int
    seconds: float
    error: str


class Retrying(Struct, frozen=True, kw_only=True):
    """An attempt failed, and another will be made.

    Attributes:
        endpoint: method and path.
        account: whose request it is.
        attempt: the one that failed; 1 for the first try.
        delay: how long until the next begins, in seconds; the wait for a slot comes on top.
        error: what went wrong.
    """

    endpoint: str
    account: str
    attempt: int
    delay: float
    error: str


class BudgetReserved(Struct, frozen=True, kw_only=True):
    """Money was set aside for a request; all sums in US dollars.

    A request that two budgets bear has one of these for each.

    Attributes:
        endpoint: method and path.
        whose: the budget is the manager's, or a walk's own.
        usd: the most that the request can cost.
        items: how many items it may ask for.
        spent: what the budget has spent.
        reserved: what requests on their way may cost, this one included.
        cap: what may be spent; ``None``: any amount.
    """

    endpoint: str
    whose: Whose
    usd: float
    items: int
    spent: float
    reserved: float
    cap: float | None


class BudgetSettled(Struct, frozen=True, kw_only=True):
    """It turned out what a request cost; all sums in US dollars.

    A request that two budgets bear has one of these for each, so a sum over requests has to go by
    those of one kind: the manager's are of all requests, if it has a budget, which may be one
    without a cap.

    Attributes:
        endpoint: method and path.
        whose: the budget is the manager's, or a walk's own.
        usd: what it cost: by the reply, or all that was set aside where there was none.
        spent: what the budget has spent now.
        reserved: what requests on their way may cost.
        cap: what may be spent; ``None``: any amount.
    """

    endpoint: str
    whose: Whose
    usd: float
    spent: float
    reserved: float
    cap: float | None


class PageFetched(Struct, frozen=True, kw_only=True):
    """A page of a walk came.

    Attributes:
        endpoint: method and path.
        account: whose request it was.
        target: the id of the tweet whose pages these are, or ``""``.
        items: how many items it holds.
        problems: how many problems it reports.
        more: whether another page follows.
        usd: what it cost by the budget, in US dollars, failed attempts included; by the walk's
            own budget where there are two. ``None`` without a budget.
        limit: how many requests the window allows, if X said so.
        remaining: how many of them are left, if X said so.
        reset: when the window ends, in epoch seconds of X's clock, if X said so.
    """

    endpoint: str
    account: str
    target: str
    items: int
    problems: int
    more: bool
    usd: float | None
    limit: int | None
    remaining: int | None
    reset: float | None


class ProblemReported(Struct, frozen=True, kw_only=True):
    """A reply of status 200 reports a problem: something is missing from its data.

    Attributes:
        endpoint: method and path.
        account: whose request it was.
        kind: the last part of the problem's type, such as ``"resource-not-found"``.
        title: X's short name of the problem.
        detail: X's explanation.
        resource_type: what is missing, such as ``"user"``.
        resource_id: which one.
    """

    endpoint: str
    account: str
    kind: str | None
    title: str | None
    detail: str | None
    resource_type: str | None
    resource_id: str | None


class PageTokenExpired(Struct, frozen=True, kw_only=True):
    """X does not know a page token any more; the walk looks for its place from the first page.

    Attributes:
        endpoint: method and path.
        account: whose walk it is.
        target: the id of the tweet that is walked, or ``""``.
        last_id: the last known item, after which the walk goes on.
    """

    endpoint: str
    account: str
    target: str
    last_id: str


Event: TypeAlias = (
    Waiting
    | Granted
    | Corrected
    | Refused
    | LimiterOutage
    | LimiterRestored
    | TokensChanged
    | TokensNotStored
    | SignInNeeded
    | RequestSent
    | RequestAnswered
    | RequestFailed
    | Retrying
    | BudgetReserved
    | BudgetSettled
    | PageFetched
    | ProblemReported
    | PageTokenExpired
)
OnEvent: TypeAlias = Callable[[Event], None]

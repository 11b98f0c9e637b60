"""What happens inside, told to whoever listens: ``SessionManager(on_event=…)``.

Events are plain data without secrets, made only where somebody listens. A listener is called in
the event loop and must not block; what it raises reaches the request that the event is about.
"""

from collections.abc import Callable
from typing import TypeAlias

from msgspec import Struct


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
)
OnEvent: TypeAlias = Callable[[Event], None]

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


Event: TypeAlias = Waiting | Granted | Corrected | Refused | LimiterOutage | LimiterRestored
OnEvent: TypeAlias = Callable[[Event], None]

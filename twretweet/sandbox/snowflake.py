"""Ids that carry their time, as X's do.

The upper bits of an id are milliseconds since X's own epoch, the lower 22 tell apart what
happened within one; so ids sort by time, and ``created_at`` follows from the id.
Source: https://docs.x.com/resources/fundamentals/x-ids
"""

from datetime import UTC, datetime
from typing import Final

EPOCH_MS: Final = 1_288_834_974_657
STEP: Final = 1 << 22
"""How far apart the ids of two following milliseconds are."""

BEYOND: Final = 1 << 63
"""Above every id."""


def first_id(seconds: float) -> int:
    """Return the lowest id of the millisecond at ``seconds`` since the epoch."""
    return max(0, int(seconds * 1000) - EPOCH_MS) * STEP


def milliseconds(snowflake: int) -> int:
    """Return when ``snowflake`` was made, in milliseconds since the epoch."""
    return snowflake // STEP + EPOCH_MS


def iso(ms: int) -> str:
    """Write a time as v2 does: ``2021-01-06T18:40:40.000Z``."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def v1_date(ms: int) -> str:
    """Write a time as v1.1 does: ``Wed Jan 06 18:40:40 +0000 2021``."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day} {month} {moment:%d %H:%M:%S} +0000 {moment.year}"


def http_date(seconds: int) -> str:
    """Write a time as X's ``date`` header does, which ends in ``UTC`` and not in ``GMT``."""
    moment = datetime.fromtimestamp(seconds, UTC)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment:%d} {month} {moment:%Y %H:%M:%S} UTC"


# Not strftime's %a and %b, which speak the language of the machine.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip

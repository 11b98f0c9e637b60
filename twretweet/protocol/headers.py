"""What the headers of a reply tell about windows and about X's clock.

A header that is missing, no number, negative or absurd counts as not sent: the limiter then
falls back on what it knows, which is the safe side.

Sources: https://docs.x.com/x-api/fundamentals/rate-limits for ``x-rate-limit-*``; the 24-hour
sets are known from other clients' code only, and come on some plans and endpoints.
"""

from collections.abc import Mapping
from email.utils import mktime_tz, parsedate_tz

from msgspec import Struct

# 10 digits of epoch seconds end in the year 2286; more is a number in other units.
_MOST_DIGITS = 10


class WindowReport(Struct, frozen=True, gc=False):
    """What X said about one window: ``x-…-limit``, ``-remaining`` and ``-reset``.

    Attributes:
        limit: how many requests the window holds.
        remaining: how many of them are left.
        reset: when it ends, in epoch seconds of X's clock.
    """

    limit: int
    remaining: int
    reset: int


class RateHeaders(Struct, frozen=True, gc=False):
    """All that one reply said about limits.

    Attributes:
        window: the set of the endpoint's own window.
        user_day: the 24-hour set of the user.
        app_day: the 24-hour set of the app.
        date: X's clock when it answered, in whole epoch seconds; it may be up to a second later.
    """

    window: WindowReport | None = None
    user_day: WindowReport | None = None
    app_day: WindowReport | None = None
    date: int | None = None


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders:
    """Read the windows and the clock from a reply's headers (a case-insensitive mapping)."""
    return RateHeaders(
        _report(headers, "x-rate-limit-"),
        _report(headers, "x-user-limit-24hour-"),
        _report(headers, "x-app-limit-24hour-"),
        _date(headers.get("date")),
    )


def _report(headers: Mapping[str, str], prefix: str) -> WindowReport | None:
    limit = _number(headers.get(prefix + "limit"))
    if limit is None:
        return None
    remaining = _number(headers.get(prefix + "remaining"))
    reset = _number(headers.get(prefix + "reset"))
    if remaining is None or reset is None:
        return None
    return WindowReport(limit, min(remaining, limit), reset)


def _number(value: str | None) -> int | None:
    if value is None or len(value) > _MOST_DIGITS or not (value.isascii() and value.isdigit()):
        return None
    return int(value)


def _date(value: str | None) -> int | None:
    # X writes "UTC" where the RFC says "GMT"; the parser of e-mail dates takes both.
    parsed = parsedate_tz(value) if value else None
    if parsed is None:
        return None
    try:
        return int(mktime_tz(parsed))
    except (OverflowError, ValueError):
        return None

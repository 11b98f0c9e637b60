"""What the headers of a reply tell about windows and about X's clock.

A header that is missing, no number, negative or absurd counts as not sent: the limiter then
falls back on what it knows, which is the safe side.

Sources: https://docs.x.com/x-api/fundamentals/rate-limits for ``x-rate-limit-*``; the 24-hour
sets are known from other clients' code only, and come on some plans and endpoints.
"""

from collections.abc import Mapping
from datetime import date
from email.utils import mktime_tz, parsedate_tz
from types import MappingProxyType

from msgspec import Struct

# 10 digits of epoch seconds end in the year 2286; more is a number in other units.
_MOST_DIGITS = 10

_HTTP_DATE = len("Mon, 20 Sep 2021 22:41:52 GMT")
_DAYS = frozenset({"Mon, ", "Tue, ", "Wed, ", "Thu, ", "Fri, ", "Sat, ", "Sun, "})
_MONTHS = MappingProxyType(
    {
        " Jan ": 1,
        " Feb ": 2,
        " Mar ": 3,
        " Apr ": 4,
        " May ": 5,
        " Jun ": 6,
        " Jul ": 7,
        " Aug ": 8,
        " Sep ": 9,
        " Oct ": 10,
        " Nov ": 11,
        " Dec ": 12,
    }
)
_ENDS = frozenset({" :: GMT", " :: UTC"})
_EPOCH = date(1970, 1, 1).toordinal()


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


class HeaderReader:
    """Reads the headers of one reply after the other.

    A ``Date`` has a resolution of a second, so among many replies nearly all repeat the last one.
    """

    __slots__ = ("_date", "_text")

    def __init__(self) -> None:
        self._text: str | None = None
        self._date: int | None = None

    def read(self, headers: Mapping[str, str]) -> RateHeaders:
        """Read the windows and the clock from a reply's headers (a case-insensitive mapping)."""
        text = headers.get("date")
        if text != self._text:
            self._text, self._date = text, _date(text)
        return _read(headers, self._date)


def read_rate_headers(headers: Mapping[str, str]) -> RateHeaders:
    """Read the windows and the clock from a reply's headers (a case-insensitive mapping)."""
    return _read(headers, _date(headers.get("date")))


def _read(headers: Mapping[str, str], moment: int | None) -> RateHeaders:
    get = headers.get
    window = user_day = app_day = None
    # Every reply is read here, and most have one set of the three.
    if (limit := get("x-rate-limit-limit")) is not None:
        window = _report(limit, get("x-rate-limit-remaining"), get("x-rate-limit-reset"))
    if (limit := get("x-user-limit-24hour-limit")) is not None:
        user_day = _report(
            limit, get("x-user-limit-24hour-remaining"), get("x-user-limit-24hour-reset")
        )
    if (limit := get("x-app-limit-24hour-limit")) is not None:
        app_day = _report(
            limit, get("x-app-limit-24hour-remaining"), get("x-app-limit-24hour-reset")
        )
    return RateHeaders(window, user_day, app_day, moment)


def _report(limit: str, remaining: str | None, reset: str | None) -> WindowReport | None:
    holds, left, ends = _number(limit), _number(remaining), _number(reset)
    if holds is None or left is None or ends is None:
        return None
    return WindowReport(holds, min(left, holds), ends)


def _number(value: str | None) -> int | None:
    if value is None or len(value) > _MOST_DIGITS or not (value.isascii() and value.isdigit()):
        return None
    return int(value)


def _date(value: str | None) -> int | None:
    if not value:
        return None
    if len(value) == _HTTP_DATE and value.isascii():
        moment = _http_date(value)
        if moment is not None:
            return moment
    # X writes "UTC" where the RFC says "GMT"; the parser of e-mail dates takes both.
    parsed = parsedate_tz(value)
    if parsed is None:
        return None
    try:
        return int(mktime_tz(parsed))
    except (OverflowError, ValueError):
        return None


def _http_date(value: str) -> int | None:
    """Read ``Mon, 20 Sep 2021 22:41:52 GMT``, as nearly all servers send it; else ``None``.

    A tenth of what the parser of e-mail dates takes, which knows many more forms.
    """
    month = _MONTHS.get(value[7:12])
    ends = value[16] + value[19] + value[22] + value[25:]
    if month is None or value[:5] not in _DAYS or ends not in _ENDS:
        return None
    day, year = value[5:7], value[12:16]
    hour, minute, second = value[17:19], value[20:22], value[23:25]
    if not (day + year + hour + minute + second).isdigit() or year[0] == "0":
        return None
    try:
        days = date(int(year), month, int(day)).toordinal() - _EPOCH
    except ValueError:
        return None
    return ((days * 24 + int(hour)) * 60 + int(minute)) * 60 + int(second)

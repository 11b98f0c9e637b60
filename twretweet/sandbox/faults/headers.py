"""What faults do to the headers of a reply."""

from collections.abc import Iterable
from typing import Final

from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.snowflake import http_date

_PARTS: Final = ("limit", "remaining", "reset")
_RATE: Final = tuple(f"x-rate-limit-{part}" for part in _PARTS)
_DAILY: Final = tuple(f"x-{of}-limit-24hour-{part}" for of in ("user", "app") for part in _PARTS)


def change(faults: Iterable[Fault], headers: dict[str, str], now: float) -> None:
    """Change headers as faults say.

    Args:
        faults: those of the stage ``headers``.
        headers: as they would be sent, by names in lower case.
        now: epoch seconds.
    """
    for fault in faults:
        match fault.kind:
            case "skewed_date":
                headers["date"] = http_date(_within_calendar(now + fault.number("seconds")))
            case "late_headers":
                _set_back(headers, int(fault.number("requests")))
            case "wrong_headers":
                told = (*_RATE, *(name for name in _DAILY if name in headers))
                headers.update(dict.fromkeys(told, fault.text("value")))
            case _:
                for name in (*_RATE, *_DAILY):
                    headers.pop(name, None)


def _set_back(headers: dict[str, str], requests: int) -> None:
    """Say what was left some requests ago, which is no more than there ever was."""
    limit, remaining = (headers.get(name, "") for name in _RATE[:2])
    if limit.isdecimal() and remaining.isdecimal():
        headers[_RATE[1]] = str(min(int(limit), int(remaining) + requests))


def _within_calendar(seconds: float) -> int:
    """Return a time that can be written as a date: from 1970 to the year 9000."""
    return int(min(max(seconds, 0), 221_845_392_000))

"""The headers of replies, as X's recorded replies have them, and their encoding.

Two of them are left out, because they would spoil the pages that people see here:
``strict-transport-security``, which a browser would remember for all of localhost, and
``content-disposition``, which makes it save what it should show.
"""

import zlib
from typing import Final

from twretweet.clock import Clock
from twretweet.sandbox.accounts import Caller
from twretweet.sandbox.reply import is_v1
from twretweet.sandbox.snowflake import http_date
from twretweet.sandbox.windows import Standing
from twretweet.vocabulary import Vocabulary

_GZIP: Final = 31
"""What zlib calls the format of gzip with the largest window."""
_FAST: Final = 1

SERVER: Final = "twretweet-sandbox"
_ALWAYS: Final = {
    "cache-control": "no-cache, no-store, max-age=0",
    "content-type": "application/json; charset=utf-8",
    "server": SERVER,
    "x-content-type-options": "nosniff",
    "x-frame-options": "SAMEORIGIN",
    "x-xss-protection": "0",
}
# The numbers of the OpenAPI files that the two vocabularies are taken from.
_VERSIONS: Final = {"tweet": "2.159", "post": "2.167"}


class Stamp:
    """The headers that every reply carries, of whatever kind: who answers, and when.

    Args:
        clock: the sandbox's time, whose skew a client reads from ``date``.
    """

    __slots__ = ("_clock", "_date", "_second")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._second = -1
        self._date = ""

    def headers(self) -> dict[str, str]:
        """Return them as they are now."""
        second = int(self._clock.time())
        if second != self._second:
            self._second, self._date = second, http_date(second)
        return {"date": self._date, "server": SERVER}


def api_headers(path: str, caller: Caller | None, vocabulary: Vocabulary | None) -> dict[str, str]:
    """Return what every reply of the API carries, whatever it says.

    Args:
        path: what was asked for; v2 also tells its version.
        caller: who asked.
        vocabulary: the one that it is in, if it is one.
    """
    guest = caller.label if caller is not None else "unknown"
    headers = {
        **_ALWAYS,
        # X sends one with its replies; those of one account must not travel with another's.
        "set-cookie": f"guest_id=v1%3A{guest}; Max-Age=63072000; Path=/; SameSite=Lax",
    }
    if caller is not None:
        headers["x-access-level"] = _access(caller)
    if not is_v1(path):
        headers["api-version"] = _VERSIONS[vocabulary or "tweet"]
    return headers


def limit_headers(standing: Standing | None) -> dict[str, str]:
    """Return what tells of the tightest windows; nothing where no window applies."""
    if standing is None:
        return {}
    headers: dict[str, str] = {}
    for told in (standing, *standing.others):
        headers[f"{told.told}-limit"] = str(told.limit)
        headers[f"{told.told}-remaining"] = str(told.remaining)
        headers[f"{told.told}-reset"] = str(told.reset)
    return headers


def takes_gzip(accepted: str) -> bool:
    """Tell whether an ``Accept-Encoding`` header allows gzip (RFC 9110, 12.5.3)."""
    weights: dict[str, bool] = {}
    for entry in accepted.lower().split(","):
        name, *parameters = (part.strip() for part in entry.split(";"))
        weights[name] = not any(_is_zero(parameter) for parameter in parameters)
    return weights.get("gzip", weights.get("*", False))


def gzipped(body: bytes) -> bytes:
    """Pack a body; fast, since it is unpacked on the same machine."""
    packer = zlib.compressobj(_FAST, zlib.DEFLATED, _GZIP)
    return packer.compress(body) + packer.flush()


def _is_zero(parameter: str) -> bool:
    name, _, weight = parameter.partition("=")
    return name.strip() == "q" and weight.strip().rstrip("0") in {"0.", "", "."}


def _access(caller: Caller) -> str:
    """Return what the caller may do, as the recordings name it."""
    writes = caller.account is not None and (
        caller.scopes is None or "tweet.write" in caller.scopes
    )
    return "read-write" if writes else "read"

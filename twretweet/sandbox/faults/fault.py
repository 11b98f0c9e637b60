"""One fault, as plain data: what goes wrong, where, and how often."""

import math
import re
from typing import Final

import msgspec

from twretweet.sandbox.faults.kinds import KINDS, ROWS, FaultKind, Kind, Value

_PARAMETERS: Final = (
    "seconds",
    "status",
    "remaining",
    "requests",
    "value",
    "period",
    "title",
    "detail",
    "type",
    "code",
)
_STATUSES: Final = {"unavailable": (500, 599), "error": (400, 599)}
_LONGEST: Final = 10**9
_HEADER: Final = re.compile(r"[!-~](?:[ -~]{0,198}[!-~])?|")


class _What(msgspec.Struct, frozen=True):
    kind: FaultKind


class Fault(
    _What,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    repr_omit_defaults=True,
):
    """Something that goes wrong on purpose.

    ::

        Fault("latency", seconds=2)
        Fault("lost_reply", endpoint="POST /2/users/:id/retweets", count=1)
        Fault("unavailable", probability=0.1, seed=7)

    Args:
        kind: what goes wrong; :data:`~twretweet.sandbox.faults.kinds.ROWS` says what each does
            and takes.
        endpoint: the method, the path or both, as in ``"GET /2/tweets/:id/retweets"``; empty for
            all.
        account: the user id of the only caller that meets it, or ``"app"``; empty for all.
        count: how many requests meet it; ``None`` for as long as it is there.
        after: how many requests are spared first.
        probability: the share of requests that meet it, 0 to 1.
        seed: decides which: the same seed, the same ones, for the same thing in the same place.
            Faults that do different things meet different ones.
        seconds: how long, or how far ahead; a reset is that far ahead by the scale of the windows.
        status: of the reply.
        remaining: what ``x-rate-limit-remaining`` says.
        requests: how many requests ago.
        value: what the rate-limit headers say.
        period: ``"Daily"`` or ``"Monthly"``.
        title: of the problem.
        detail: of the problem, or the message of the v1.1 error.
        type: of the problem.
        code: of the v1.1 error.

    Raises:
        ValueError: a value is out of range, or the kind takes no such value.
    """

    endpoint: str = ""
    account: str = ""
    count: int | None = None
    after: int = 0
    probability: float = 1.0
    seed: int = 0
    seconds: float | None = None
    status: int | None = None
    remaining: int | None = None
    requests: int | None = None
    value: str | None = None
    period: str | None = None
    title: str | None = None
    detail: str | None = None
    type: str | None = None
    code: int | None = None

    def __post_init__(self) -> None:
        if self.kind not in ROWS:
            raise ValueError(f"there is no fault {self.kind!r}; there are {', '.join(KINDS)}")
        for wrong in (self._wrong_place(), self._wrong_parameters(), self._wrong_values()):
            if wrong:
                raise ValueError(f"fault {self.kind!r}: {wrong}")

    @property
    def row(self) -> Kind:
        """What is known of its kind."""
        return ROWS[self.kind]

    def number(self, name: str) -> float:
        """Return a parameter that is a number, as given or by default."""
        value = self._parameter(name)
        return value if isinstance(value, (int, float)) else 0

    def text(self, name: str) -> str:
        """Return a parameter that is text, as given or by default."""
        return str(self._parameter(name))

    def _parameter(self, name: str) -> Value:
        given: Value = getattr(self, name)
        return self.row.parameters[name] if given is None else given

    def _wrong_place(self) -> str:
        if self.count is not None and self.count < 1:
            return f"count is {self.count}: it must be 1 or more, or left out"
        if self.after < 0:
            return f"after is {self.after}: it must not be negative"
        if not 0 <= self.probability <= 1:
            return f"probability is {self.probability}: it must be between 0 and 1"
        return ""

    def _wrong_parameters(self) -> str:
        taken = self.row.parameters
        for name in _PARAMETERS:
            if getattr(self, name) is not None and name not in taken:
                return f"it takes {', '.join(taken) or 'no parameters'}, not {name}"
        return ""

    def _wrong_values(self) -> str:
        if (seconds := self.seconds) is not None:
            if not math.isfinite(seconds) or abs(seconds) > _LONGEST:
                return f"seconds is {seconds}: it must be a number up to {_LONGEST}"
            if seconds < 0 and self.kind != "skewed_date":
                return f"seconds is {seconds}: it must not be negative"
        low, high = _STATUSES.get(self.kind, (0, 0))
        if self.status is not None and not low <= self.status <= high:
            return f"status is {self.status}: it must be between {low} and {high}"
        for name, least in (("remaining", 1), ("requests", 1), ("code", 1)):
            number: int | None = getattr(self, name)
            if number is not None and number < least:
                return f"{name} is {number}: it must be {least} or more"
        if self.period not in {None, "Daily", "Monthly"}:
            return f"period is {self.period!r}: it must be 'Daily' or 'Monthly'"
        if self.value is not None and _HEADER.fullmatch(self.value) is None:
            return f"value is {self.value!r}: a header takes up to 200 printable characters"
        return ""

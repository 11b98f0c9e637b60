"""What a fault answers in place of the API.

The caps and credits are written as people have reported them, see the table of errors at
https://docs.x.com/x-api/fundamentals/response-codes-and-errors; v1.1 has numbered errors.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, TypeAlias

from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.kinds import FaultKind
from twretweet.sandbox.reply import (
    Reply,
    broken,
    invalid_request,
    is_v1,
    plain,
    problem,
    problem_with,
    too_many_requests,
    v1_error,
)
from twretweet.sandbox.windows import Standing

_PORTAL: Final = "https://developer.x.com/en/docs/projects/overview"
_USUAL_LIMIT: Final = 75
"""What the headers of a 429 say of an endpoint that has no limit."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The request that is refused.

    Args:
        path: its path.
        token: the page token it carries, or nothing.
        problems: what the types of problems begin with.
        account: the user id of the caller, ``"app"``, or nothing.
        standing: how the caller stands with their limits; ``None`` where none applies.
        now: epoch seconds.
        scale: by how much windows are longer than X's.
    """

    path: str
    token: str
    problems: str
    account: str
    standing: Standing | None
    now: float
    scale: float = 1.0


Refusal: TypeAlias = tuple[Reply, Standing | None]
"""What to answer, and what the rate-limit headers say."""


def drop(fault: Fault) -> Reply:
    """Return what comes of a request that nobody looks at."""
    return broken(None if fault.kind == "reset_before" else int(fault.number("status")))


def refuse(fault: Fault, scene: Scene) -> Refusal:
    """Return the answer of a fault that refuses a request."""
    return _ANSWERS[fault.kind](fault, scene)


def _reset(fault: Fault, scene: Scene) -> int:
    # As long as windows are, and like their ends no earlier than the truth.
    return math.ceil(scene.now + fault.number("seconds") * scene.scale)


def _rate_limited(fault: Fault, scene: Scene) -> Refusal:
    limit = scene.standing.limit if scene.standing is not None else _USUAL_LIMIT
    return too_many_requests(scene.path), Standing(False, limit, 0, _reset(fault, scene))


def _with_remaining(fault: Fault, scene: Scene) -> Refusal:
    remaining = int(fault.number("remaining"))
    reset = _reset(fault, scene)
    # Seen with 39999 left of 40000.
    return too_many_requests(scene.path), Standing(False, remaining + 1, remaining, reset)


def _without_headers(_: Fault, scene: Scene) -> Refusal:
    return too_many_requests(scene.path), None


def _expired_token(_: Fault, scene: Scene) -> Refusal:
    name = "pagination_token"
    message = f"The `{name}` query parameter value [{scene.token}] is not valid"
    wrong: dict[str, object] = {"parameters": {name: [scene.token]}, "message": message}
    return invalid_request(scene.problems, [wrong]), scene.standing


def _unauthorized(_: Fault, scene: Scene) -> Refusal:
    # As any 401, it tells of no limit; see twretweet.sandbox.api.
    if is_v1(scene.path):
        return v1_error(401, 89, "Invalid or expired token."), None
    return plain(401), None


def _usage_cap(fault: Fault, scene: Scene) -> Refusal:
    period = fault.text("period")
    body: dict[str, object] = {
        "account_id": scene.account,
        "product_name": "standard-basic",
        "title": "UsageCapExceeded",
        "period": period,
        "scope": "Product",
        "detail": f"Usage cap exceeded: {period} product cap",
        "type": scene.problems + "usage-capped",
    }
    # Its headers say that almost nothing was used: it is another limit than theirs.
    return problem_with(429, body), scene.standing


def _credits_depleted(_: Fault, scene: Scene) -> Refusal:
    body: dict[str, object] = {
        "account_id": scene.account,
        "title": "CreditsDepleted",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
        "type": scene.problems + "credits",
    }
    return problem_with(402, body), scene.standing


def _spend_cap(fault: Fault, scene: Scene) -> Refusal:
    day = datetime.fromtimestamp(scene.now + fault.number("seconds"), UTC).date().isoformat()
    body: dict[str, object] = {
        "account_id": scene.account,
        "title": "SpendCapReached",
        "detail": "Your enrolled account has reached its billing cycle spend cap. API requests"
        f" will be blocked until the next cycle begins on {day}.",
        "reset_date": day,
        "type": scene.problems + "credits",
    }
    return problem_with(403, body), scene.standing


def _not_enrolled(_: Fault, scene: Scene) -> Refusal:
    body: dict[str, object] = {
        "client_id": "1",
        "title": "Client Forbidden",
        "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use"
        " keys and tokens from a Twitter developer App that is attached to a Project.",
        "reason": "client-not-enrolled",
        "required_enrollment": "Standard Basic",
        "registration_url": _PORTAL,
        "type": scene.problems + "client-forbidden",
    }
    return problem_with(403, body), scene.standing


def _error(fault: Fault, scene: Scene) -> Refusal:
    status, detail = int(fault.number("status")), fault.text("detail")
    if fault.code is not None:
        return v1_error(status, fault.code, detail), scene.standing
    title = fault.title
    if title is None:
        known = status in {one.value for one in HTTPStatus}
        title = HTTPStatus(status).phrase if known else "Error"
    return problem(status, title=title, detail=detail, kind=fault.text("type")), scene.standing


_ANSWERS: Final[dict[FaultKind, Callable[[Fault, Scene], Refusal]]] = {
    "rate_limited": _rate_limited,
    "rate_limited_with_remaining": _with_remaining,
    "rate_limited_without_headers": _without_headers,
    "expired_token": _expired_token,
    "unauthorized": _unauthorized,
    "usage_cap_exceeded": _usage_cap,
    "credits_depleted": _credits_depleted,
    "spend_cap_reached": _spend_cap,
    "client_not_enrolled": _not_enrolled,
    "error": _error,
}

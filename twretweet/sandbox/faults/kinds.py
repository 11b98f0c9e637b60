"""The kinds of faults, a row each: what it does, and what may be chosen about it."""

from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias, get_args

FaultKind: TypeAlias = Literal[
    "latency",
    "slow_body",
    "reset_before",
    "reset_within",
    "reset_after",
    "lost_reply",
    "cut_short",
    "broken_gzip",
    "unavailable",
    "rate_limited",
    "rate_limited_without_headers",
    "rate_limited_with_remaining",
    "skewed_date",
    "late_headers",
    "wrong_headers",
    "no_headers",
    "repeated_token",
    "expired_token",
    "empty_page",
    "short_page",
    "missing_includes",
    "unknown_fields",
    "unknown_values",
    "unauthorized",
    "usage_cap_exceeded",
    "credits_depleted",
    "spend_cap_reached",
    "client_not_enrolled",
    "error",
]
KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

Stage: TypeAlias = Literal["wait", "gone", "refusal", "paging", "body", "headers", "wire"]
"""Where on its way a request meets a fault; see :mod:`twretweet.sandbox.faults.faults`."""

Trait: TypeAlias = Literal[
    "page",
    "token",
    "result",
    "results",
    "success",
    "window",
    "body",
    "object",
    "next",
    "includes",
    "values",
    "good token",
    "slots",
]
"""What must be so of a request for a fault to concern it, so that none is used up where it would
change nothing. It asks for a page, it carries a page token, its page has a result, or several; it
was done, it is told of a limit; its reply has a body, and this is an object, tells of a next page,
has includes, has enumerations. Its page token is good; each of its windows has a slot left."""

Value: TypeAlias = str | int | float | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A row.

    Args:
        stage: where on its way a request meets it.
        summary: what it does, in a sentence.
        parameters: what it takes, with the values if left out.
        needs: what must be so of a request.
    """

    stage: Stage
    summary: str
    parameters: dict[str, Value] = field(default_factory=dict[str, Value])
    needs: frozenset[Trait] = frozenset()


_RESULT: Final[frozenset[Trait]] = frozenset({"result"})
_RESULTS: Final[frozenset[Trait]] = frozenset({"results"})
_NEXT: Final[frozenset[Trait]] = frozenset({"page", "token", "next"})
_INCLUDES: Final[frozenset[Trait]] = frozenset({"includes"})
_VALUES: Final[frozenset[Trait]] = frozenset({"values"})
_BODY: Final[frozenset[Trait]] = frozenset({"body"})
_OBJECT: Final[frozenset[Trait]] = frozenset({"object"})
_GOOD_TOKEN: Final[frozenset[Trait]] = frozenset({"page", "good token"})
_SLOTS: Final[frozenset[Trait]] = frozenset({"slots"})
_DONE: Final[frozenset[Trait]] = frozenset({"success"})
_COUNTED: Final[frozenset[Trait]] = frozenset({"window"})

ROWS: Final[dict[FaultKind, Kind]] = {
    "latency": Kind("wait", "The reply comes this many seconds later.", {"seconds": 1.0}),
    "slow_body": Kind(
        "wire", "The body comes in ten pieces over this many seconds.", {"seconds": 1.0}, _BODY
    ),
    "reset_before": Kind("gone", "The connection is reset, and nothing is done."),
    "reset_within": Kind(
        "wire", "It is done; the connection is reset in the middle of the body.", needs=_BODY
    ),
    "reset_after": Kind("wire", "The reply comes whole, and the connection is reset after it."),
    "lost_reply": Kind(
        "wire", "It is done, and the connection is reset instead of a reply.", needs=_DONE
    ),
    "cut_short": Kind("wire", "The connection is closed in the middle of the body.", needs=_BODY),
    "broken_gzip": Kind("wire", "The body says that it is gzip, and can't be unpacked."),
    "unavailable": Kind("gone", "A page of HTML says that X is in trouble.", {"status": 503}),
    "rate_limited": Kind(
        "refusal",
        "429, though there are slots left, with a reset this many seconds ahead, by the scale of"
        " the windows.",
        {"seconds": 900.0},
        _SLOTS,
    ),
    "rate_limited_without_headers": Kind("refusal", "429 without any rate-limit header."),
    "rate_limited_with_remaining": Kind(
        "refusal",
        "429 whose headers say that requests are left, with a reset like that.",
        {"remaining": 39_999, "seconds": 900.0},
    ),
    "skewed_date": Kind(
        "headers", "The Date header is this many seconds ahead.", {"seconds": 3600.0}
    ),
    "late_headers": Kind(
        "headers",
        "The rate-limit headers are those of this many requests ago.",
        {"requests": 5},
        _COUNTED,
    ),
    "wrong_headers": Kind(
        "headers", "The rate-limit headers all say this.", {"value": "soon"}, _COUNTED
    ),
    "no_headers": Kind("headers", "The rate-limit headers are left out.", needs=_COUNTED),
    "repeated_token": Kind("body", "The next page token is the one that was sent.", needs=_NEXT),
    "expired_token": Kind("refusal", "400: the page token is not valid.", needs=_GOOD_TOKEN),
    "empty_page": Kind(
        "paging", "A page without results; the next goes on where it began.", needs=_RESULT
    ),
    "short_page": Kind(
        "paging", "A page with some of its results; the next goes on after them.", needs=_RESULTS
    ),
    "missing_includes": Kind(
        "body", "What the data refers to is left out, without a word of it.", needs=_INCLUDES
    ),
    "unknown_fields": Kind(
        "body", "Every object has fields that no documentation knows.", needs=_OBJECT
    ),
    "unknown_values": Kind(
        "body", "Enumerations have values that no documentation knows.", needs=_VALUES
    ),
    "unauthorized": Kind("refusal", "401, though the token is good."),
    "usage_cap_exceeded": Kind(
        "refusal", "429 UsageCapExceeded: the cap of the plan.", {"period": "Monthly"}
    ),
    "credits_depleted": Kind("refusal", "402 CreditsDepleted: no credits left."),
    "spend_cap_reached": Kind(
        "refusal",
        "403 SpendCapReached, until the date this many seconds ahead.",
        {"seconds": 86_400.0},
    ),
    "client_not_enrolled": Kind("refusal", "403: the app belongs to no project."),
    "error": Kind(
        "refusal",
        "Any other error: a v2 problem, or one of v1.1 if it has a code.",
        {
            "status": 403,
            "title": "Forbidden",
            "detail": "You are not permitted to perform this action.",
            "type": "about:blank",
            "code": None,
        },
    ),
}

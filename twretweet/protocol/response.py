"""From status, headers and body to a value or an error.

The table of errors is that of https://docs.x.com/x-api/fundamentals/response-codes-and-errors;
v1.1 codes are those of https://developer.x.com/en/support/x-api/error-troubleshooting. Problem
types are compared by the last part of their address: its host is ``api.twitter.com`` in some
replies and ``api.x.com`` in others.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias, TypeVar

import msgspec
from msgspec import Struct

from twretweet.errors import (
    AccountRestricted,
    APIError,
    ClientForbidden,
    CreditsDepleted,
    DecodeError,
    Forbidden,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    ServerError,
    SpendCapReached,
    TooManyRequests,
    TwretweetError,
    Unauthorized,
    UnsupportedAuthentication,
    UpdateLimitReached,
    UsageCapExceeded,
)
from twretweet.models import Problem, RateLimit
from twretweet.protocol.error_body import ErrorBody, read_error_body
from twretweet.protocol.headers import read_rate_headers

T = TypeVar("T")
Decode: TypeAlias = Callable[[bytes, RateLimit | None], T]

TOO_MANY_REQUESTS = 429
_BAD_REQUEST = 400
_FORBIDDEN = 403
_OK = range(200, 300)
_REDIRECT = range(300, 400)
_SERVER_ERROR = range(500, 600)
_EXCERPT = 200
_KNOWN_ENCODINGS = frozenset({"", "identity", "gzip", "x-gzip", "deflate", "br", "zstd"})

_BY_STATUS: Mapping[int, type[APIError]] = {
    400: InvalidRequest,
    401: Unauthorized,
    402: CreditsDepleted,
    403: Forbidden,
    404: NotFound,
    429: TooManyRequests,
}
_BY_KIND: Mapping[str, type[APIError]] = {
    "client-forbidden": ClientForbidden,
    "unsupported-authentication": UnsupportedAuthentication,
    "oauth1-permissions": PermissionDenied,
    "not-authorized-for-resource": PermissionDenied,
    "resource-not-found": NotFound,
    "rate-limit-exceeded": TooManyRequests,
    "usage-capped": UsageCapExceeded,
    "credits-depleted": CreditsDepleted,
}
_BY_TITLE: Mapping[str, type[APIError]] = {
    "CreditsDepleted": CreditsDepleted,
    "SpendCapReached": SpendCapReached,
    "UsageCapExceeded": UsageCapExceeded,
}
ALREADY_RETWEETED = 327
_BY_CODE: Mapping[int, type[APIError]] = {
    32: Unauthorized,
    34: NotFound,
    63: AccountRestricted,
    64: AccountRestricted,
    88: TooManyRequests,
    89: Unauthorized,
    130: ServerError,
    131: ServerError,
    135: Unauthorized,
    136: PermissionDenied,
    144: NotFound,
    179: PermissionDenied,
    185: UpdateLimitReached,
    215: Unauthorized,
    226: AccountRestricted,
    261: PermissionDenied,
    326: AccountRestricted,
    328: PermissionDenied,
    421: NotFound,
    422: NotFound,
    453: ClientForbidden,
}


class Reply(Struct, frozen=True):
    """An HTTP reply.

    Attributes:
        status: the HTTP status.
        headers: by case-insensitive names.
        body: what came of the body.
        fault: why that is not all of it: it broke off, or was too long to be read.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    fault: Literal["broke off", "too long"] | None = None

    def __repr__(self) -> str:
        return f"<Reply {self.status}, {len(self.body)} bytes>"

    def __rich_repr__(self) -> list[tuple[str, object]]:
        # rich asks msgspec's structs for this first; a body may hold tokens.
        return [("status", self.status), ("bytes", len(self.body)), ("fault", self.fault)]

    @property
    def request_id(self) -> str | None:
        """X's own id of the exchange."""
        return self.headers.get("x-transaction-id") or self.headers.get("x-request-id")


def read(
    reply: Reply,
    decode: Decode[T],
    rate_limit: RateLimit | None = None,
    *,
    clock_offset: float = 0.0,
) -> T:
    """Turn a reply into the value it carries.

    Args:
        reply: the reply.
        decode: reads the body of a 2xx reply.
        rate_limit: what its headers said about the window.
        clock_offset: X's clock minus the local one, in seconds; errors give local times.

    Raises:
        APIError: X refused; the subclass says why.
        DecodeError: the reply can't be read.
    """
    if reply.status in _OK:
        check_readable(reply)
        try:
            return decode(reply.body, rate_limit)
        except DecodeError as error:
            error.status, error.request_id = reply.status, reply.request_id
            # A body that is no JSON at all broke on the way; one of another shape would again.
            error.transient = not _is_json(reply.body)
            raise
    raise error_of(reply, clock_offset=clock_offset)


def check_readable(reply: Reply) -> None:
    """Raise a ``DecodeError`` for a body that no JSON decoder could make sense of."""
    if reply.fault == "broke off":
        why = "the body of the reply broke off or is compressed badly"
        raise _unreadable(reply, why, transient=True)
    if reply.fault == "too long":
        raise _unreadable(reply, f"the body is longer than the {len(reply.body)} bytes read")
    encoding = reply.headers.get("content-encoding", "").strip().lower()
    if encoding not in _KNOWN_ENCODINGS:
        raise _unreadable(reply, f"the reply has the unknown content encoding {encoding!r}")
    if not reply.body:
        raise _unreadable(reply, f"the reply of status {reply.status} has no body", transient=True)
    if reply.body.lstrip()[:1] == b"<":
        raise _unreadable(reply, "the reply is HTML where JSON was due", transient=True)


def error_of(reply: Reply, *, clock_offset: float = 0.0) -> TwretweetError:
    """Name the error that a reply of any status but 2xx stands for."""
    if reply.status in _REDIRECT:
        # Credentials go to the configured host alone, so redirects are not followed.
        target = reply.headers.get("location", "nowhere")
        return _unreadable(
            reply, f"X answered with a redirect to {target!r}, which is not followed"
        )
    body = read_error_body(reply.body)
    kind = _class_of(reply.status, body)
    detail = body.explanation or excerpt(reply.body) or None
    what = body.title or (body.errors[0].title if body.errors else None) or kind.__name__
    shown = f": {detail}" if detail and detail != what else ""
    error = kind(
        f"{reply.status} {what}{shown}",
        status=reply.status,
        problem_type=body.kind,
        title=body.title,
        detail=detail,
        codes=body.codes,
        reset_at=_reset_at(reply, body, clock_offset),
        request_id=reply.request_id,
    )
    if isinstance(error, UsageCapExceeded):
        error.period, error.scope = body.period, body.scope
    return error


def no_data(problems: Sequence[Problem]) -> TwretweetError:
    """Name the error of a 200 reply that carries problems, or nothing, instead of data."""
    if not problems:
        return DecodeError("the reply carries neither data nor errors", status=200)
    problem = problems[0]
    body = ErrorBody(title=problem.title, type=problem.type)
    kind = _class_of(200, body)
    title = problem.title or kind.__name__
    return kind(
        f"{title}: {problem.detail}" if problem.detail else title,
        status=200,
        problem_type=body.kind,
        title=problem.title,
        detail=problem.detail,
    )


def already_retweeted(error: APIError) -> bool:
    """Whether X refused a retweet because it was made before.

    v1.1 says so with code 327, v2 with a 400 and this sentence only.
    """
    if ALREADY_RETWEETED in error.codes:
        return True
    return (
        error.status in (_BAD_REQUEST, _FORBIDDEN)
        and "already retweeted" in (error.detail or "").lower()
    )


def excerpt(body: bytes) -> str:
    """The beginning of a body, fit to be shown."""
    text = body[:_EXCERPT].decode("utf-8", "replace")
    text = "".join(sign if sign.isprintable() else " " for sign in text).strip()
    return text + "…" if len(body) > _EXCERPT else text


def _class_of(status: int, body: ErrorBody) -> type[APIError]:
    title, kind = body.title or "", body.kind or ""
    if title in _BY_TITLE:
        return _BY_TITLE[title]
    if kind == "credits":
        return SpendCapReached if status == _FORBIDDEN else CreditsDepleted
    if kind in _BY_KIND:
        return _BY_KIND[kind]
    for code in body.codes:
        if code in _BY_CODE:
            return _BY_CODE[code]
    if status in _SERVER_ERROR:
        return ServerError
    return _BY_STATUS.get(status, APIError)


def _reset_at(reply: Reply, body: ErrorBody, clock_offset: float) -> float | None:
    lifts = _moment(body.reset_date)
    if lifts is not None:
        return lifts - clock_offset
    window = read_rate_headers(reply.headers).window
    if reply.status == TOO_MANY_REQUESTS and window is not None:
        return window.reset - clock_offset
    return None


def _moment(text: str | None) -> float | None:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return (moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment).timestamp()


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body)
    except RecursionError:
        return True  # nested a thousand deep, and so it would be the next time
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def _unreadable(reply: Reply, message: str, *, transient: bool = False) -> DecodeError:
    return DecodeError(
        message,
        status=reply.status,
        excerpt=excerpt(reply.body),
        request_id=reply.request_id,
        transient=transient,
    )

"""What goes back to the client, before it becomes HTTP, and the ways in which X says no.

v2 answers with problems (RFC 9457), which have a content type of their own (OpenAPI, the
``default`` of every endpoint's responses), v1.1 with numbered errors.
Source: https://docs.x.com/x-api/fundamentals/response-codes-and-errors
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Final

BLANK: Final = "about:blank"
PROBLEM_JSON: Final = "application/problem+json"
_V1_PREFIX: Final = "/1.1/"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status and a body: a dict is written as JSON, bytes are sent as they are."""

    status: int
    body: dict[str, object] | bytes = field(repr=False)
    headers: dict[str, str] = field(default_factory=dict, repr=False)


class Refused(Exception):  # no error of the sandbox, but its answer
    """The request is answered with an error; raised to leave whatever was being done."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def problem_with(status: int, members: dict[str, object]) -> Reply:
    """Return a v2 problem with these members."""
    return Reply(status, members, {"content-type": PROBLEM_JSON})


def problem(status: int, *, title: str, detail: str, kind: str = BLANK) -> Reply:
    """Return a v2 problem that carries its status, as all of kind ``about:blank`` do."""
    members: dict[str, object] = {"title": title, "detail": detail, "type": kind, "status": status}
    return problem_with(status, members)


def plain(status: int) -> Reply:
    """Return the v2 problem that says no more than its status does."""
    phrase = HTTPStatus(status).phrase
    return problem(status, title=phrase, detail=phrase)


def v1_error(status: int, code: int, message: str) -> Reply:
    """Return a v1.1 error."""
    return Reply(status, {"errors": [{"code": code, "message": message}]})


def is_v1(path: str) -> bool:
    """Tell whether ``path`` belongs to v1.1, which has errors of its own shape."""
    return path.startswith(_V1_PREFIX)


def unauthorized(path: str) -> Reply:
    """Return the answer to missing credentials or ones that are no good."""
    if is_v1(path):
        return v1_error(400, 215, "Bad Authentication data.")
    return plain(401)


def not_found(path: str) -> Reply:
    """Return the answer to an unknown path."""
    if is_v1(path):
        return v1_error(404, 34, "Sorry, that page does not exist.")
    return plain(404)


def wrong_method(path: str, allowed: Sequence[str]) -> Reply:
    """Return the answer to a method that a path does not have, with those that it has."""
    reply = plain(405)
    if is_v1(path):
        # Seen with GET or HEAD, PUT and others in people's reports; the status is HTTP's own.
        reply = v1_error(405, 86, f"This method requires a {' or '.join(allowed)}.")
    return replace(reply, headers={**reply.headers, "allow": ", ".join(allowed)})


def too_many_requests(path: str) -> Reply:
    """Return the answer to a full window."""
    if is_v1(path):
        return v1_error(429, 88, "Rate limit exceeded")
    return plain(429)


def unreadable(path: str, status: int) -> Reply:
    """Return the answer to a request that is too large, breaks off, or is no HTTP."""
    if is_v1(path):
        # The code under which v1.1 tells of whatever is wrong with the form of a request.
        return v1_error(status, 214, f"{HTTPStatus(status).phrase}.")
    return plain(status)


def crashed(path: str) -> Reply:
    """Return the answer when the sandbox itself went wrong."""
    if is_v1(path):
        return v1_error(500, 131, "Internal error")
    return plain(500)


def broken(status: int | None) -> Reply:
    """Return what comes instead of an answer: a page of HTML, or with status 0 nothing at all."""
    page = b"<!doctype html><title>Over capacity</title><p>Something is technically wrong.</p>"
    return Reply(status or 0, page, {"content-type": "text/html; charset=utf-8"})


def invalid_request(
    problems: str, errors: list[dict[str, object]], detail: str | None = None
) -> Reply:
    """Return the answer to parameters that are off, each with its own message."""
    body: dict[str, object] = {
        "errors": errors,
        "title": "Invalid Request",
        "detail": detail or "One or more parameters to your request was invalid.",
        "type": problems + "invalid-request",
    }
    return problem_with(400, body)


def resource_not_found(
    problems: str, *, parameter: str, value: str, resource: str
) -> dict[str, object]:
    """Return the entry of ``errors`` for a tweet or user that is not there."""
    return {
        "value": value,
        "detail": f"Could not find {resource} with {parameter}: [{value}].",
        "title": "Not Found Error",
        "resource_type": resource,
        "parameter": parameter,
        "resource_id": value,
        "type": problems + "resource-not-found",
    }


def not_included(
    problems: str, *, expansion: str, value: str, resource: str, why: str
) -> dict[str, object]:
    """Return the entry of ``errors`` for what an expansion leads to and does not find.

    Recorded replies have it in three wordings, each with a title of its own.

    Args:
        problems: where the types of problems live.
        expansion: that was followed.
        value: the id that it led to, or the name.
        resource: ``"tweet"`` or ``"user"``.
        why: ``"suspended"``, ``"protected"``, or else it is not there at all.
    """
    entry = resource_not_found(problems, parameter=expansion, value=value, resource=resource)
    if why == "suspended":
        entry |= {"title": "Forbidden", "detail": f"User has been suspended: [{value}]."}
    elif why == "protected":
        entry |= {
            "section": "includes",
            "title": "Authorization Error",
            "detail": f"Sorry, you are not authorized to see the {resource} with"
            f" {expansion}: [{value}].",
            "type": problems + "not-authorized-for-resource",
        }
    return entry


def hidden_field(
    problems: str, *, name: str, resource: str, resource_id: str, section: str
) -> dict[str, object]:
    """Return the entry of ``errors`` for a field that only the owner sees."""
    return {
        "resource_id": resource_id,
        "parameter": name,
        "field": name,
        "resource_type": resource,
        "section": section,
        "title": "Field Authorization Error",
        "value": resource_id,
        "detail": f"Sorry, you are not authorized to access '{name}' on the"
        f" {resource.capitalize()} with id : [{resource_id}].",
        "type": problems + "not-authorized-for-field",
    }


def unsupported_authentication(problems: str, *, used: str, supported: str, what: str) -> Reply:
    """Return the answer to good credentials of the wrong kind."""
    return problem(
        403,
        title="Unsupported Authentication",
        detail=f"Authenticating with {used} is forbidden for this {what}."
        f"  Supported authentication types are [{supported}].",
        kind=problems + "unsupported-authentication",
    )

"""oauthlib's checks of OAuth 2.0, as typed functions; it ships no types of its own."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol, TypeAlias, cast

from oauthlib.common import Request, add_params_to_uri  # type: ignore[import-untyped]
from oauthlib.oauth2 import (  # type: ignore[import-untyped]
    AuthorizationCodeGrant,
    FatalClientError,
    InvalidClientError,
    InvalidGrantError,
    OAuth2Error,
    RefreshTokenGrant,
    RequestValidator,
    RevocationEndpoint,
)

from twretweet.sandbox.oauth.judge import Asked, Judge

_LONGEST_STATE: Final = 500

Kind: TypeAlias = Literal["client", "grant", "fatal", "other"]


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong with a request.

    Args:
        kind: whether it is the client, the code or refresh token, something that must not be
            redirected, or anything else.
        error: the error code of the RFC.
        description: a sentence about it.
    """

    kind: Kind
    error: str
    description: str


class _Error(Protocol):
    error: str
    description: str


class _Checks(Protocol):
    def validate_token_request(self, request: Asked) -> None: ...

    def validate_authorization_request(self, request: Asked) -> object: ...

    def validate_revocation_request(self, request: Asked) -> None: ...


def read(target: str, body: str | None, headers: Mapping[str, str]) -> Asked:
    """Read the parameters of a request from its query and its form.

    Raises:
        ValueError: the query is not percent-encoded.
    """
    raw = Request(target, "GET" if body is None else "POST", body, dict(headers))
    request = cast("Asked", raw)
    # A parameter of this name would be taken for what oauthlib itself notes there.
    request.client = request.scopes = None
    return request


def check_code(judge: Judge, request: Asked) -> Objection | None:
    """Check the exchange of a code."""
    grant = cast("_Checks", AuthorizationCodeGrant(cast("RequestValidator", judge)))
    return _objection(grant.validate_token_request, request)


def check_refresh(judge: Judge, request: Asked) -> Objection | None:
    """Check the exchange of a refresh token."""
    grant = cast("_Checks", RefreshTokenGrant(cast("RequestValidator", judge)))
    return _objection(grant.validate_token_request, request)


def check_revocation(judge: Judge, request: Asked) -> Objection | None:
    """Check the wish to end a token."""
    endpoint = cast("_Checks", RevocationEndpoint(cast("RequestValidator", judge)))
    return _objection(endpoint.validate_revocation_request, request)


def check_authorization(judge: Judge, request: Asked) -> Objection | None:
    """Check what a person is to be asked."""
    grant = cast("_Checks", AuthorizationCodeGrant(cast("RequestValidator", judge)))
    objection = _objection(grant.validate_authorization_request, request)
    if objection is not None:
        return objection
    # oauthlib does not insist on a state; X does.
    if not request.state:
        return Objection("other", "invalid_request", "Missing state parameter.")
    if len(request.state) > _LONGEST_STATE:
        what = f"The state is longer than {_LONGEST_STATE} characters."
        return Objection("other", "invalid_request", what)
    return None


def with_answer(uri: str, answer: Mapping[str, str]) -> str:
    """Return an address with parameters added to its query."""
    return str(add_params_to_uri(uri, list(answer.items())))


def _objection(check: Callable[[Asked], object], request: Asked) -> Objection | None:
    try:
        check(request)
    except OAuth2Error as error:
        found = cast("_Error", error)
        return Objection(_kind(error), found.error, found.description)
    return None


def _kind(error: Exception) -> Kind:
    if isinstance(error, InvalidClientError):
        return "client"
    if isinstance(error, FatalClientError):
        return "fatal"
    return "grant" if isinstance(error, InvalidGrantError) else "other"

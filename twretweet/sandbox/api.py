"""The way of a request through the sandbox: find, authenticate, count, answer.

Everything here is pure and returns at once; sockets, clock and waiting are in
:mod:`twretweet.sandbox.server`.
"""

from twretweet.sandbox.accounts import Caller
from twretweet.sandbox.call import Answer, Call, Incoming, State
from twretweet.sandbox.endpoints import Endpoint, Router
from twretweet.sandbox.fields import names
from twretweet.sandbox.oauth.desk import Desk
from twretweet.sandbox.params import parse_query
from twretweet.sandbox.reads import KIND_NAMES
from twretweet.sandbox.reply import (
    Refused,
    Reply,
    is_v1,
    plain,
    too_many_requests,
    unauthorized,
    unsupported_authentication,
    v1_error,
)
from twretweet.sandbox.signature import Flaw, Signatures, Signer, flawed
from twretweet.sandbox.windows import Standing, Windows
from twretweet.vocabulary import Vocabulary


class Api:
    """Answers requests.

    Args:
        state: what they work on.
        window_scale: by how much the windows are longer than X's.

    Attributes:
        desk: answers what is about signing in.
    """

    def __init__(self, state: State, window_scale: float) -> None:
        self._state = state
        self._router = Router()
        self._signatures = Signatures(state.accounts)
        self.desk = Desk(state.accounts, self._signatures)
        self._windows = Windows(window_scale)

    @property
    def vocabulary(self) -> Vocabulary | None:
        """The only one that is spoken."""
        return self._state.vocabulary

    def answer(self, incoming: Incoming) -> Answer:
        """Answer one request."""
        if (signing_in := self.desk.answer(incoming)) is not None:
            return signing_in
        try:
            endpoint, arguments = self._router.find(incoming.method, incoming.path)
            caller = self._authenticate(incoming)
        except Refused as refused:
            return Answer(refused.reply)
        standing: Standing | None = None
        try:
            self._check_kind(endpoint, caller, incoming)
            standing = self._windows.take(endpoint.slots(caller), incoming.now)
            if standing is not None and not standing.granted:
                return Answer(too_many_requests(incoming.path), caller, standing)
            if caller.scopes is not None and not endpoint.scopes <= caller.scopes:
                return Answer(plain(403), caller, standing)
            call = Call(incoming, caller, arguments, _query_of(incoming))
            reply = endpoint.handler(self._state, call)
            cost = self._state.ledger.charge(endpoint.charge, reply, incoming.now)
            return Answer(reply, caller, standing, cost)
        except Refused as refused:
            return Answer(refused.reply, caller, standing)

    def _authenticate(self, incoming: Incoming) -> Caller:
        kind, _, rest = incoming.headers.get("authorization", "").partition(" ")
        match kind.lower():
            case "bearer":
                caller = self._state.accounts.by_bearer(rest.strip(), incoming.now)
                if caller is None:
                    raise Refused(_refusal("token", incoming.path))
                return caller
            case "oauth":
                outcome = self._signatures.verify(
                    incoming.method,
                    incoming.url,
                    incoming.headers,
                    incoming.form_text,
                    incoming.now,
                )
                if not isinstance(outcome, Signer):
                    raise Refused(_refusal(outcome, incoming.path))
                return Caller("oauth1", self._state.accounts.app, outcome.account)
            case _:
                raise Refused(unauthorized(incoming.path))

    def _check_kind(self, endpoint: Endpoint, caller: Caller, incoming: Incoming) -> None:
        if caller.kind in endpoint.kinds:
            return
        if incoming.v1:
            message = "Your credentials do not allow access to this resource."
            raise Refused(v1_error(403, 220, message))
        raise Refused(
            unsupported_authentication(
                names(self._state.vocabulary).problems,
                used=KIND_NAMES[caller.kind],
                supported=", ".join(KIND_NAMES[kind] for kind in endpoint.kinds),
                what="endpoint",
            )
        )


def _query_of(incoming: Incoming) -> dict[str, list[str]]:
    query = parse_query(incoming.target.partition("?")[2])
    for name, values in parse_query(incoming.form_text).items():
        query.setdefault(name, []).extend(values)
    return query


def _refusal(flaw: Flaw, path: str) -> Reply:
    return flawed(flaw) if is_v1(path) else plain(401)

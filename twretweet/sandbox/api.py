"""The way of a request through the sandbox: find, authenticate, count, answer.

Whoever is known is told of a limit with every reply. A 401 tells of none: recorded ones of X
have no rate-limit header, since there is nobody whose window it could be.

Everything here is pure and returns at once; sockets, clock and waiting are in
:mod:`twretweet.sandbox.server`.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from twretweet.sandbox.accounts import Caller
from twretweet.sandbox.call import Answer, Call, Incoming, State
from twretweet.sandbox.endpoints import ENDPOINTS, Endpoint, Router, elsewhere
from twretweet.sandbox.faults.passage import Passage
from twretweet.sandbox.faults.refusals import Scene
from twretweet.sandbox.fields import names, vocabulary_of
from twretweet.sandbox.oauth.desk import Desk
from twretweet.sandbox.params import parse_query
from twretweet.sandbox.reads import KIND_NAMES, knows_token
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

_UNDONE: Final = frozenset({"gone", "refusal"})
"""The stages at which a fault keeps the API from doing anything."""


class Api:
    """Answers requests.

    Args:
        state: what they work on.
        window_scale: by how much the windows are longer than X's.
        endpoints: what can be asked for.

    Attributes:
        desk: answers what is about signing in.
        windows: those that are open.
    """

    def __init__(
        self, state: State, window_scale: float, endpoints: Iterable[Endpoint] = ENDPOINTS
    ) -> None:
        self._state = state
        self._router = Router(endpoints)
        self._signatures = Signatures(state.accounts)
        self.desk = Desk(state.accounts, self._signatures)
        self.windows = Windows(window_scale)

    def answer(self, incoming: Incoming) -> Answer:
        """Answer one request."""
        if self.desk.knows(incoming.path):
            return self._sign_in(incoming)
        try:
            endpoint, arguments = self._router.find(incoming.method, incoming.path)
        except Refused as refused:
            return self._astray(incoming, refused.reply)
        caller: Caller | None = None
        refusal: Reply | None = None
        try:
            caller = self._authenticate(incoming)
        except Refused as refused:
            refusal = refused.reply
        query = _query_of(incoming)
        told = self._told(endpoint, query)
        passage = self._passage(endpoint.name, caller, query)
        if passage is not None and (dropped := passage.dropped()) is not None:
            answer = Answer(dropped, caller)
        elif caller is None:
            answer = Answer(refusal or unauthorized(incoming.path))
        else:
            call = Call(incoming, caller, arguments, query, told)
            answer = self._faulty(endpoint, call, passage) or self._fair(endpoint, call, passage)
        return _finished(answer, endpoint.name, passage, told)

    def _astray(self, incoming: Incoming, reply: Reply) -> Answer:
        """Answer a request that came to no endpoint."""
        try:
            caller = self._authenticate(incoming)
        except Refused:
            return Answer(reply)
        return Answer(reply, caller, self.windows.take([elsewhere(caller)], incoming.now))

    def _sign_in(self, incoming: Incoming) -> Answer:
        name = f"{incoming.method} {incoming.path}"
        passage = self._passage(name, None, {})
        if passage is None:
            return replace(self.desk.answer(incoming), endpoint=name)
        if (dropped := passage.dropped()) is not None:
            return _finished(Answer(dropped), name, passage, None)
        refused = passage.refused(_scene(incoming, "", None, self._problems, None))
        answer = Answer(refused[0]) if refused is not None else self.desk.answer(incoming)
        return _finished(answer, name, passage, None)

    def _faulty(self, endpoint: Endpoint, call: Call, passage: Passage | None) -> Answer | None:
        """Refuse a request without any reason, if a fault wants it."""
        if passage is None:
            return None
        standing = self.windows.look(endpoint.slots(call.caller), call.incoming.now)
        problems = call.names.problems
        scene = _scene(call.incoming, passage.met.token, call.caller, problems, standing)
        scene = replace(scene, scale=self.windows.scale)
        refused = passage.refused(scene, good_token=knows_token(self._state, endpoint.name, call))
        return None if refused is None else Answer(refused[0], call.caller, refused[1])

    def _fair(self, endpoint: Endpoint, call: Call, passage: Passage | None) -> Answer:
        """Answer a request as X does."""
        incoming, caller, state = call.incoming, call.caller, self._state
        standing: Standing | None = None
        admitted = caller.kind in endpoint.kinds
        slots = endpoint.slots(caller) if admitted else [elsewhere(caller)]
        try:
            standing = self.windows.take(slots, incoming.now)
            if standing is not None and not standing.granted:
                return Answer(too_many_requests(incoming.path), caller, standing)
            if not admitted:
                return Answer(_wrong_kind(endpoint, call), caller, standing)
            if caller.scopes is not None and not endpoint.scopes <= caller.scopes:
                return Answer(plain(403), caller, standing)
            reply = endpoint.handler(state, replace(call, passage=passage))
            cost = state.ledger.charge(endpoint.charge, reply, incoming.now)
            return Answer(reply, caller, standing, cost)
        except Refused as refused:
            return Answer(refused.reply, caller, standing)

    def _passage(
        self, endpoint: str, caller: Caller | None, query: dict[str, list[str]]
    ) -> Passage | None:
        faults = self._state.faults
        if not faults:
            return None
        return Passage(faults, endpoint, None if caller is None else caller.label, query)

    def _told(self, endpoint: Endpoint, query: dict[str, list[str]]) -> Vocabulary | None:
        """Tell in which vocabulary to answer, ``None`` where either would do."""
        asked = vocabulary_of({name: values[0] for name, values in query.items()})
        return self._state.vocabulary or asked or endpoint.vocabulary

    @property
    def _problems(self) -> str:
        return names(self._state.vocabulary).problems

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
                    ahead=incoming.ahead,
                )
                if not isinstance(outcome, Signer):
                    raise Refused(_refusal(outcome, incoming.path))
                return Caller("oauth1", self._state.accounts.app, outcome.account)
            case _:
                raise Refused(unauthorized(incoming.path))


def _wrong_kind(endpoint: Endpoint, call: Call) -> Reply:
    if call.incoming.v1:
        message = "Your credentials do not allow access to this resource."
        return v1_error(403, 220, message)
    return unsupported_authentication(
        call.names.problems,
        used=KIND_NAMES[call.caller.kind],
        supported=", ".join(KIND_NAMES[kind] for kind in endpoint.kinds),
        what="endpoint",
    )


def _scene(
    incoming: Incoming,
    token: str,
    caller: Caller | None,
    problems: str,
    standing: Standing | None,
) -> Scene:
    return Scene(
        path=incoming.path,
        token=token,
        problems=problems,
        account="" if caller is None else caller.label,
        standing=standing,
        now=incoming.now,
    )


def _finished(
    answer: Answer, endpoint: str, passage: Passage | None, told: Vocabulary | None
) -> Answer:
    """Note where a request came, and what happens to its reply on the way."""
    if passage is None:
        return replace(answer, endpoint=endpoint, vocabulary=told)
    refused = any(fault.row.stage in _UNDONE for fault in passage.met.faults)
    counted = answer.standing is not None
    passage.answered(answer.reply, counted=counted, done=not refused)
    return replace(answer, endpoint=endpoint, met=passage.met, vocabulary=told)


def _query_of(incoming: Incoming) -> dict[str, list[str]]:
    query = parse_query(incoming.target.partition("?")[2])
    if incoming.v1:
        for name, values in parse_query(incoming.form_text).items():
            query.setdefault(name, []).extend(values)
    return query


def _refusal(flaw: Flaw, path: str) -> Reply:
    return flawed(flaw) if is_v1(path) else plain(401)

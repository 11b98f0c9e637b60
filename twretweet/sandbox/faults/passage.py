"""The way of one request past the faults, asked stage by stage by whoever answers it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from twretweet.sandbox.faults import bodies
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.faults import Faults, Met, Occasion
from twretweet.sandbox.faults.kinds import Stage, Trait
from twretweet.sandbox.faults.refusals import Refusal, Scene, drop, refuse
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.reply import Reply

_PAGED: Final = ("/retweets", "/retweeted_by", "/quote_tweets", "/reposts_of_me")
_OK: Final = range(200, 300)


class Passage:
    """One request.

    Args:
        faults: those in force.
        endpoint: the row of the API that it came to, such as ``"GET /2/tweets/{id}"``.
        account: the user id of the caller, ``"app"``, or ``None`` if unknown.
        query: its parameters.
    """

    __slots__ = ("_faults", "_occasion", "met")

    def __init__(
        self,
        faults: Faults,
        endpoint: str,
        account: str | None,
        query: Mapping[str, list[str]],
    ) -> None:
        self._faults = faults
        token = query.get("pagination_token", [""])[0]
        traits: set[Trait] = set()
        if endpoint.startswith("GET ") and endpoint.endswith(_PAGED):
            traits = {"page", "token"} if token else {"page"}
        place = faults.place_of(endpoint)
        self._occasion = None if place is None else Occasion(place, account, frozenset(traits))
        self.met = Met(token)

    def dropped(self) -> Reply | None:
        """Decide how long it waits, and whether nobody looks at it."""
        self._meet("wait")
        faults = self._meet("gone")
        return drop(faults[0]) if faults else None

    def refused(self, scene: Scene, *, good_token: bool = False) -> Refusal | None:
        """Decide whether it is refused.

        Args:
            scene: the request.
            good_token: whether its page token would be taken.
        """
        if good_token:
            self._note("good token")
        if scene.standing is None or scene.standing.left:
            self._note("slots")
        faults = self._meet("refusal")
        return refuse(faults[0], scene) if faults else None

    def page_quirks(self, quirks: Quirks, available: int) -> Quirks:
        """Decide how its page is cut.

        Args:
            quirks: how it would be cut.
            available: how many results it can have.
        """
        if available:
            self._note("result")
        if available > 1:
            self._note("results")
        faults = self._meet("paging")
        if not faults:
            return quirks
        if faults[0].kind == "empty_page":
            return replace(quirks, all_empty=True)
        return replace(quirks, short_pages=1.0)

    def answered(self, reply: Reply, *, counted: bool, done: bool) -> None:
        """Decide what happens to its reply.

        Args:
            reply: the reply.
            counted: whether the reply tells of a limit.
            done: whether the API answered, and not a fault.
        """
        if not reply.status:
            return
        if counted:
            self._note("window")
        if reply.body:
            self._note("body")
        if reply.status in _OK:
            self._note("success")
        if done and reply.status in _OK and self._faults.any_at("body"):
            self._note(*bodies.traits(reply.body))
            self._meet("body")
        self._meet("headers")
        self._meet("wire")

    def _note(self, *traits: Trait) -> None:
        if self._occasion is not None:
            self._occasion = replace(self._occasion, traits=self._occasion.traits.union(traits))

    def _meet(self, stage: Stage) -> list[Fault]:
        return [] if self._occasion is None else self._faults.meet(self.met, stage, self._occasion)

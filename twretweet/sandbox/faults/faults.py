"""The faults in force, and the decision which of them a request meets.

A request passes seven stages, and may meet faults at each:

========  =========================================================================
wait      before anything: every fault adds its seconds
gone      before anything: the request is dropped, or answered with a page of HTML
refusal   its sender is known, nothing is counted: an error is answered
paging    it was counted: the page is cut elsewhere
body      it was done: every fault changes the body
headers   it is answered: every fault changes the headers
wire      it is answered: the reply is damaged on its way
========  =========================================================================

A fault counts the requests that it would make a difference to, and no others.

At a stage where only one thing can happen, the first fault of the list that strikes is the one,
and those behind it don't count the request. So two faults of ``count=1`` meet two requests, one
after the other, as a script would have it.

Which requests a share of them is follows from the seed and from what the fault does and where, so
that faults which leave the seed alone still strike each for itself. How often it strikes is no
part of it: a higher probability strikes the same ones, and more.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from twretweet.sandbox.draw import chance
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.kinds import Stage, Trait
from twretweet.sandbox.faults.place import Place, check

_MANY: Final[frozenset[Stage]] = frozenset({"wait", "body", "headers"})
MOST_FAULTS: Final = 1000


@dataclass(frozen=True, slots=True)
class Occasion:
    """A request, as far as faults are concerned.

    Args:
        place: method and path of its endpoint.
        account: the user id of the caller, ``"app"``, or ``None`` while it is unknown.
        traits: what is so of it by now.
    """

    place: Place
    account: str | None
    traits: frozenset[Trait]


def own_number(fault: Fault) -> int:
    """Return a number for what a fault does and where, the same in every run."""
    often = msgspec.structs.replace(fault, count=None, after=0, probability=1.0, seed=0)
    return zlib.crc32(msgspec.json.encode(often))


def strikes(fault: Fault, own: int, seen: int, hits: int) -> bool:
    """Decide whether a request that a fault concerns meets it.

    Args:
        fault: the fault.
        own: its :func:`own_number`.
        seen: how many requests it concerned before.
        hits: how many of them met it.
    """
    if seen < fault.after or (fault.count is not None and hits >= fault.count):
        return False
    # 1 is certain; as a share it would leave out the highest of all draws.
    return fault.probability >= 1 or chance(fault.probability, fault.seed, own, seen)


@dataclass(slots=True, eq=False)
class InForce:
    """A fault that was added.

    Args:
        id: names it.
        fault: what it is.
        place: where it may strike.
        enabled: whether it is switched on.
        seen: how many requests it concerned.
        hits: how many of them met it.
    """

    id: int
    fault: Fault
    place: Place
    enabled: bool = True
    seen: int = 0
    hits: int = 0
    _own: int = field(init=False)

    def __post_init__(self) -> None:
        self._own = own_number(self.fault)

    def concerns(self, occasion: Occasion) -> bool:
        """Tell whether the request is one of those that may meet it."""
        return (
            self.enabled
            and self.place.covers(occasion.place)
            and self.fault.account in {"", occasion.account}
            and self.fault.row.needs <= occasion.traits
        )

    def meets(self) -> bool:
        """Count a request that it concerns, and decide whether it meets it."""
        met = strikes(self.fault, self._own, self.seen, self.hits)
        self.seen += 1
        self.hits += met
        return met


@dataclass(slots=True)
class Met:
    """The faults that one request has met so far.

    Args:
        token: the page token that it carries.
        faults: the faults, in the order of their stages.
    """

    token: str = ""
    faults: list[Fault] = field(default_factory=list[Fault])

    def at(self, stage: Stage) -> list[Fault]:
        """Return those of a stage."""
        return [fault for fault in self.faults if fault.row.stage == stage]

    @property
    def kinds(self) -> tuple[str, ...]:
        """What kinds they are."""
        return tuple(fault.kind for fault in self.faults)


class Faults:
    """The faults in force in one sandbox; change them while it runs.

    Args:
        endpoints: those that there are.
        faults: the ones to begin with.

    Raises:
        ValueError: one is bound to an endpoint that there is not.
    """

    def __init__(self, endpoints: Sequence[str], faults: Iterable[Fault] = ()) -> None:
        self.endpoints = tuple(endpoints)
        self._places = {endpoint: Place.read(endpoint) for endpoint in endpoints}
        self._last = 0
        self._in_force: dict[int, InForce] = {}
        self._by_stage: dict[Stage, list[InForce]] = {}
        for fault in faults:
            self.add(fault)

    def __len__(self) -> int:
        return len(self._in_force)

    def __iter__(self) -> Iterator[InForce]:
        """Go through them in the order in which they strike."""
        return iter(list(self._in_force.values()))

    def add(self, fault: Fault) -> InForce:
        """Add a fault behind the others.

        Raises:
            ValueError: it is bound to an endpoint that there is not, or there are too many.
        """
        if len(self._in_force) >= MOST_FAULTS:
            raise ValueError(f"there are {MOST_FAULTS} faults already; clear some")
        place = check(fault.endpoint, self.endpoints)
        self._last += 1
        added = self._in_force[self._last] = InForce(self._last, fault, place)
        self._by_stage.setdefault(fault.row.stage, []).append(added)
        return added

    def get(self, fault_id: int) -> InForce | None:
        """Find a fault by its id."""
        return self._in_force.get(fault_id)

    def remove(self, fault_id: int) -> bool:
        """Take a fault away; return whether there was one."""
        gone = self._in_force.pop(fault_id, None)
        if gone is not None:
            self._by_stage[gone.fault.row.stage].remove(gone)
        return gone is not None

    def clear(self) -> None:
        """Take all faults away."""
        self._in_force.clear()
        self._by_stage.clear()

    def place_of(self, endpoint: str) -> Place | None:
        """Return where an endpoint is."""
        return self._places.get(endpoint)

    def any_at(self, stage: Stage) -> bool:
        """Tell whether there are faults at a stage."""
        return bool(self._by_stage.get(stage))

    def meet(self, met: Met, stage: Stage, occasion: Occasion) -> list[Fault]:
        """Decide what a request meets at a stage, note it in ``met``, and return it."""
        new: list[Fault] = []
        # A test in another thread may add one meanwhile.
        for one in tuple(self._by_stage.get(stage, ())):
            if one.concerns(occasion) and one.meets():
                new.append(one.fault)
                if stage not in _MANY:
                    break
        met.faults += new
        return new

"""Runs one scenario to its end, and says what came out."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from benchmarks.simulate import loop
from benchmarks.simulate.network import Network
from benchmarks.simulate.scenarios import SCENARIOS
from benchmarks.simulate.tally import Family, Tally
from benchmarks.simulate.world import World


@dataclass(frozen=True, slots=True)
class FamilyResult:
    """What became of the windows of one kind; see :class:`Family`."""

    kind: str
    windows: int
    used: float
    strangers: float
    refused: int
    refused_most: int
    refused_again: int
    stretch: float  # time from opening to opening, against windows without a gap
    least_share: float  # slots of the account that got the fewest, against the mean


@dataclass(frozen=True, slots=True)
class Result:
    """What came out of one scenario."""

    requests: int
    refused: int
    inversions: int
    cpu: float
    families: tuple[FamilyResult, ...]


def live(number: int, seconds: float, seed: int = 1) -> Result:
    """Live through the scenario with that number; picklable, for a process of its own."""
    return loop.run(_live(number, seconds, seed))


async def _live(number: int, seconds: float, seed: int) -> Result:
    began = time.process_time()
    world = World(seed + number, Network())
    SCENARIOS[number].build(world, seconds)
    await asyncio.sleep(seconds)
    tally = world.tally
    families = tuple(_result(tally, kind, each) for kind, each in tally.families.items())
    return Result(
        requests=tally.x.counted + tally.x.refused,
        refused=tally.x.refused,
        inversions=sum(line.inversions for line in tally.lines),
        cpu=time.process_time() - began,
        families=families,
    )


def _result(tally: Tally, kind: str, family: Family) -> FamilyResult:
    return FamilyResult(
        kind,
        family.windows,
        family.used,
        family.strangers / max(family.granted, 1),
        family.refused,
        family.refused_most,
        family.refused_again,
        family.period / family.least if family.periods else 1.0,
        _least_share(tally, kind),
    )


def _least_share(tally: Tally, kind: str) -> float:
    """How even the slots of a window were shared by the accounts that saturate it together."""
    lines = [
        line for line in tally.lines if any(rule.key.startswith(f"{kind}:") for rule in line.rules)
    ]
    shared = {rule.key for line in lines for rule in line.rules if rule.key.startswith(f"{kind}:")}
    if len(shared) > 1:
        return 1.0
    slots = [line.slots for line in lines]
    return min(slots) / max(sum(slots) / len(slots), 1e-9)

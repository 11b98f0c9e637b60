"""Fair comparisons on a machine that is not quiet.

Variants take turns, round after round, so that a slow spell of the machine hits all of them; what
is compared is their ratio within a round. Shown are the median of the ratios and their spread.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Generic, TypeVar

_TIMEOUT = 120.0
_FEWEST = 3  # rounds of which a median can be taken


T = TypeVar("T")


class Broken(Exception):
    """A variant that is not installed, or does not work."""


class Different(Exception):
    """Variants that should have read the same data have not, so there is nothing to compare."""


@dataclass(slots=True)
class Samples(Generic[T]):
    """What each variant measured, round by round; and why some did not."""

    values: dict[str, list[T]]
    broken: dict[str, str]

    @property
    def rounds(self) -> int:
        """How many there were."""
        return max(map(len, self.values.values()), default=0)

    def of(self, number: Callable[[T], float]) -> Samples[float]:
        """One number of what was measured."""
        numbers = {name: [number(each) for each in kept] for name, kept in self.values.items()}
        return Samples(numbers, self.broken)

    def median(self: Samples[float], name: str) -> float | None:
        values = self.values.get(name)
        return median(values) if values else None

    def ratio(self: Samples[float], name: str, to: str) -> Ratio | None:
        """``name`` against ``to``, round by round."""
        if not self.values.get(name) or not self.values.get(to):
            return None
        pairs = zip(self.values[name], self.values[to], strict=True)
        ratios = [one / other for one, other in pairs]
        return Ratio(median(ratios), min(ratios), max(ratios))


@dataclass(frozen=True, slots=True)
class Ratio:
    """The median of the ratios, the least and the most."""

    middle: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.middle:.2f} ({self.low:.2f}-{self.high:.2f})"


def interleave(
    variants: Mapping[str, Callable[[], T]],
    rounds: int,
    *,
    within: float = math.inf,
    now: Callable[[], float] = time.monotonic,
) -> Samples[T]:
    """Measure all variants once a round; one that fails is left out from then on.

    Args:
        variants: what measures each.
        rounds: how many at the most.
        within: no round begins that would end later than so many seconds after the first one,
            which also starts processes, if it takes as long as those since; but three do.
        now: the clock.
    """
    samples: Samples[T] = Samples({name: [] for name in variants}, {})
    began = now()
    for number in range(rounds):
        if number == 1:
            began = now()
        if number >= _FEWEST and (now() - began) * number > within * (number - 1):
            break
        for name, measure in variants.items():
            if name in samples.broken:
                continue
            try:
                samples.values[name].append(measure())
            except Exception as error:  # noqa: BLE001  a peer may break in any way
                samples.broken[name] = reason(error)
                del samples.values[name]
    return samples


def reason(error: Exception) -> str:
    """Why something broke, in a line."""
    kind = "" if isinstance(error, Broken) else f"{type(error).__name__}: "
    return f"{kind}{error}"[:100]


def elsewhere(module: str, *arguments: str) -> Sequence[float]:
    """Run a module in a process of its own; it prints its numbers as a JSON list.

    Raises:
        Broken: it failed.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    if done.returncode:
        raise Broken((done.stderr.strip().splitlines() or ["no word of why"])[-1])
    numbers: list[float] = json.loads(done.stdout)
    return numbers

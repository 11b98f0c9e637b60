"""All tables of `python -m benchmarks limits`, in the order in which they are printed."""

from __future__ import annotations

from benchmarks import simulate
from benchmarks.limits import fleet, herd, idle, redis_cost, uncontended
from benchmarks.report import Section
from benchmarks.simulate import plan


def run(quick: bool) -> list[Section]:
    """Simulate, measure in memory, then in Redis; one after the other, so that none disturbs."""
    simulated = simulate.run(quick)
    costs = [uncontended.run(quick), herd.run(quick), idle.run(quick)]
    in_redis, cost = redis_cost.run(quick)
    planned = plan.run(*(None, None) if cost is None else (cost.seconds, cost.bytes))
    return [*simulated, *costs, in_redis, fleet.run(quick), planned]

"""What lies between a client and X: time, and headers that get lost."""

from __future__ import annotations

import random
from dataclasses import dataclass

from benchmarks.simulate.x import Rule, Verdict
from twretweet.protocol.headers import RateHeaders, WindowReport


@dataclass(frozen=True, slots=True)
class Network:
    """How long each way takes, and what share of replies has lost something.

    Answers overtake each other wherever the ways take different times; with ``slow`` of them
    seconds late, headers arrive long after those of younger requests, and after resets.
    """

    least: float = 0.05
    most: float = 0.4
    slow: float = 0.01  # share of ways that take seconds
    slowest: float = 8.0
    lost: float = 0.2  # share of replies without the rate headers; of dates too, independently

    def way(self, chance: random.Random) -> float:
        """Seconds that one way takes."""
        if chance.random() < self.slow:
            return chance.uniform(1.0, self.slowest)
        return chance.uniform(self.least, self.most)

    def headers(
        self, rules: tuple[Rule, ...], verdict: Verdict, date: float, chance: random.Random
    ) -> RateHeaders:
        """What is left of the headers of a reply that X wrote at ``date``.

        They speak of the first window; and of a user's or an app's 24 hours where there is one.
        Of other windows, such as v1.1's for the whole app, X says nothing.
        """
        whole = int(date) if chance.random() >= self.lost else None
        if chance.random() < self.lost:
            return RateHeaders(date=whole)
        reports = {
            "window" if number == 0 else rule.key.partition(":")[0]: WindowReport(
                rule.limit, verdict.remaining[number], verdict.resets[number]
            )
            for number, rule in enumerate(rules)
        }
        return RateHeaders(
            reports["window"], reports.get("user_day"), reports.get("app_day"), whole
        )

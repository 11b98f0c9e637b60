"""A week of requests in minutes: the real limiter on virtual time, against an exact model of X.

See :mod:`benchmarks.simulate.scenarios` for what is simulated, :mod:`benchmarks.simulate.x` for
X, and :mod:`benchmarks.simulate.plan` for 1,000 machines and 1,000,000 accounts on one Redis
Cluster, which is computed and not run.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from benchmarks.report import Goal, Row, Section
from benchmarks.simulate.life import Result, live
from benchmarks.simulate.scenarios import SCENARIOS, WEEK, Scenario

_QUICK = WEEK / 28
_WORKERS = 2
_WHAT = (
    "A simulated {span} of each; each way takes 50-400 ms, 1 % of ways up to 8 s; 20 % of replies "
    "lose their rate\nheaders, 20 % their date; clocks are wrong by up to 10 minutes, and run 50 "
    "millionths fast or slow. Used: slots\nof the windows at whose end somebody waits, without "
    "those that strangers took. Time: from one opening to the\nnext, against no gap at all. "
    "Share: slots of the account that got the fewest against the mean, where all "
    "share\none window."
)
_COLUMNS = (
    "requests",
    "windows",
    "used",
    "strangers",
    "429s",
    "most in one",
    "windows with more",
    "inversions",
    "share",
    "time",
    "CPU µs each",
)


def run(quick: bool) -> list[Section]:
    """Live through all scenarios; two at a time, since virtual time minds no company."""
    span = _QUICK if quick else WEEK
    pool = ProcessPoolExecutor(_WORKERS, mp_context=multiprocessing.get_context("spawn"))
    with pool:
        lives = [pool.submit(live, number, span) for number in range(len(SCENARIOS))]
        results = [each.result() for each in lives]
    rows = [_row(*pair) for pair in zip(SCENARIOS, results, strict=True)]
    return [
        Section(
            "Simulation",
            _WHAT.format(span="6 hours" if quick else "week"),
            _COLUMNS,
            tuple(rows),
            ("", *[f"{each.name}: {each.what}" for each in SCENARIOS]),
        )
    ]


def _row(scenario: Scenario, result: Result) -> Row:
    judged = [each for each in result.families if each.kind in scenario.judged]
    used = min((each.used for each in judged), default=0.0)
    windows = sum(each.windows for each in judged)
    most = max((each.refused_most for each in result.families), default=0)
    again = sum(each.refused_again for each in result.families)
    strangers = max((each.strangers for each in judged), default=0.0)
    stretch = max((each.stretch for each in judged), default=0.0)
    share = min((each.least_share for each in judged), default=0.0)
    return Row(
        scenario.name,
        (
            f"{result.requests:,}",
            f"{windows:,}",
            f"{used:.3%}",
            f"{strangers:.1%}",
            f"{result.refused:,}",
            str(most),
            str(again),
            str(result.inversions),
            f"{share:.2f}",
            f"{stretch:.4f}",
            f"{result.cpu / max(result.requests, 1) * 1e6:.0f}",
        ),
        {
            "requests": result.requests,
            "windows": windows,
            "used": used,
            "strangers": strangers,
            "refused": result.refused,
            "refused_most": most,
            "refused_again": again,
            "inversions": result.inversions,
            "share": share,
            "time": stretch,
            "cpu": result.cpu,
        },
        _goal(scenario, result, used if windows else 0.0, most),
    )


def _goal(scenario: Scenario, result: Result, used: float, most: int) -> Goal | None:
    goal = scenario.goal
    if goal is None:
        return None
    enough = used >= goal.used
    # Beside strangers, how many 429s there are is their doing as well.
    calm = most <= goal.refused
    return Goal(
        f"{goal.used:.0%} used, at most {goal.refused} 429s",
        enough and calm and not result.inversions,
        must=goal.refused == 0 or not enough,
    )

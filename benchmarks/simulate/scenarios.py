"""What is simulated: who is there, what they want, and what is aimed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.simulate.world import DAY, Process, Strangers, World
from benchmarks.simulate.x import Rule

WEEK = 7 * DAY
_QUARTER = 900.0
_THREE_HOURS = 10_800.0
_STRANGERS = 0.3


@dataclass(frozen=True, slots=True)
class Goal:
    """What has to come out: least share of the slots used, most 429s per window and account."""

    used: float
    refused: int


ALONE = Goal(1.0, 0)
BESIDE_STRANGERS = Goal(0.97, 1)


@dataclass(frozen=True, slots=True)
class Scenario:
    """One simulation.

    Attributes:
        name: how to ask for it.
        what: one line that says what happens in it.
        goal: what to reach; ``None`` for a look at what has no goal.
        build: puts everybody into a world that will last so many seconds.
        judged: the kinds of windows that are scarce here, and whose use is judged.
    """

    name: str
    what: str
    goal: Goal | None
    build: Callable[[World, float], None]
    judged: tuple[str, ...] = ("reads", "writes")


def _reads(account: str) -> tuple[Rule, ...]:
    return (Rule(f"reads:{account}", 75, _QUARTER),)


def _writes(account: str) -> tuple[Rule, ...]:
    return (Rule(f"writes:{account}", 50, _QUARTER),)


def _one(world: World, seconds: float) -> None:
    process = Process(world)
    process.account("reads", _reads("a")).saturate(100, 0.0, seconds)
    process.account("writes", _writes("a")).saturate(8, 0.0, seconds)


def _hundred(world: World, seconds: float) -> None:
    for first in range(0, 100, 25):
        process = Process(world)
        for number in range(first, first + 25):
            for kind in (_reads, _writes):
                rules = kind(str(number))
                account = process.account(rules[0].key, rules)
                callers = world.chance.choice([2, 6, 20, 80])
                for _ in range(max(round(seconds / WEEK * 14), 1)):
                    start = world.chance.uniform(0.0, seconds)
                    length = world.chance.uniform(1.0, 4.0) * _QUARTER
                    account.saturate(callers, start, start + length)


def _ten_thousand(world: World, seconds: float) -> None:
    process = Process(world)
    for number in range(round(10_000 * min(seconds / WEEK, 1.0))):
        rules = _writes(str(number))
        start = world.chance.uniform(0.0, seconds - 3 * _QUARTER)
        length = world.chance.uniform(1.0, 2.0) * _QUARTER
        process.account(rules[0].key, rules).saturate(3, start, start + length)


def _app(world: World, seconds: float) -> None:
    process = Process(world)
    for number in range(10_000):
        rules = (
            Rule(f"user:{number}", 300, _THREE_HOURS),
            Rule("app:v1.1", 300, _THREE_HOURS),
        )
        process.account(str(number), rules).saturate(1, number * 0.01, seconds)


def _day_cap(world: World, seconds: float) -> None:
    process = Process(world)
    for number in range(5):
        rules = (*_writes(str(number)), Rule(f"user_day:{number}", 500, DAY))
        process.account(str(number), rules, hidden=1).saturate(20, 0.0, seconds)


def _strangers(callers: int, *, patient: bool) -> Callable[[World, float], None]:
    def build(world: World, seconds: float) -> None:
        process = Process(world)
        for number in range(10):
            for kind in (_reads, _writes):
                rules = kind(str(number))
                Strangers(world, rules[0], _STRANGERS, patient=patient)
                account = process.account(rules[0].key, rules)
                day = min(DAY, seconds)
                for begin in range(int(seconds / day)):
                    # A quarter of each day, at a time of its own.
                    start = begin * day + world.chance.uniform(0.0, 0.75 * day)
                    account.saturate(callers, start, start + 0.25 * day)

    return build


def _two_processes(world: World, seconds: float) -> None:
    for _ in range(2):
        process = Process(world)
        for number in range(5):
            rules = _writes(str(number))
            process.account(rules[0].key, rules).saturate(8, 0.0, seconds)


SCENARIOS = (
    Scenario(
        "alone, 1 account",
        "reads (75 a quarter hour, 100 callers) and writes (50, 8 callers), saturated all week",
        ALONE,
        _one,
    ),
    Scenario(
        "alone, 100 accounts",
        "4 processes; reads and writes, 14 bursts a week of 15 to 60 minutes, 2 to 80 callers",
        ALONE,
        _hundred,
    ),
    Scenario(
        "alone, 10,000 accounts",
        "1 process; writes, a burst of 15 to 30 minutes each, 3 callers, spread over the week",
        ALONE,
        _ten_thousand,
    ),
    Scenario(
        "alone, shared app window",
        "v1.1: 10,000 accounts always want one of the app's 300 slots per 3 hours",
        ALONE,
        _app,
        judged=("app",),
    ),
    Scenario(
        "alone, 24-hour cap",
        "5 accounts, writes, and 500 a day, which only headers tell of; saturated all week",
        ALONE,
        _day_cap,
        judged=("writes", "user_day"),
    ),
    Scenario(
        "strangers who give up",
        "10 accounts, reads and writes, 6 hours of each day, 8 callers; strangers want 30 %",
        BESIDE_STRANGERS,
        _strangers(8, patient=False),
    ),
    Scenario(
        "strangers who come back",
        "the same, and refused strangers come again within 10 s of the reset",
        BESIDE_STRANGERS,
        _strangers(8, patient=True),
    ),
    Scenario(
        "strangers, 100 callers",
        "the same with 100 callers: whole windows are in flight at once",
        BESIDE_STRANGERS,
        _strangers(100, patient=True),
    ),
    Scenario(
        "2 processes, 1 account",
        "5 accounts, writes, 2 limiters that do not know of each other, saturated all week",
        None,
        _two_processes,
    ),
)

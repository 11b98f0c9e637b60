"""window.lua decides what window.py decides, and keeps the rules of its own."""

import random

import pytest
from redis import Redis

from tests.limits import test_window_storms, world
from tests.limits.twin import (
    CANCEL,
    GIVE_BACK,
    GRID,
    HOLD,
    LOSE,
    REFUSE,
    SETTLE,
    TimedScript,
    TwinWorld,
    micro,
)

LEASE = 120


@pytest.fixture
def script(redis_server):
    with Redis(port=redis_server.port) as client:
        yield TimedScript(client)


def history(script: TimedScript, seed: int, *, steps: int = 60) -> None:
    chance = random.Random(seed)
    strangers, loss, told = (chance.random() < 0.5 for _ in range(3))
    limit = chance.choice([1, 2, 3, 5, 40])
    life = TwinWorld(
        script,
        f"{{history}}:{seed}",
        limit,
        chance.choice([2.0, 5.0, 10.0]),
        offset=chance.randint(-300 * 64, 300 * 64) * GRID,
        table_limit=chance.choice([None, limit + 2, max(limit - 1, 1)]),
        latency=chance.choice([0.5, 30.0]),
    )
    report = None
    for _ in range(steps):
        test_window_storms.step(life, chance, loss=loss, headerless=loss, told=told)
        if strangers and chance.random() < 0.2:
            life.count()
        answered = [each for each in life.flights if each.report is not None]
        if answered:
            report = chance.choice(answered).report
        if report is not None and chance.random() < 0.05:
            life.window.learn(life.now - GRID, report, life.clock, life.now)
        life.check_sanity()


@pytest.mark.parametrize("block", range(10))
def test_both_decide_the_same_in_any_history(script, block, monkeypatch):
    monkeypatch.setattr(world, "TICK", GRID)
    for seed in range(50 * block, 50 * block + 50):
        history(script, seed)


# -- rules of its own -----------------------------------------------------------------------


class Asker:
    """Asks by hand, for windows of 900 s and two slots."""

    def __init__(self, script: TimedScript, *windows: str, limit: int = 2) -> None:
        self.script = script
        self.keys = [f"{{x}}:{window}" for window in windows or ("w",)]
        self.specs = [(limit, 900_000_000)] * len(self.keys)

    def __call__(self, now: float, name: str, *corrections: object) -> list[int]:
        needed = len(self.keys) if name else 0
        lease = LEASE * 1_000_000
        return self.script(now, self.keys, name, lease, needed, self.specs, corrections)

    def asks(self, now: float, name: str, *corrections: object) -> bool:
        return self(now, name, *corrections)[0] == 1

    def opened(self, limit: int = 2) -> "Asker":
        """The window is open until 900, and one slot is used."""
        assert self.asks(0, "opener")
        self(0, "", settled("opener", 0, 0, limit, limit - 1))
        return self


def settled(name: str, sent: float, heard: float, limit: int, remaining: int):
    told = (limit, remaining, 900, micro(900), 0)
    return (name, micro(sent), micro(heard), (1, SETTLE, *told))


def lost(name: str, sent: float, heard: float):
    return (name, micro(sent), micro(heard), (1, LOSE))


def cancelled(name: str):
    return (name, 0, 0, (1, CANCEL), (2, CANCEL))


def test_slots_are_taken_in_all_windows_or_in_none(script):
    own, app = Asker(script, "own"), Asker(script, "app")
    assert app.opened().asks(1, "somebody")
    both = Asker(script, "own", "app")(2, "both")
    assert (both[0], both[2]) == (0, 2)
    assert own(3, "")[6] == 0


def test_what_a_dead_process_had_in_flight_counts_as_lost_after_the_lease(script):
    w = Asker(script).opened()
    assert w.asks(1, "dead")
    assert w(LEASE, "asks")[::4][:2] == [0, 1]  # it would have room but for that one
    # Lost, not given back: X may have counted it. So now it is the window that is full.
    assert w(LEASE + 1, "asks")[2:5] == [1, (899 - LEASE) * 1_000_000, 0]
    # What is sent afterwards would tell; and the end of the window ends it too.
    assert w.asks(900, "next")


def test_an_opener_that_died_holds_up_the_others_no_longer_than_its_lease(script):
    w = Asker(script)
    assert w.asks(0, "dead")
    assert not w.asks(LEASE - GRID, "asks")
    assert w.asks(LEASE, "asks")


def test_an_answer_that_comes_after_the_lease_is_believed_and_not_counted_again(script):
    w = Asker(script).opened()
    assert w.asks(1, "slow")
    assert w(LEASE + 1, "")[6:9:2] == [2, 0]
    assert w(LEASE + 2, "", settled("slow", 1, LEASE + 2, 9, 4))[5:9] == [
        9,
        5 + 1,  # the 5 that X counted; whether the lost one is among them, only the next can tell
        (900 - LEASE - 2) * 1_000_000,
        0,
    ]


def test_corrections_that_arrive_twice_count_once(script):
    w = Asker(script, limit=9).opened(9)
    assert all(w.asks(1, name) for name in "abc")
    news = (
        lost("a", 1, 2),
        settled("b", 1, 2, 9, 6),
        ("c", micro(1), micro(2), (1, REFUSE)),
    )
    once = w(3, "", *news)
    assert w(3, "", *news)[5:] == once[5:]
    assert w(3, "asks", *news)[3] == 4_000_000  # the back-off has not grown


def test_a_question_asked_again_takes_no_second_slot(script):
    w = Asker(script).opened()
    assert w.asks(1, "a")
    assert w.asks(2, "a")
    assert w(3, "")[6:9:2] == [2, 1]


def test_a_cancellation_frees_the_slot_also_when_it_overtakes_the_question(script):
    w = Asker(script, "own", "app")
    assert w.asks(0, "a")
    w(1, "", cancelled("a"))
    w(1, "", cancelled("b"))
    assert not w.asks(2, "b")
    assert w.asks(2, "c")


def test_a_cancelled_question_that_is_asked_again_takes_no_slot(script):
    w = Asker(script).opened()
    assert w.asks(1, "a")
    w(2, "", cancelled("a")[:4])
    assert not w.asks(3, "a")
    assert w(3, "")[8] == 0
    assert w.asks(4, "b")


@pytest.mark.parametrize("name", ["a", "+a"])
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    "end", [settled("a", 1, 3, 2, 0), lost("a", 1, 3), ("a", 0, 0, (1, GIVE_BACK))]
)
def test_what_is_told_twice_of_a_flight_or_after_its_end_makes_no_other(script, name, asked, end):
    told, end = (name, micro(1), micro(1), (1, HOLD)), (name, *end[1:])
    w = Asker(script).opened()
    if asked:
        assert w.asks(1, name)
    w(2, "", told)
    assert w(2, "", told)[8] == 1
    w(3, "", end)
    assert w(4, "", told)[8] == 0
    late = Asker(script, "late").opened()
    late(3, "", end)
    assert late(4, "", told)[8] == 0


def test_what_was_heard_before_the_window_ended_does_not_burden_the_next(script):
    w = Asker(script).opened()
    assert w.asks(1, "late")
    w(901, "")  # the window is over, and Redis hears only now of
    assert w(902, "", lost("late", 1, 890))[6:9] == [0, -1, 0]


def test_a_clock_of_redis_that_is_set_back_leaves_nothing_for_ever(script):
    w = Asker(script)
    assert w.asks(3600, "sent before the clock was set back an hour")
    assert not w.asks(0, "asks")
    assert w.asks(LEASE, "asks")


@pytest.mark.parametrize("pause", [0, 100])
def test_a_clock_of_redis_that_is_set_back_closes_a_full_window_no_longer(script, pause):
    w = Asker(script)
    assert w.asks(3600, "a")
    told = (2, 0, 4500, micro(4500), 0)
    w(3601, "", ("a", micro(3600), micro(3601), (1, SETTLE, *told)))
    now = 1 + pause  # an hour back, and the pause that nobody can know of
    for later in range(0, 899 - pause, 50):
        assert not w.asks(now + later, "b")
    assert w.asks(900 + pause, "c")


def test_a_clock_of_redis_that_is_set_back_makes_no_back_off_longer(script):
    w = Asker(script)
    assert w.asks(3600, "a")
    w(3601, "", ("a", micro(3600), micro(3601), (1, REFUSE)))
    assert not w.asks(2, "b")
    assert w.asks(8, "b")


def test_keys_expire_when_they_cannot_matter_any_more(redis_server):
    with Redis(port=redis_server.port) as redis:
        w = Asker(TimedScript(redis, forgets=True))
        assert w.asks(0, "a")
        unheard = redis.pttl(w.keys[0]) / 1000
        assert LEASE + 900 < unheard < LEASE + 910
        w(1, "", settled("a", 0, 1, 2, 1))
        assert 899 + 900 < redis.pttl(w.keys[0]) / 1000 < 899 + 910
        assert w.asks(2, "b")
        w(3, "", ("b", micro(2), micro(3), (1, GIVE_BACK)))
        w(5000, "c")
        w(5001, "", ("c", micro(5000), micro(5001), (1, GIVE_BACK)))
        assert redis.keys("*") == []

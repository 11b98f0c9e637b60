"""`python -m benchmarks limits`, as a user runs it."""

import pytest

from benchmarks.limits import uncontended
from benchmarks.report import failed
from tests.benchmarks.printed import printed

ROWS = [
    "alone, 1 account",
    "alone, 10,000 accounts",
    "alone, shared app window",
    "strangers who come back",
    "twretweet, 3 windows: acquire, give back",
    "aiolimiter, 1 window",
    "a deque of futures by hand",
    "twretweet: window, key and bucket",
    "EVALSHA that does nothing, one after the other",
    "EVALSHA that reads and writes, one after the other",
    "RedisLimiter, one after the other",
    "masters",
]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return printed("limits", tmp_path_factory.mktemp("limits"))


@pytest.mark.parametrize("row", ROWS)
def test_the_page_has_a_line_for(run, row):
    assert any(line.startswith(row) for line in run.page.splitlines())


def test_the_numbers_behind_it_are_kept(run):
    rows = run.rows
    assert rows["alone, 1 account"]["data"]["requests"] > 1000
    assert rows["alone, 1 account"]["data"]["refused"] == 0
    assert {"date", "machine", "python", "versions"} <= run.numbers.keys()


def test_it_fails_when_a_goal_of_correctness_is_missed_and_not_for_speed(run):
    goals = [row["goal"] for row in run.rows.values()]
    missed = [goal for goal in goals if goal and goal["must"] and not goal["met"]]
    assert run.code == bool(missed)


@pytest.mark.parametrize(("name", "fails"), [(uncontended._OURS, True), ("limits", False)])
def test_it_fails_when_our_own_limiter_breaks_and_not_when_a_peer_does(monkeypatch, name, fails):
    async def breaks(times):
        raise RuntimeError("it does not work")

    monkeypatch.setattr(uncontended, "_VARIANTS", {name: (breaks, 1)})
    section = uncontended.run(quick=True)
    assert section.rows[0].cells == ("RuntimeError: it does not work",)
    assert failed([section]) == fails


@pytest.mark.parametrize(
    "row",
    [
        "alone, 1 account",
        "alone, 100 accounts",
        "alone, 10,000 accounts",
        "alone, shared app window",
        "alone, 24-hour cap",
    ],
)
def test_alone_every_slot_is_used_and_nothing_refused(run, row):
    rows = run.rows
    assert rows[row]["data"]["refused"] == 0
    assert rows[row]["data"]["used"] == 1.0

"""`python -m benchmarks limits`, as a user runs it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROWS = [
    "alone, 1 account",
    "alone, 10,000 accounts",
    "alone, shared app window",
    "strangers who come back",
    "twretweet, 3 windows: acquire, give back",
    "aiolimiter, 1 window",
    "a deque of futures by hand",
    "twretweet: window, key and bucket",
    "masters",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """What is printed, the numbers kept beside it, and the exit code."""
    kept = tmp_path_factory.mktemp("benchmarks") / "numbers.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "limits", "--quick", "--json", str(kept)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert not done.stderr
    return done.stdout, json.loads(kept.read_text(encoding="utf-8")), done.returncode


@pytest.mark.parametrize("row", ROWS)
def test_the_page_has_a_line_for(page, row):
    assert any(line.startswith(row) for line in page[0].splitlines())


def test_the_numbers_behind_it_are_kept(page):
    _, numbers, _ = page
    rows = {row["name"]: row for section in numbers["sections"] for row in section["rows"]}
    assert rows["alone, 1 account"]["data"]["requests"] > 1000
    assert rows["alone, 1 account"]["data"]["refused"] == 0
    assert {"date", "machine", "python", "versions"} <= numbers.keys()


def test_it_fails_when_a_goal_of_correctness_is_missed_and_not_for_speed(page):
    _, numbers, code = page
    goals = [row["goal"] for section in numbers["sections"] for row in section["rows"]]
    missed = [goal for goal in goals if goal and goal["must"] and not goal["met"]]
    assert code == bool(missed)


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
def test_alone_every_slot_is_used_and_nothing_refused(page, row):
    _, numbers, _ = page
    rows = {row["name"]: row for section in numbers["sections"] for row in section["rows"]}
    assert rows[row]["data"]["refused"] == 0
    assert rows[row]["data"]["used"] == 1.0

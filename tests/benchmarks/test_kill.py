"""Exports that are killed a few times; `python -m benchmarks kill` does it hundreds of times."""

import pytest

from benchmarks.export.faults import FIRST, Served
from benchmarks.export.judge import Outcome, count
from benchmarks.export.kill import torment
from benchmarks.export.victim import Trial

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("kind", "noun", "kills", "conversions"),
    [("jsonl", "retweets", 3, 0), ("csv", "retweeters", 2, 0), ("parquet", "retweets", 1, 2)],
)
async def test_an_export_that_is_killed_holds_every_row_once_and_pays_no_page_twice(
    kind, noun, kills, conversions
):
    outcome = await torment(Trial(kind, kills, 500, 20, 2, noun, conversions))
    assert (outcome.kills, outcome.converting) == (kills, conversions)
    assert outcome.readable == kills + conversions
    assert outcome.complete
    assert outcome.again <= kills
    assert outcome.too_often == 0
    assert outcome.searches >= 1
    assert outcome.paid_once, (outcome.counted, outcome.charged, outcome.excuse)


def counted(*runs: str) -> tuple[int, int]:
    """How many pages were paid again: because of a kill, and without an excuse."""
    outcome = Outcome()
    count([Served(list(run)) for run in runs], outcome)
    return outcome.again, outcome.too_often


def test_the_count_excuses_one_page_for_each_kill_and_those_that_were_lost():
    assert counted("abc", "cde", "f") == (1, 0)
    assert counted("abc", "bcd") == (2, 1)
    assert counted("abb") == (0, 1)
    outcome = Outcome()
    lost = Served(["a", "b", "b"])
    lost.lost["b"] = 1
    count([lost], outcome)
    assert (outcome.pages, outcome.again, outcome.too_often, outcome.lost) == (2, 0, 0, 1)
    assert FIRST not in lost.pages


def test_the_count_excuses_what_is_read_again_while_a_place_is_searched():
    searching = Served(list("d"))
    searching.refuse(400)
    for page in "abcde":
        searching.serve(page)
    outcome = Outcome()
    count([Served(list("abc")), searching, Served(list("ef"))], outcome)
    assert (outcome.pages, outcome.again, outcome.too_often, outcome.searches) == (6, 1, 0, 1)
    assert outcome.passed == 4


@pytest.mark.parametrize(
    ("pages", "too_often"),
    [("abcd", 0), ("abbcd", 1), ("abcdd", 1), ("abcdc", 1), ("abdc", 1), ("abcdea", 1)],
)
def test_the_count_does_not_excuse_what_is_read_again_on_the_way_or_behind_the_place(
    pages, too_often
):
    run = Served(list("c"))
    run.refuse(400)
    for page in pages:
        run.serve(page)
    outcome = Outcome()
    count([Served(list("abc")), run], outcome)
    assert outcome.too_often == too_often
    assert run.count == len(pages) + 1


def test_an_export_must_not_have_counted_less_than_x_charged():
    assert Outcome(counted=7, charged=5, excuse=2).paid_once
    assert not Outcome(counted=8, charged=5, excuse=2).paid_once
    assert not Outcome(counted=4, charged=5, excuse=2).paid_once

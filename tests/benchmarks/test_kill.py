"""Exports that are killed a few times; `python -m benchmarks kill` does it hundreds of times."""

import pytest

from benchmarks.export.faults import FIRST, Served
from benchmarks.export.kill import Outcome, Trial, _count, torment

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("kind", "kills"), [("jsonl", 3), ("parquet", 2)])
async def test_an_export_that_is_killed_holds_every_retweet_once_and_pays_no_page_twice(
    kind, kills
):
    outcome = await torment(Trial(kind, kills=kills, retweets=500, page_size=20, pages_a_run=2))
    assert outcome.kills == outcome.readable == kills
    assert outcome.complete
    assert outcome.again <= kills
    assert outcome.too_often == 0
    assert outcome.searches >= 1
    assert outcome.paid_once, (outcome.counted, outcome.charged, outcome.excuse)


def counted(*runs: str) -> tuple[int, int]:
    """How many pages were paid again: because of a kill, and without an excuse."""
    outcome = Outcome()
    _count([Served(list(run)) for run in runs], outcome)
    return outcome.again, outcome.too_often


def test_the_count_excuses_one_page_for_each_kill_and_those_that_were_lost():
    assert counted("abc", "cde", "f") == (1, 0)
    assert counted("abc", "bcd") == (2, 1)
    assert counted("abb") == (0, 1)
    outcome = Outcome()
    lost = Served(["a", "b", "b"])
    lost.lost["b"] = 1
    _count([lost], outcome)
    assert (outcome.pages, outcome.again, outcome.too_often, outcome.lost) == (2, 0, 0, 1)
    assert FIRST not in lost.pages


def test_the_count_excuses_what_is_read_again_while_a_place_is_searched():
    searching = Served(list("d"))
    searching.refuse(400)
    for page in "abcde":
        searching.serve(page)
    outcome = Outcome()
    _count([Served(list("abc")), searching, Served(list("ef"))], outcome)
    assert (outcome.pages, outcome.again, outcome.too_often, outcome.searches) == (6, 1, 0, 1)


def test_an_export_must_not_have_counted_less_than_x_charged():
    assert Outcome(counted=7, charged=5, excuse=2).paid_once
    assert not Outcome(counted=8, charged=5, excuse=2).paid_once
    assert not Outcome(counted=4, charged=5, excuse=2).paid_once

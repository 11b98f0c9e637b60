"""`python -m benchmarks walks`, as a user runs it."""

import pytest

from tests.benchmarks.printed import printed


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return printed("walks", tmp_path_factory.mktemp("walks"))


def test_it_shows_what_prefetching_gains(run):
    assert run.rows["prefetch=0"]["data"] == {"times": 1.0}
    assert all(run.rows[f"prefetch={ahead}"]["goal"] for ahead in (1, 2))


def test_a_watched_tweet_loses_and_repeats_nothing(run):
    data = run.rows["5 retweets a second"]["data"]
    assert data["due"] >= 4400
    assert (data["missed"], data["twice"], data["refused"]) == (0, 0, 0)
    assert run.rows["5 retweets a second"]["goal"]["must"]
    assert run.code == 0

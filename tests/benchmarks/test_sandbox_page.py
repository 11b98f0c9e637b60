"""`python -m benchmarks sandbox`, as a user runs it, and the storm that it counts."""

import pytest

from benchmarks.sandbox.storm import FAULTS, TWEET, Storm
from tests.benchmarks.printed import printed
from twretweet.sandbox import Sandbox
from twretweet.sandbox.core import Core
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.windows import Windows
from twretweet.sandbox.world import World

ROWS = [
    "pages of 10",
    "pages of 100 with authors",
    "start",
    "there from the start",
    "made one by one",
    "storm",
]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    run = printed("sandbox", tmp_path_factory.mktemp("sandbox"))
    assert run.code == 0, run.page
    return run.rows


def test_it_measures_what_was_promised(page):
    assert list(page) == ROWS
    assert all(row["goal"] for row in page.values())
    for name in ("pages of 10", "pages of 100 with authors"):
        assert "by processor time" in page[name]["goal"]["text"]


def test_after_a_storm_over_64_connections_nothing_is_counted_wrong(page):
    storm = page["storm"]
    assert storm["goal"]["must"]
    assert storm["goal"]["met"]
    assert storm["data"] == {"sent": storm["data"]["sent"], "wrong": 0}
    assert storm["data"]["sent"] >= 1500


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["retweet", "slot", "request"])
async def test_a_storm_finds_what_is_counted_wrong(monkeypatch, fault):
    """Break the sandbox, and the storm says so."""
    real = World.retweet

    def retweet(self: World, user_id: int, tweet: Tweet, now: int) -> Tweet | None:
        made = real(self, user_id, tweet, now)
        if user_id % 3 == 0:
            self.undo(user_id, tweet)
        return made

    if fault == "retweet":
        monkeypatch.setattr(World, "retweet", retweet)
    async with Sandbox(retweets=5, window_scale=1e-9) as sandbox:
        if fault == "slot":
            monkeypatch.setattr(Windows, "take", Windows.look)
        if fault == "request":
            monkeypatch.setattr(Core, "record", lambda self, request: None)
        storm = Storm(sandbox.url, requests=200, connections=8)
        outcome = await storm.run()
    words = {"retweet": "retweets, not", "slot": "twice", "request": "were not counted"}[fault]
    assert any(words in wrong for wrong in outcome.wrong), outcome.wrong


def test_every_fault_of_a_storm_is_one():
    sandbox = Sandbox()
    assert sandbox.tweet_id == TWEET
    assert len({fault["kind"] for fault in FAULTS}) == len(FAULTS)

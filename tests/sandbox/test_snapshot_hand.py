"""What a state says beside tweets and accounts: other users, times, growth, the clock."""

import json
import time
from pathlib import Path

import pytest

from tests.sandbox.http import serving
from tests.sandbox.test_snapshot import core, load, saved
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox, snapshot
from twretweet.sandbox.snowflake import iso

HAND = """
{"type": "user", "username": "ada", "id": "42", "name": "Ada L.", "followers": 7,
 "description": "Writes programs.", "created_at": "2010-02-03T04:05:06.000Z"}
{"type": "user", "username": "bob"}
{"type": "account", "username": "eve"}
{"type": "tweet", "id": "1500000000000000000", "text": "Hi", "author": "ada", "retweets": 3}
{"type": "tweet", "id": "20", "author_id": "42", "created_at": "2006-03-21T20:50:14.000Z"}
{"type": "tweet", "text": "Then", "author": "eve", "created_at": "2022-01-02T03:04:05.678Z"}
{"type": "tweet", "id": "1500000000000000001", "quotes": "1500000000000000000", "author": "bob"}
{"type": "tweet", "id": "1500000000000000002", "replies_to": "1500000000000000000"}
{"type": "retweet", "tweet_id": "1500000000000000000", "username": "bob"}
""".replace(",\n ", ", ")


@pytest.mark.anyio
async def test_a_state_is_written_by_hand(clock: ManualClock, tmp_path: Path) -> None:
    path = tmp_path / "state.jsonl"
    path.write_text(HAND, encoding="utf-8")
    async with serving(Sandbox(state=path, clock=clock), clock) as api:
        fields = "created_at,description,public_metrics"
        ada = (await api.get("/2/users/by/username/Ada", user__fields=fields)).body["data"]
        assert (ada["id"], ada["name"], ada["description"]) == ("42", "Ada L.", "Writes programs.")
        assert ada["created_at"] == "2010-02-03T04:05:06.000Z"
        assert ada["public_metrics"]["followers_count"] == 7

        hi = await api.get(
            "/2/tweets/1500000000000000000",
            expansions="author_id",
            tweet__fields="created_at,public_metrics",
        )
        assert hi.body["includes"]["users"] == [{"id": "42", "name": "Ada L.", "username": "ada"}]
        assert hi.body["data"]["public_metrics"]["retweet_count"] == 4
        latest = await api.get("/2/tweets/1500000000000000000/retweeted_by", max_results=1)
        assert latest.body["data"][0]["username"] == "bob"

        quotes = await api.get("/2/tweets/1500000000000000000/quote_tweets")
        assert quotes.ids == ["1500000000000000001"]
        reply = await api.get(
            "/2/tweets/1500000000000000002", tweet__fields="in_reply_to_user_id,referenced_tweets"
        )
        assert reply.body["data"]["in_reply_to_user_id"] == "42"
        assert reply.body["data"]["referenced_tweets"] == [
            {"type": "replied_to", "id": "1500000000000000000"}
        ]

        old = (await api.get("/2/tweets/20", tweet__fields="created_at")).body["data"]
        assert old["created_at"] == "2006-03-21T20:50:14.000Z"
        [then] = [tweet for tweet in api.sandbox._core.world.originals() if tweet.text == "Then"]
        shown = (await api.get(f"/2/tweets/{then.id}", tweet__fields="created_at")).body["data"]
        assert shown["created_at"] == "2022-01-02T03:04:05.678Z"

        again = Sandbox(clock=clock)
        snapshot.load(again._core, saved(api.sandbox))
        assert saved(again) == saved(api.sandbox)


@pytest.mark.parametrize(
    "written",
    ["2006-03-21T20:50:14.000Z", "2010-11-04T01:42:54.656Z", "2010-11-04T01:42:54.657Z"],
)
def test_a_tweet_of_before_ids_told_their_time_has_its_time(
    clock: ManualClock, written: str
) -> None:
    held = core(clock)
    for text in ("First", "Second"):
        lines = list(snapshot.lines(held))
        line = {"type": "tweet", "text": text, "created_at": written}
        snapshot.load(held, [*lines, json.dumps(line).encode()])
    again = core(clock)
    snapshot.load(again, list(snapshot.lines(held)))
    for one in (held, again):
        made = [tweet for tweet in one.world.originals() if tweet.text in {"First", "Second"}]
        assert [iso(tweet.created_ms) for tweet in made] == [written] * 2
        assert min(tweet.id for tweet in made) > 0


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({"username": "a b"}, "is not 1 to 15 letters"),
        ({"username": "TwitterDev"}, "is taken"),
        ({"username": "x", "id": "4000000001"}, "kept for the crowd"),
        ({"username": "x", "id": "2244994945"}, "another user's"),
        ({"username": "x", "followers": -1}, "followers is -1"),
        ({"username": "x", "created_at": "soon"}, "created_at is 'soon'"),
        ({"username": "x", "created_at": "1999-01-01T00:00:00Z"}, "2006 or later"),
    ],
)
def test_a_user_that_can_not_be_says_why(line: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=rf"^line 1: .*{words}"):
        load(core(), {"type": "user", **line})


def test_an_account_takes_no_name_of_somebody_written_by_hand(clock: ManualClock) -> None:
    held = core(clock)
    load(held, {"type": "user", "username": "Bot_1"}, {"type": "user", "username": "bot_3"})
    names = [held.new_account(None).username for _ in range(3)]
    assert names == ["bot_2", "bot_4", "bot_5"]
    again = core(clock)
    snapshot.load(again, list(snapshot.lines(held)))
    assert list(snapshot.lines(again)) == list(snapshot.lines(held))
    assert again.world.user_named("bot_1") in again.world.guests


def test_an_account_takes_no_id_of_somebody_written_by_hand(clock: ManualClock) -> None:
    next_id = core(clock).accounts.next_id
    held = core(clock)
    load(held, {"type": "user", "username": "ada", "id": next_id})
    lines = list(snapshot.lines(held))
    with pytest.raises(ValueError, match=f"user {next_id} was written by hand"):
        held.new_account(None)
    assert list(snapshot.lines(held)) == lines
    named = held.world.user_named("ada")
    assert named is not None
    assert str(named.id) == next_id


@pytest.mark.parametrize("wrong", ["21", "1500000000000000000", "soon"])
def test_a_tweet_refers_only_to_an_older_one(wrong: str) -> None:
    tweet = {"type": "tweet", "id": "1400000000000000000"}
    with pytest.raises(ValueError, match=r"^line 2: quotes is"):
        load(core(), {"type": "tweet", "id": "1500000000000000000"}, {**tweet, "quotes": wrong})


def test_the_rate_of_growth_is_saved(clock: ManualClock) -> None:
    grown = core(clock, retweets=0)
    grown.grow(2.5)
    again = core(clock)
    snapshot.load(again, list(snapshot.lines(grown)))
    assert again.contents.growth.rate == 2.5
    clock.advance(10)
    again.catch_up()
    assert len(again.tweet(1228393702244134912).retweets) == 25
    # A file without one changes nothing.
    load(again, {"type": "account", "username": "x"})
    assert again.contents.growth.rate == 2.5


def test_the_lead_of_the_clock_is_saved_and_windows_with_it() -> None:
    before = Sandbox()
    before.advance(7200)
    mine = before.add_tweet()
    again = Sandbox()
    snapshot.load(again._core, saved(before))
    assert again._core.ahead == 7200
    assert abs(again.clock.time() - time.time() - 7200) < 60
    assert saved(again) == saved(before)
    # It is no further behind than what it holds; a second time changes nothing.
    snapshot.load(again._core, saved(before))
    again.reset()
    assert again._core.ahead == 7200
    assert int(again.add_tweet()) > int(mine)


def test_a_lead_that_can_not_be_says_why_and_moves_nothing() -> None:
    held = core()
    for ahead in (-1, 1e12):
        with pytest.raises(ValueError, match=r"^line 1: ahead is"):
            load(held, {"type": "sandbox", "ahead": ahead})
    with pytest.raises(ValueError, match=r"^line 2"):
        load(held, {"type": "sandbox", "ahead": 60}, {"type": "user", "username": "a b"})
    assert held.ahead == 0


def test_what_is_made_up_is_of_the_time_that_the_clock_is_moved_to() -> None:
    held = Sandbox()
    head = {"type": "sandbox", "ahead": 7200, "retweets_per_second": 1}
    load(held._core, head, {"type": "tweet", "text": "Later", "retweets": 0})
    [later] = [one for one in held._core.world.originals() if one.text == "Later"]
    assert abs(later.created_ms / 1000 - time.time() - 7200) < 60
    # Nothing has come in between the times.
    assert len(held.retweeted_by()) < 60

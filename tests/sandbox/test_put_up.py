"""Tweets that are put up while a sandbox runs, with any number of retweets."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.bounds import MOST
from twretweet.sandbox.snowflake import BEYOND, first_id
from twretweet.sandbox.tweets import Tweet


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3) | st.integers(0, MOST), st.sampled_from([0, 97, 5]))))
def test_each_tweet_has_an_id_of_its_own_before_its_retweets(
    put_up: list[tuple[int, int]],
) -> None:
    clock = ManualClock()
    sandbox = Sandbox(clock=clock, retweets=0)
    core = sandbox._core
    told: dict[str, int] = {}
    for retweets, later in put_up:
        told[sandbox.add_tweet(retweets=retweets)] = retweets
        clock.advance(later)
    assert len(told) == len(put_up)
    for tweet_id, retweets in told.items():
        tweet = core.tweet(int(tweet_id))
        assert len(tweet.retweets) == retweets
        # None is from before X gave out ids that carry their time, and none from later than now.
        assert first_id(1_300_000_000) < tweet.id < BEYOND
        if retweets:
            ids = [tweet.retweets.id_at(place) for place in (0, retweets - 1)]
            assert tweet.id < ids[0] <= ids[1] < first_id(clock.time()) + len(put_up)


def test_no_tweet_takes_the_place_of_another() -> None:
    sandbox = Sandbox()
    world, tweet = sandbox._core.world, sandbox._core.tweet(int(sandbox.tweet_id))
    with pytest.raises(ValueError, match=f"there is a tweet {tweet.id} already"):
        world.add_tweet(Tweet(id=tweet.id, author_id=tweet.author_id, text="Instead"))
    assert world.tweet(tweet.id) is tweet

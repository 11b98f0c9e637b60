"""Stretches of ids, against looking at each of them."""

from hypothesis import given
from hypothesis import strategies as st

from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.stretches import Stretches

STRETCH = st.tuples(st.integers(0, 2**12), st.integers(0, 300) | st.integers(0, 2**62)).map(
    lambda drawn: (drawn[0], drawn[0] + drawn[1])
)


@given(
    st.dictionaries(st.integers(0, 30), STRETCH),
    st.sets(st.integers(0, 30)),
    st.lists(st.integers(0, 2**13) | st.integers(0, 2**63)),
)
def test_an_id_lies_in_what_it_lies_in(
    stretches: dict[int, tuple[int, int]], gone: set[int], ids: list[int]
) -> None:
    index = Stretches()
    for name, (low, high) in stretches.items():
        index.add(name, low, high)
    left = {name: stretch for name, stretch in stretches.items() if name not in gone}
    for name in stretches.keys() - left.keys():
        index.remove(name, *stretches[name])
    edges = [edge for low, high in left.values() for edge in (low - 1, low, high - 1, high)]
    for snowflake in [*ids, *edges]:
        found = list(index.around(snowflake))
        expected = {name for name, (low, high) in left.items() if low <= snowflake < high}
        assert len(found) == len(set(found))
        assert set(found) == expected


def test_an_id_is_not_looked_for_in_tweets_of_other_days(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=5, clock=clock)
    world = sandbox._core.world
    tweets = []
    for _ in range(300):
        tweets.append(int(sandbox.add_tweet(retweets=3)))
        clock.advance(3600)
    for each in tweets:
        retweets = sandbox._core.tweet(each).retweets
        for position in range(3):
            found = world.tweet(retweets.id_at(position))
            assert found is not None
            assert found.original is not None
            assert found.original.id == each
            assert len(list(world._crowded.around(found.id))) <= 10
    assert world.tweet(1) is None
    assert not list(world._crowded.around(1))

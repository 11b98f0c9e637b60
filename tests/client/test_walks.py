"""Walks over real HTTP: each retweet once, in order, whatever X does on the way."""

import contextlib
from urllib.parse import parse_qsl

import anyio
import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio

AWKWARD = Quirks(short_pages=0.5, empty_pages=frozenset({3, 4}), missing_authors=0.2)
QUERY = tw.TweetQuery().fields("created_at").author("username")


@pytest.fixture
async def awkward(clock: LoopClock):
    async with Sandbox(retweets=1000, quirks=AWKWARD, clock=clock) as sandbox:
        yield sandbox
        assert not sandbox.failures


@contextlib.asynccontextmanager
async def connected(sandbox: Sandbox, clock: LoopClock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        yield manager.session(sandbox.oauth1)


def newest_first(ids: list[str]) -> bool:
    return ids == sorted(ids, key=int, reverse=True)


async def test_every_retweet_comes_once_and_in_order_over_short_and_empty_pages(awkward, clock):
    async with connected(awkward, clock) as session:
        walk = session.retweets(awkward.tweet_id, QUERY)
        retweets = [retweet async for retweet in walk]
    ids = [retweet.id for retweet in retweets]
    assert len(ids) == len(set(ids)) == 1000
    assert newest_first(ids)
    authors = [retweet.author for retweet in retweets]
    assert 0 < authors.count(None) < 500
    assert all(
        author.id == retweet.author_id
        for author, retweet in zip(authors, retweets, strict=True)
        if author
    )


async def test_a_walk_broken_off_at_every_page_and_resumed_loses_and_repeats_nothing(
    awkward, clock
):
    ids: list[str] = []
    async with connected(awkward, clock) as session:
        point, rounds = None, 0
        while point is None or not point.finished:
            walk = session.retweets(awkward.tweet_id, QUERY, resume=point)
            async for some in walk.pages():
                ids += [retweet.id for retweet in some.data]
                break
            point = tw.Checkpoint.from_json(walk.checkpoint().to_json())
            rounds += 1
    assert rounds > 10
    assert len(ids) == len(set(ids)) == 1000
    assert newest_first(ids)


@pytest.mark.parametrize("stride", [1, 7, 60, 99, 100, 101, 333])
async def test_a_walk_broken_off_within_pages_and_resumed_loses_and_repeats_nothing(
    awkward, clock, stride
):
    ids: list[str] = []
    async with connected(awkward, clock) as session:
        point = None
        # 1 would take a thousand pages: its first hundred items show the same.
        target = 100 if stride == 1 else 1000
        while len(ids) < target:
            walk = session.retweets(awkward.tweet_id, QUERY, resume=point)
            before = len(ids)
            async for retweet in walk:
                ids.append(retweet.id)
                if len(ids) - before == stride:
                    break
            point = walk.checkpoint()
            assert point.last_id == ids[-1]
            assert point.count == len(ids)
    assert len(ids) == len(set(ids)) == target
    assert newest_first(ids)


async def test_resuming_is_exact_although_new_retweets_pushed_the_first_page_on(sandbox, clock):
    async with connected(sandbox, clock) as session:
        walk = session.retweets(sandbox.tweet_id)
        ids = [(await anext(walk)).id for _ in range(60)]
        point = walk.checkpoint()
        for _ in range(50):
            other = sandbox.new_account()
            async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
                await manager.session(other.oauth1).retweet(sandbox.tweet_id)
        ids += [item.id async for item in session.retweets(sandbox.tweet_id, resume=point)]
    assert len(ids) == len(set(ids)) == 1000
    assert newest_first(ids)


async def test_resuming_is_exact_although_the_last_retweet_was_undone(sandbox, clock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        others = [manager.session(sandbox.new_account().oauth1) for _ in range(3)]
        for other in others:
            await other.retweet(sandbox.tweet_id)
        session = manager.session(sandbox.oauth1)
        walk = session.retweets(sandbox.tweet_id)
        ids = [(await anext(walk)).id for _ in range(2)]
        await others[1].undo_retweet(sandbox.tweet_id)  # the second newest: the last handed out
        resumed = session.retweets(sandbox.tweet_id, resume=walk.checkpoint())
        ids += [item.id async for item in resumed]
    assert len(ids) == len(set(ids)) == 1003
    assert newest_first(ids)


async def test_breaking_off_and_iterating_the_same_walk_again_goes_on(session, sandbox):
    walk = session.retweets(sandbox.tweet_id)
    ids: list[str] = []
    for stop in (30, 100, 250):
        async for retweet in walk:
            ids.append(retweet.id)
            if len(ids) == stop:
                break
    pages = [some async for some in walk.pages()]
    assert len(pages[0].data) == 50, "the rest of the page that was begun comes first"
    ids += [retweet.id for some in pages for retweet in some.data]
    assert len(ids) == len(set(ids)) == 1000
    assert walk.checkpoint().finished
    assert await walk.collect() == []


async def test_a_limit_is_kept_and_asks_for_no_more_than_it_needs(session, sandbox):
    retweets = await session.retweets(sandbox.tweet_id, limit=130).collect()
    assert len(retweets) == 130
    asked = [dict(parse_qsl(seen.query))["max_results"] for seen in sandbox.requests]
    assert asked == ["100", "30"]


async def test_a_limit_counts_what_was_handed_out_before_the_walk_was_resumed(session, sandbox):
    walk = session.retweets(sandbox.tweet_id, limit=130)
    ids = [(await anext(walk)).id for _ in range(110)]
    resumed = session.retweets(sandbox.tweet_id, limit=130, resume=walk.checkpoint())
    ids += [item.id for item in await resumed.collect()]
    assert len(ids) == len(set(ids)) == 130
    assert dict(parse_qsl(sandbox.requests[-1].query))["max_results"] == "30", (
        "10 known ones and 20 new"
    )


async def test_a_limit_of_zero_asks_nothing(session, sandbox):
    assert await session.retweets(sandbox.tweet_id, limit=0).collect() == []
    assert not sandbox.requests


async def test_retweeters_and_reposts_of_me_are_walked_the_same_way(session, sandbox):
    query = tw.UserQuery().fields("public_metrics")
    users = await session.retweeters(sandbox.tweet_id, query).collect()
    assert len({user.id for user in users}) == 1000
    assert any(user.public_metrics.followers_count for user in users if user.public_metrics)
    mine = await session.reposts_of_me().collect()
    assert len(mine) == len({tweet.id for tweet in mine}) > 0


@pytest.mark.parametrize("vocabulary", ["tweet", "post"])
async def test_both_vocabularies_give_the_same_retweets(sandbox, clock, vocabulary):
    query = QUERY.referenced("public_metrics", author=("name",))
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, vocabulary=vocabulary
    ) as manager:
        walk = manager.session(sandbox.oauth1).retweets(sandbox.tweet_id, query, limit=100)
        retweets = await walk.collect()
    assert f"{vocabulary}.fields" in dict(parse_qsl(sandbox.requests[-1].query))
    assert {retweet.referenced_tweets[0].id for retweet in retweets} == {sandbox.tweet_id}
    original = retweets[0].referenced[0]
    assert original.public_metrics
    assert original.public_metrics.retweet_count == 1000
    if vocabulary == "tweet":  # 2.167 has no expansion for the author of a referenced post
        assert original.author
        assert original.author.name == "Twitter Dev"
    assert all(retweet.author for retweet in retweets)


async def test_two_tasks_on_one_walk_get_a_clear_error(session, sandbox):
    walk = session.retweets(sandbox.tweet_id)
    errors: list[tw.TwretweetError] = []

    async def step() -> None:
        try:
            await anext(walk)
        except tw.TwretweetError as error:
            errors.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(step)
        tasks.start_soon(step)
    assert [str(error) for error in errors] == [
        "two tasks iterate the same walk; give each its own, or share one iterating task"
    ]


@pytest.mark.parametrize(
    ("other", "what"),
    [
        (lambda s, t, c: s.retweets(t, tw.TweetQuery().fields("lang"), resume=c), "query"),
        (lambda s, t, c: s.retweets("20", QUERY, resume=c), "tweet"),
        (lambda s, t, c: s.retweeters(t, resume=c), "endpoint"),
    ],
)
async def test_a_checkpoint_of_another_walk_is_refused_before_anything_is_sent(
    session, sandbox, other, what
):
    point = session.retweets(sandbox.tweet_id, QUERY).checkpoint()
    with pytest.raises(tw.CheckpointMismatch, match=f"another {what}"):
        other(session, sandbox.tweet_id, point)
    assert not sandbox.requests


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no checkpoint"),
        ("[]", "no checkpoint"),
        ('{"version":1}', "no checkpoint"),
        ('{"version":2,"colour":"red"}', "upgrade"),
        (b"\xff", "no checkpoint"),
    ],
)
def test_a_text_that_is_no_checkpoint_says_so(text, why):
    with pytest.raises(tw.CheckpointMismatch, match=why):
        tw.Checkpoint.from_json(text)


@pytest.mark.parametrize("size", [0, -1, 101])
async def test_a_page_size_out_of_range_is_refused_before_anything_is_sent(session, sandbox, size):
    with pytest.raises(tw.QueryError, match="between 1 and 100"):
        session.retweets(sandbox.tweet_id, max_results=size)
    assert not sandbox.requests


async def test_resuming_with_smaller_pages_and_stopping_at_once_repeats_nothing(session, sandbox):
    walk = session.retweets(sandbox.tweet_id, max_results=20, limit=60)
    ids = [(await anext(walk)).id for _ in range(15)]
    for _ in range(20):
        walk = session.retweets(
            sandbox.tweet_id, max_results=5, limit=60, resume=walk.checkpoint()
        )
        async for some in walk.pages():
            ids += [item.id for item in some.data]
            break
    assert len(ids) == len(set(ids)) == 60
    assert newest_first(ids)


@pytest.mark.parametrize("size", ["100", 50.5, True, None])
async def test_a_page_size_that_is_no_whole_number_is_refused(session, sandbox, size):
    with pytest.raises(tw.QueryError, match="between 1 and 100"):
        session.retweets(sandbox.tweet_id, max_results=size)


async def test_a_query_of_the_wrong_kind_is_refused(session):
    with pytest.raises(tw.QueryError, match="takes a TweetQuery, not UserQuery"):
        session.retweets(1, tw.UserQuery())
    with pytest.raises(tw.QueryError, match="takes a UserQuery, not TweetQuery"):
        session.retweeters(1, tw.TweetQuery())
    with pytest.raises(tw.CheckpointMismatch, match="from_json"):
        session.retweets(1, resume="{}")


async def test_a_checkpoint_of_ones_own_tweets_is_of_no_use_to_another_account(sandbox, manager):
    here, there = sandbox.new_account(), sandbox.new_account()
    mine = [sandbox.add_tweet(retweets=1, author=here) for _ in range(4)]
    walk = manager.session(here.oauth1).reposts_of_me(max_results=2)
    ids = [(await anext(walk)).id]
    point = tw.Checkpoint.from_json(walk.checkpoint().to_json())
    with pytest.raises(tw.CheckpointMismatch, match="another tweet or user"):
        manager.session(there.oauth1).reposts_of_me(max_results=2, resume=point)
    again = manager.session(here.oauth1).reposts_of_me(max_results=2, resume=point)
    assert sorted(ids + [tweet.id async for tweet in again]) == sorted(mine)

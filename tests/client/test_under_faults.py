"""The client against a sandbox that fails on command: what passes by itself, and what is told."""

import pytest

import twretweet as tw
from twretweet.sandbox import Fault
from twretweet.sandbox.faults.kinds import KINDS

pytestmark = pytest.mark.anyio

# What a walk gets over without anybody noticing.
PASSING = [
    "latency",
    "slow_body",
    "reset_before",
    "reset_within",
    "reset_after",
    "lost_reply",
    "cut_short",
    "broken_gzip",
    "unavailable",
    "skewed_date",
    "late_headers",
    "wrong_headers",
    "no_headers",
    "empty_page",
    "short_page",
    "missing_includes",
    "unknown_fields",
    "unknown_values",
]
TOLD = {
    "rate_limited": tw.TooManyRequests,
    "rate_limited_without_headers": tw.TooManyRequests,
    "rate_limited_with_remaining": tw.TooManyRequests,
    "repeated_token": tw.PaginationError,
    "expired_token": tw.InvalidRequest,
    "unauthorized": tw.Unauthorized,
    "usage_cap_exceeded": tw.UsageCapExceeded,
    "credits_depleted": tw.CreditsDepleted,
    "spend_cap_reached": tw.SpendCapReached,
    "client_not_enrolled": tw.ClientForbidden,
    "error": tw.Forbidden,
}


def test_every_kind_of_fault_is_here():
    assert {*PASSING, *TOLD} == set(KINDS)


@pytest.mark.parametrize("kind", PASSING)
async def test_a_walk_gets_over_it_with_every_retweet_once(sandbox, manager, kind):
    for after in (0, 4, 9):
        sandbox.faults.add(Fault(kind, after=after, count=2))
    session = manager.session(sandbox.app_only)
    # There are includes and enumerations to be missing and unknown.
    query = tw.TweetQuery().fields("reply_settings").author("username")
    walk = session.retweets(sandbox.tweet_id, query, max_results=50)
    ids = [retweet.id async for retweet in walk]
    assert len(ids) == len(set(ids)) == 1000
    assert [one.hits for one in sandbox.faults] == [2, 2, 2]


@pytest.mark.parametrize("kind", TOLD)
async def test_what_does_not_pass_is_told_and_the_walk_goes_on_when_it_is_over(
    sandbox, session, kind
):
    fault = sandbox.faults.add(Fault(kind, after=2))
    walk = session.retweets(sandbox.tweet_id)
    ids = []
    with pytest.raises(TOLD[kind]):
        async for retweet in walk:
            ids.append(retweet.id)
    assert 100 <= len(ids) < 1000
    fault.enabled = False
    ids += [retweet.id for retweet in await walk.collect()]
    assert len(ids) == len(set(ids)) == 1000


async def test_when_a_spending_cap_lifts_is_told(sandbox, session, clock):
    sandbox.faults.add(Fault("spend_cap_reached", seconds=10 * 86_400))
    with pytest.raises(tw.SpendCapReached) as caught:
        await session.me()
    assert caught.value.reset_at is not None
    assert 9 * 86_400 <= caught.value.reset_at - clock.time() <= 10 * 86_400


@pytest.mark.parametrize("kind", ["lost_reply", "reset_within", "cut_short", "broken_gzip"])
async def test_a_retweet_whose_reply_is_lost_counts_as_done(sandbox, session, kind):
    sandbox.faults.add(Fault(kind, endpoint="POST", count=1))
    result = await session.retweet(sandbox.tweet_id)
    assert result.retweeted
    assert [one.status for one in sandbox.requests if one.method == "POST"][-1] == 400
    assert sandbox._core.tweet(int(sandbox.tweet_id)).retweets.by_user(int(sandbox.me.user_id))


@pytest.mark.parametrize("kind", ["reset_before", "unavailable"])
async def test_a_retweet_that_was_not_done_is_done_again(sandbox, session, kind):
    sandbox.faults.add(Fault(kind, endpoint="POST", count=2))
    result = await session.retweet(sandbox.tweet_id)
    assert (result.retweeted, result.already) == (True, False)

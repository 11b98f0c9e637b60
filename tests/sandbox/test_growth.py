"""Retweets that come in by themselves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.growth import Growth

pytestmark = pytest.mark.anyio


async def test_they_come_at_their_own_moments_and_in_front(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=5, clock=clock, retweets_per_second=0.5)
    async with serving(sandbox, clock) as api:
        before = await api.get(f"{api.tweet}/retweets")
        clock.advance(7)
        after = await api.get(f"{api.tweet}/retweets", tweet__fields="created_at")
        assert after.ids[3:] == before.ids
        assert [one["created_at"] for one in after.body["data"][:3]] == [
            "2023-11-14T22:13:26.000Z",
            "2023-11-14T22:13:24.000Z",
            "2023-11-14T22:13:22.000Z",
        ]
        users = await api.get(f"{api.tweet}/retweeted_by")
        assert len(set(users.ids)) == 8
        for user in users.body["data"]:
            found = await api.get(f"/2/users/by/username/{user['username']}")
            assert found.body["data"]["id"] == user["id"]


async def test_a_walk_that_began_before_sees_what_was_there_then(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=20, clock=clock, retweets_per_second=3)
    async with serving(sandbox, clock) as api:
        ids: list[str] = []
        token: dict[str, object] = {}
        while True:
            page = await api.get(f"{api.tweet}/retweets", max_results=7, **token)
            ids += page.ids
            clock.advance(2)
            if "next_token" not in page.body["meta"]:
                break
            token = {"pagination_token": page.body["meta"]["next_token"]}
        assert len(ids) == len(set(ids)) == 20


async def test_real_retweets_and_those_are_told_apart(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=0, clock=clock, retweets_per_second=1)
    async with serving(sandbox, clock) as api:
        clock.advance(2)
        await api.retweet()
        clock.advance(2)
        users = (await api.get(f"{api.tweet}/retweeted_by")).ids
        assert users[2] == sandbox.me.user_id
        assert (await api.undo()).status == 200
        assert len((await api.get(f"{api.tweet}/retweeted_by")).ids) == 4


@given(st.lists(st.floats(0, 50), max_size=30), st.floats(0.001, 20))
def test_how_often_one_looks_changes_nothing(pauses: list[float], rate: float) -> None:
    often, once = Growth(rate, 1000.0), Growth(rate, 1000.0)
    now, moments = 1000.0, list[float]()
    for pause in pauses:
        now += pause
        new = list(often.due(now))
        assert all(moment <= now + 1e-6 for moment in new)
        moments += new
    assert moments == sorted(moments) == list(once.due(now))
    assert len(moments) == int((now - 1000.0) * rate)


def test_who_looks_after_years_is_not_drowned() -> None:
    growth = Growth(10_000, 0.0)
    moments = list(growth.due(1e9))
    assert len(moments) == 1_000_000
    assert 1e9 - 101 < moments[0] < moments[-1] <= 1e9
    assert not list(growth.due(1e9))
    assert len(list(growth.due(1e9 + 1))) == 10_000


@pytest.mark.parametrize("rate", [-1, 10_001, float("nan"), float("inf")])
def test_an_impossible_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="retweets_per_second is"):
        Sandbox(retweets_per_second=rate)

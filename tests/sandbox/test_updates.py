"""The limit of updates in a day, which v1.1 refuses with a code of its own."""

import pytest

from tests.sandbox.http import serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_v1_refuses_what_goes_beyond_the_updates_of_a_day(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=3, clock=clock, daily_updates=3), clock) as api:
        path = f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
        undo = path.replace("retweet/", "unretweet/")
        assert (await api.call("POST", path)).status == 200
        # Neither a refusal nor an undo is an update.
        assert (await api.call("POST", path)).codes == [327]
        assert (await api.call("POST", undo)).status == 200
        assert (await api.retweet()).status == 200
        assert (await api.call("POST", undo)).status == 200
        written = await api.call("POST", "/1.1/statuses/update.json", data="status=x")
        assert written.status == 200
        refused = [
            await api.call("POST", path),
            await api.call("POST", "/1.1/statuses/update.json", data="status=y"),
        ]
        for reply in refused:
            assert (reply.status, reply.codes) == (403, [185])
            assert reply.body["errors"][0]["message"] == (
                "User is over daily status update limit."
            )
            assert int(reply.headers["x-rate-limit-remaining"]) > 0
        # Others have their own, and the account has a new day.
        assert (await api.call("POST", path, who=api.sandbox.new_account())).status == 200
        clock.advance(86_400)
        assert (await api.call("POST", path)).status == 200


async def test_v1_refuses_what_somebody_wrote_lately(clock: ManualClock) -> None:
    async with serving(Sandbox(clock=clock), clock) as api:
        path = "/1.1/statuses/update.json"
        assert (await api.call("POST", path, data="status=Hello")).status == 200
        again = await api.call("POST", path, data="status=Hello")
        assert (again.status, again.codes) == (403, [187])
        assert again.body["errors"][0]["message"] == "Status is a duplicate."
        # Others may say the same, and after a while one may repeat oneself.
        other = api.sandbox.new_account()
        assert (await api.call("POST", path, data="status=Hello", who=other)).status == 200
        for number in range(20):
            assert (await api.call("POST", path, data=f"status={number}")).status == 200
        assert (await api.call("POST", path, data="status=Hello")).status == 200


async def test_an_account_has_2400_updates_in_a_day(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=3, clock=clock), clock) as api:
        state = api.sandbox._core.contents.state
        user = int(api.sandbox.me.user_id)
        for _ in range(2399):
            state.updates.count(user, clock.time())
        path = f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
        assert (await api.call("POST", path)).status == 200
        assert (await api.call("POST", path.replace("retweet/", "unretweet/"))).status == 200
        assert (await api.call("POST", path)).codes == [185]


def test_a_negative_number_of_updates_is_refused() -> None:
    with pytest.raises(ValueError, match="daily_updates is -1"):
        Sandbox(daily_updates=-1)

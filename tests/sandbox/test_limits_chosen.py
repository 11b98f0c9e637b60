"""Rate limits other than X's, of which an endpoint may have several."""

import pytest

from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Limit, Sandbox
from twretweet.sandbox.text import read_limits

pytestmark = pytest.mark.anyio
ME = "GET /2/users/me"
RETWEETS = "GET /2/tweets/:id/retweets"
DAY = 86_400


async def asked(api: Api, times: int) -> list[tuple[int, int]]:
    """Status and what is left of so many requests."""
    replies = [await api.get("/2/users/me") for _ in range(times)]
    return [(reply.status, reply.limit[1]) for reply in replies]


async def test_two_windows_of_an_endpoint_count_each_for_themselves(clock: ManualClock) -> None:
    limits = {ME: [Limit("user", 4, 900), Limit("user", 6, 10_800)]}
    async with serving(Sandbox(clock=clock, limits=limits), clock) as api:
        assert await asked(api, 5) == [(200, 3), (200, 2), (200, 1), (200, 0), (429, 0)]
        clock.advance(900)
        # The window of three hours goes on.
        assert await asked(api, 3) == [(200, 1), (200, 0), (429, 0)]
        clock.advance(10_800)
        assert await asked(api, 1) == [(200, 3)]


async def test_limits_of_an_endpoint_that_are_written_one_by_one_add_up(
    clock: ManualClock,
) -> None:
    limits = read_limits([f"{ME}=2/60", f"{ME}=3/900"])
    async with serving(Sandbox(clock=clock, limits=limits), clock) as api:
        assert await asked(api, 3) == [(200, 1), (200, 0), (429, 0)]
        clock.advance(60)
        assert await asked(api, 2) == [(200, 0), (429, 0)]


async def test_windows_that_are_open_are_told_apart_by_their_time(clock: ManualClock) -> None:
    limits = {ME: [Limit("user", 4), Limit("user", 6, 10_800), Limit("user", 9, DAY)]}
    async with serving(Sandbox(clock=clock, limits=limits), clock) as api:
        await asked(api, 1)
        opened = api.sandbox._core.contents.api.windows.opened(clock.time())
        assert [key[0] for key, _ in opened] == [ME, f"{ME} in 10800 seconds", f"{ME} in 24 hours"]


@pytest.mark.parametrize("seconds", [900, 10_800, DAY])
def test_two_that_count_the_same_in_the_same_time_are_refused(seconds: int) -> None:
    limits = [Limit("user", 4, seconds), Limit("app", 4, seconds), Limit("user", 5, seconds)]
    with pytest.raises(ValueError, match=f"has two of 'user' for {seconds} seconds"):
        Sandbox(limits={ME: limits})


async def test_a_limit_of_users_leaves_the_one_of_the_app(clock: ManualClock) -> None:
    sandbox = Sandbox(retweets=5, clock=clock, limits=read_limits([f"{RETWEETS}=5/900"]))
    async with serving(sandbox, clock) as api:
        assert (await api.get(f"{api.tweet}/retweets")).limit[:2] == (5, 4)
        assert (await api.get(f"{api.tweet}/retweets", sandbox.app_only)).limit[:2] == (75, 74)


async def test_an_empty_list_leaves_no_limit(clock: ManualClock) -> None:
    async with serving(Sandbox(clock=clock, limits={ME: []}), clock) as api:
        assert "x-rate-limit-limit" not in (await api.get("/2/users/me")).headers


def test_a_limit_of_no_endpoint_is_not_one_of_all() -> None:
    with pytest.raises(ValueError, match=r"limit '=1/900': there is no endpoint"):
        read_limits(["=1/900"])

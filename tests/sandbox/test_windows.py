"""The sandbox's rate limits, and whether the headers tell the truth about them."""

import math
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.sandbox.http import Api, Reply, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Limit, Sandbox
from twretweet.sandbox.windows import Slot, Windows

pytestmark = pytest.mark.anyio
NOW = 1_700_000_000


async def spend(api: Api, times: int, method: str, path: str, **options: object) -> list[Reply]:
    return [await api.call(method, path, **options) for _ in range(times)]  # type: ignore[arg-type]


async def test_the_headers_count_down_and_the_next_request_is_refused(api: Api) -> None:
    replies = await spend(api, 75, "GET", f"{api.tweet}/retweets")
    assert [reply.limit for reply in replies] == [(75, 74 - n, NOW + 900) for n in range(75)]
    assert {reply.status for reply in replies} == {200}
    refused = await api.get(f"{api.tweet}/retweets")
    assert refused.status == 429
    assert refused.limit == (75, 0, NOW + 900)
    assert refused.body == {
        "title": "Too Many Requests",
        "detail": "Too Many Requests",
        "type": "about:blank",
        "status": 429,
    }
    assert api.sandbox.rejected == 1


async def test_a_window_opens_at_its_first_request_and_ends_all_at_once(api: Api) -> None:
    api.clock.advance(100)
    path = f"{api.tweet}/retweets"
    assert (await api.get(path)).limit == (75, 74, NOW + 1000)
    api.clock.advance(899)
    assert (await api.get(path)).limit == (75, 73, NOW + 1000)
    api.clock.advance(1)
    assert (await api.get(path)).limit == (75, 74, NOW + 1900)


async def test_a_refused_request_takes_no_slot(api: Api) -> None:
    path = f"{api.tweet}/retweets"
    await spend(api, 75 + 10, "GET", path)
    assert api.sandbox.rejected == 10
    api.clock.advance(900)
    assert (await api.get(path)).limit == (75, 74, NOW + 1800)


@pytest.mark.parametrize("scale", [1.0, 1 / 300, 0.37])
@pytest.mark.parametrize("offset", [0.0, 0.25, 0.999])
async def test_the_reset_is_exact_to_the_second(scale: float, offset: float) -> None:
    clock = ManualClock(NOW + offset)
    async with serving(Sandbox(clock=clock, window_scale=scale), clock) as api:
        path = f"{api.tweet}/retweets"
        first = await api.get(path)
        reset = first.limit[2]
        assert reset == math.ceil(NOW + offset + 900 * scale)
        assert float(first.headers["x-sandbox-window-scale"]) == pytest.approx(scale)
        clock.advance(reset - clock.time() - 0.001)
        assert (await api.get(path)).limit == (75, 73, reset)
        clock.advance(reset - clock.time())
        assert (await api.get(path)).limit[1] == 74


async def test_writes_have_fifty_each_for_sending_and_undoing(api: Api) -> None:
    me, tweet_id = api.sandbox.me.user_id, api.sandbox.tweet_id
    undone = await spend(api, 50, "DELETE", f"/2/users/{me}/retweets/{tweet_id}")
    assert [reply.limit[:2] for reply in undone] == [(50, 49 - n) for n in range(50)]
    # Another tweet is in the same window.
    assert (await api.undo(tweet_id="20")).status == 429
    sent = [await api.retweet() for _ in range(51)]
    assert [reply.status for reply in sent] == [200, *49 * [400], 429]


async def test_each_account_has_windows_of_its_own_and_so_has_each_endpoint(api: Api) -> None:
    other = api.sandbox.new_account()
    assert (await api.get(f"{api.tweet}/retweets")).limit[1] == 74
    assert (await api.get(f"{api.tweet}/retweets", other)).limit[1] == 74
    assert (await api.get(f"{api.tweet}/retweeted_by")).limit[1] == 74
    assert (await api.get(f"{api.tweet}/retweets", api.sandbox.oauth2)).limit[1] == 73
    assert (await api.get("/2/tweets/20/retweets")).limit[1] == 72


async def test_the_app_has_a_window_beside_those_of_its_users(api: Api) -> None:
    app = api.sandbox.app_only
    await spend(api, 75, "GET", f"{api.tweet}/retweets", who=app)
    assert (await api.get(f"{api.tweet}/retweets", app)).status == 429
    assert (await api.get(f"{api.tweet}/retweets")).limit[1] == 74


@pytest.mark.parametrize(
    ("path", "user", "app"),
    [
        ("/2/tweets/20", 900, 450),
        ("/2/tweets/20/retweets", 75, 75),
        ("/2/tweets/20/retweeted_by", 75, 75),
        ("/2/users/by/username/TwitterDev", 900, 300),
        ("/2/users/me", 75, None),
        ("/2/users/reposts_of_me", 75, None),
    ],
)
async def test_the_limits_are_those_of_x_s_table(
    api: Api, path: str, user: int, app: int | None
) -> None:
    assert (await api.get(path)).limit == (user, user - 1, NOW + 900)
    if app is not None:
        assert (await api.get(path, api.sandbox.app_only)).limit == (app, app - 1, NOW + 900)


async def test_v1_shares_three_hours_with_written_statuses(api: Api) -> None:
    retweet = f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json"
    first = await api.call("POST", retweet)
    assert first.limit == (300, 299, NOW + 10_800)
    await spend(api, 299, "POST", "/1.1/statuses/update.json", data="status=x")
    refused = await api.call("POST", retweet)
    assert refused.status == 429
    assert refused.codes == [88]
    assert refused.limit == (300, 0, NOW + 10_800)
    # The 300 are the app's as well.
    other = await api.call("POST", retweet, who=api.sandbox.new_account())
    assert other.status == 429
    # No limit is stated for undoing, and v2 counts for itself.
    undone = await api.call("POST", retweet.replace("retweet/", "unretweet/"))
    assert undone.status == 200
    assert undone.limit == (40_000, 39_999, NOW + 900)
    assert (await api.retweet()).status == 200


async def test_of_several_windows_the_headers_tell_of_the_tightest(api: Api) -> None:
    path, other = "/1.1/statuses/update.json", api.sandbox.new_account()
    await spend(api, 10, "POST", path, data="status=x")
    api.clock.advance(60)
    reply = await api.call("POST", path, who=other, data="status=x")
    # The app has 289 left, the account 299.
    assert reply.limit == (300, 289, NOW + 10_800)


async def test_errors_of_a_known_caller_take_a_slot_and_carry_the_headers(api: Api) -> None:
    replies = [
        await api.get("/2/tweets/x/retweets"),
        await api.get("/2/tweets/20/retweets"),
        await api.get(f"{api.tweet}/retweets", foo=1),
    ]
    assert [reply.limit[1] for reply in replies] == [74, 73, 72]
    assert [entry.remaining for entry in api.sandbox.requests] == [74, 73, 72]


async def test_who_is_known_is_told_of_a_limit_wherever_they_come(api: Api) -> None:
    app = api.sandbox.app_only
    wrong = await api.get("/2/users/me", app)
    assert (wrong.status, wrong.limit) == (403, (40_000, 39_999, NOW + 900))
    nowhere = await api.get("/2/nowhere", app)
    assert (nowhere.status, nowhere.limit) == (404, (40_000, 39_998, NOW + 900))
    old = await api.call("POST", f"/1.1/statuses/retweet/{api.sandbox.tweet_id}.json", who=app)
    assert (old.status, old.limit[1]) == (403, 39_997)
    mine = await api.call("PUT", api.tweet)
    assert (mine.status, mine.limit) == (405, (40_000, 39_999, NOW + 900))
    # None of that counts where it belongs.
    assert (await api.get("/2/users/me")).limit[1] == 74
    assert (await api.get(api.tweet, app)).limit[1] == 449


async def test_who_is_unknown_is_told_of_none(api: Api) -> None:
    for path in ("/2/users/me", "/2/nowhere", "/1.1/nowhere.json"):
        reply = await api.send("GET", api.sandbox.url + path, {"Authorization": "Bearer wrong"})
        assert reply.status in {401, 404}
        assert not [name for name in reply.headers if "limit" in name.lower()]


slots = st.lists(
    st.builds(
        Slot,
        st.tuples(st.sampled_from("abc")),
        st.integers(1, 4),
        st.sampled_from([1, 3, 900]),
    ),
    min_size=1,
    max_size=3,
    unique_by=lambda slot: slot.key,
)


@given(
    st.lists(st.tuples(slots, st.floats(0, 400)), max_size=60),
    st.sampled_from([1.0, 1 / 300, 2.5]),
)
@settings(max_examples=100, deadline=None)
def test_no_window_ever_grants_more_than_its_limit(
    asked: list[tuple[list[Slot], float]], scale: float
) -> None:
    windows, now = Windows(scale), 1000.5
    # A plain model: when each window ends, and how many it granted.
    ends: dict[tuple[str, ...], tuple[int, int]] = {}
    for taken, wait in asked:
        now += wait
        standing = windows.take(taken, now)
        assert standing is not None
        left = {}
        for slot in taken:
            end, used = ends.get(slot.key, (0, 0))
            if now >= end:
                end, used = math.ceil(now + slot.seconds * scale), 0
            left[slot.key] = (end, used, slot.limit)
        assert standing.granted == all(used < limit for _, used, limit in left.values())
        if standing.granted:
            for key, (end, used, _) in left.items():
                ends[key] = (end, used + 1)
            left = {key: (end, used + 1, limit) for key, (end, used, limit) in left.items()}
        counts = [(end, max(0, limit - used)) for end, used, limit in left.values()]
        assert standing.remaining == min(count for _, count in counts)
        tightest = [end for end, count in counts if count == standing.remaining]
        assert standing.reset == max(tightest)


def test_windows_that_have_ended_are_forgotten() -> None:
    windows = Windows(1.0)
    for account in range(30_000):
        windows.take([Slot(("x", str(account)), 75, 900)], 1000.0 + account)
    assert len(windows._open) < 12_000


DAILY = {
    "POST /2/users/:id/retweets": [Limit("user", 5), Limit("user", 3, 86_400)],
    "GET /2/users/me": [Limit("user", 2, 86_400), Limit("app", 3, 86_400)],
    "GET /2/tweets/{id}": [],
}


def daily(reply: Reply, of: str) -> tuple[int, int, int]:
    limit, remaining, reset = (
        int(reply.headers[f"x-{of}-limit-24hour-{part}"])
        for part in ("limit", "remaining", "reset")
    )
    return limit, remaining, reset


async def test_windows_of_a_day_have_headers_of_their_own(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=3, clock=clock, limits=DAILY), clock) as api:
        first = await api.retweet()
        assert first.limit == (5, 4, NOW + 900)
        assert daily(first, "user") == (3, 2, NOW + 86_400)
        for _ in range(2):
            await api.undo()
            last = await api.retweet()
        assert (last.status, last.limit[1], daily(last, "user")[1]) == (200, 2, 0)
        refused = await api.retweet()
        assert (refused.status, refused.limit[1], daily(refused, "user")[1]) == (429, 2, 0)
        assert api.sandbox.requests[-1].remaining == 0
        clock.advance(900)
        refused = await api.retweet()
        assert (refused.status, refused.limit) == (429, (5, 5, NOW + 1800))
        clock.advance(86_400)
        await api.undo()
        assert (await api.retweet()).status == 200


async def test_windows_of_a_day_can_be_the_only_ones_and_the_app_s(clock: ManualClock) -> None:
    async with serving(Sandbox(retweets=3, clock=clock, limits=DAILY), clock) as api:
        reply = await api.get("/2/users/me")
        assert "x-rate-limit-limit" not in reply.headers
        assert daily(reply, "user") == (2, 1, NOW + 86_400)
        assert daily(reply, "app") == (3, 2, NOW + 86_400)
        await api.get("/2/users/me")
        assert (await api.get("/2/users/me")).status == 429
        other = api.sandbox.new_account()
        assert (await api.get("/2/users/me", other)).status == 200
        full = await api.get("/2/users/me", other)
        assert (full.status, daily(full, "user")[1], daily(full, "app")[1]) == (429, 1, 0)
        # Without a limit there is nothing to tell; the others have theirs.
        free = await api.get(api.tweet)
        assert not [name for name in free.headers if "limit" in name.lower()]
        assert (await api.get(f"{api.tweet}/retweets")).limit[0] == 75


@pytest.mark.parametrize("allowed", [25, 0])
async def test_a_window_from_a_snapshot_goes_by_the_limit_of_this_sandbox(
    clock: ManualClock, tmp_path: Path, allowed: int
) -> None:
    path, again = tmp_path / "state.jsonl", tmp_path / "again.jsonl"
    async with serving(Sandbox(clock=clock), clock) as api:
        for _ in range(40):
            await api.get("/2/users/me")
        api.sandbox.save(path)
    limits = {"GET /2/users/me": [Limit("user", allowed)]}
    async with serving(Sandbox(clock=clock, limits=limits, state=path), clock) as api:
        refused = await api.get("/2/users/me")
        # More were used than there are: none is left, and no fewer than none.
        assert (refused.status, refused.limit) == (429, (allowed, 0, NOW + 900))
        async with api.http.get(f"{api.sandbox.url}/__sandbox__/state") as reply:
            [bucket] = (await reply.json())["buckets"]
        assert (bucket["limit"], bucket["remaining"]) == (allowed, 0)
        api.sandbox.save(again)
    # Where the limit is X's again, nothing of what was used is forgotten.
    async with serving(Sandbox(clock=clock, state=again), clock) as api:
        assert (await api.get("/2/users/me")).limit == (75, 34, NOW + 900)


def test_impossible_limits_are_refused() -> None:
    with pytest.raises(ValueError, match=r"no endpoint is at 'GET /2/me'"):
        Sandbox(limits={"GET /2/me": []})
    for requests, seconds in ((-1, 900), (5, 0)):
        with pytest.raises(ValueError, match="requests must be 0 or more"):
            Limit("user", requests, seconds)
    with pytest.raises(ValueError, match="per is 'us': it must be one of user, app-only, app"):
        Limit("us", 5)  # type: ignore[arg-type]

"""The windows of the facts table against a sandbox that counts as X does."""

import anyio
import pytest

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Quirks, Sandbox

pytestmark = pytest.mark.anyio


async def all_at_once(count: int, call) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(call)


@pytest.mark.parametrize("scale", [1 / 300, 1.0])
@pytest.mark.parametrize("skew", [0.0, 600.0, -600.0])
async def test_80_reads_and_60_writes_of_one_user_see_no_429(scale, skew):
    server_clock, own_clock = LoopClock(), LoopClock(skew=skew)
    async with (
        Sandbox(
            retweets=10, window_scale=scale, clock=server_clock, quirks=Quirks(latency=0.05)
        ) as sandbox,
        tw.SessionManager(base_url=sandbox.url, clock=own_clock) as manager,
    ):
        # OAuth 2.0: X refuses OAuth 1.0a timestamps that are ten minutes off.
        session = manager.session(sandbox.oauth2)

        async def read() -> None:
            assert len(await session.retweets(sandbox.tweet_id).collect()) in (10, 11)

        async def write() -> None:
            assert (await session.retweet(sandbox.tweet_id)).retweeted

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(all_at_once, 80, read)
            tasks.start_soon(all_at_once, 60, write)
        elapsed = own_clock.monotonic()
        assert sandbox.rejected == 0
        assert [seen.status for seen in sandbox.requests].count(200) >= 80
        window = 900 * scale
        # One window is waited for, and no more than its rounding to whole seconds.
        assert window - 1 < elapsed < window + 4
        assert all(state.in_flight == state.waiting == 0 for state in manager.rate_limits())


async def test_all_slots_of_a_window_are_used_before_anyone_waits(session, sandbox, clock):
    async def read() -> None:
        await session.retweets(sandbox.tweet_id, max_results=1, limit=1).collect()

    await all_at_once(75, read)
    assert clock.monotonic() < 1
    [state] = [s for s in session.rate_limits() if s.window.startswith("retweets:")]
    assert (state.limit, state.remaining) == (75, 0)
    # The offset of the clocks is known to a second only, and nobody may come early.
    assert state.resets_at is not None
    assert 0 <= state.resets_at - (sandbox.requests[-1].time // 1 + 901) < 1


async def test_strangers_on_the_same_account_are_noticed_and_waited_for(sandbox, clock):
    async with (
        tw.SessionManager(base_url=sandbox.url, clock=clock) as ours,
        tw.SessionManager(base_url=sandbox.url, clock=clock) as strangers,
    ):
        stranger = strangers.session(sandbox.oauth1)
        for _ in range(30):
            await stranger.retweets(sandbox.tweet_id, limit=1).collect()
        session = ours.session(sandbox.oauth1)

        async def read() -> None:
            await session.retweets(sandbox.tweet_id, limit=1).collect()

        await all_at_once(50, read)
    assert sandbox.rejected == 0
    assert clock.monotonic() > 890


async def test_reads_go_on_while_writes_wait(session, sandbox, clock):
    async def write() -> None:
        await session.retweet(sandbox.tweet_id)

    done: list[float] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(all_at_once, 51, write)
        await anyio.sleep(1)
        await session.retweets(sandbox.tweet_id).collect()
        await session.undo_retweet(sandbox.tweet_id)
        done.append(clock.monotonic())
    assert done[0] < 5
    assert clock.monotonic() > 890


async def test_a_wait_longer_than_max_wait_raises_before_anything_is_sent(sandbox, clock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock, max_wait=60) as manager:
        session = manager.session(sandbox.oauth1)
        for _ in range(75):
            await session.retweets(sandbox.tweet_id, limit=1).collect()
        before = len(sandbox.requests)
        walk = session.retweets(sandbox.tweet_id)
        with pytest.raises(tw.RateLimitExceeded) as caught:
            await walk.collect()
        assert len(sandbox.requests) == before
        error = caught.value
        assert error.bucket.startswith("retweets of user")
        assert error.reset_at == pytest.approx(clock.time() + error.wait)
        # A window ends on a whole second, and the clocks may run apart until then.
        assert 890 < error.wait <= 901 + 0.1
        assert error.ahead == 0
        await anyio.sleep(error.wait)
        assert len(await walk.collect()) == 1000, "the same walk goes on"


async def test_v1_retweets_take_a_slot_of_the_user_and_of_the_app(sandbox, clock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        first = manager.session(sandbox.oauth1)
        second = manager.session(sandbox.new_account().oauth1)

        async def tweet_by(session: tw.Session) -> None:
            await session.v1.retweet(sandbox.tweet_id)

        for _ in range(200):
            await tweet_by(first)
        assert clock.monotonic() < 10
        # The app has 100 slots left, so the last one of 101 waits for three hours.
        for _ in range(100):
            await tweet_by(second)
        assert clock.monotonic() < 20
        await tweet_by(second)
        assert clock.monotonic() > 10_000
    assert sandbox.rejected == 0


async def test_the_app_alone_counts_in_a_window_of_its_own(sandbox, clock):
    async with tw.SessionManager(base_url=sandbox.url, clock=clock) as manager:
        user, app = manager.session(sandbox.oauth1), manager.session(sandbox.app_only)
        for session in (user, app):
            for _ in range(75):
                await session.retweets(sandbox.tweet_id, limit=1).collect()
    assert clock.monotonic() < 10
    assert sandbox.rejected == 0

"""Clocks that are moved on: hours in milliseconds, over real sockets."""

import asyncio
import threading
import time
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

import twretweet as tw
from tests.sandbox.http import Api, serving
from tests.support.clock import ManualClock
from twretweet.sandbox import Fault, MovableClock, Quirks, Sandbox, VirtualClock


def test_a_walk_waits_for_windows_and_takes_no_time() -> None:
    clock = VirtualClock()

    async def main() -> int:
        async with (
            Sandbox(
                retweets=20_000,
                clock=clock,
                faults=[Fault("slow_body", seconds=1, probability=0.05, seed=1)],
            ) as x,
            tw.SessionManager(base_url=x.url, clock=clock) as manager,
        ):
            walk = manager.session(x.oauth1).retweets(x.tweet_id)
            ids = {retweet.id async for retweet in walk}
            assert x.rejected == 0
            assert not x.failures
            return len(ids)

    before = clock.time()
    assert clock.run(main) == 20_000
    # 200 pages, 75 in each quarter of an hour.
    assert 1800 < clock.time() - before < 2200


def test_all_timers_of_its_loop_follow_it_in_order() -> None:
    clock = VirtualClock(start=1000.0)
    woken: list[tuple[str, float]] = []

    async def sleeper(name: str, seconds: float) -> None:
        await (clock.sleep(seconds) if name == "clock" else asyncio.sleep(seconds))
        woken.append((name, clock.time()))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(sleeper, "clock", 3600)
            tasks.start_soon(sleeper, "asyncio", 60)
            tasks.start_soon(sleeper, "clock", 7200.5)
            with anyio.move_on_after(120):
                await anyio.sleep_forever()
            woken.append(("deadline", clock.time()))

    clock.run(main)
    assert [name for name, _ in woken] == ["asyncio", "deadline", "clock", "clock"]
    assert [at for _, at in woken] == pytest.approx([1060, 1120, 4600, 8200.5])
    assert clock.monotonic() == pytest.approx(7200.5)


def test_it_stands_still_while_a_thread_is_at_work() -> None:
    clock = VirtualClock()
    go = threading.Event()

    def work() -> str:
        assert go.wait(60)
        return "done"

    async def main() -> None:
        timer = threading.Timer(0.05, go.set)
        timer.start()
        with anyio.fail_after(5):
            assert await anyio.to_thread.run_sync(work) == "done"
        go.clear()
        timer = threading.Timer(0.05, go.set)
        timer.start()
        async with asyncio.timeout(5):
            assert await asyncio.get_running_loop().run_in_executor(None, work) == "done"

    clock.run(main)
    assert clock.monotonic() == 0


def test_a_wait_ends_with_its_event_or_its_time() -> None:
    clock = VirtualClock()

    async def main() -> None:
        event = anyio.Event()
        await clock.wait(event, 30)
        assert clock.monotonic() == pytest.approx(30)
        event.set()
        await clock.wait(event, 30)
        assert clock.monotonic() == pytest.approx(30)
        clock.advance(70)
        assert clock.monotonic() == pytest.approx(100)

    clock.run(main)


def test_on_another_loop_it_says_how_to_start_it() -> None:
    clock, other = VirtualClock(), VirtualClock()

    async def main() -> None:
        with pytest.raises(RuntimeError, match=r"clock\.run"):
            await clock.sleep(1)
        with pytest.raises(RuntimeError, match=r"clock\.run"):
            await clock.wait(anyio.Event(), 1)

    anyio.run(main)
    other.run(main)


def test_its_loop_serves_a_runner_and_time_goes_on_in_the_next() -> None:
    clock = VirtualClock()
    for expected in (10, 20):
        with asyncio.Runner(loop_factory=clock.new_loop) as runner:
            runner.run(asyncio.sleep(10))
        assert clock.monotonic() == pytest.approx(expected)


@pytest.mark.parametrize("clock", [VirtualClock(), MovableClock()])
@pytest.mark.parametrize("seconds", [-1, float("nan"), float("inf")])
def test_no_clock_runs_backwards(clock: VirtualClock | MovableClock, seconds: float) -> None:
    with pytest.raises(ValueError, match="0 seconds or more"):
        clock.advance(seconds)


@pytest.mark.anyio
async def test_moving_the_machine_s_clock_on_wakes_who_waits_for_then() -> None:
    clock = MovableClock()
    lead = clock.time() - time.time()
    woken: list[int] = []

    async def sleeper(hours: int) -> None:
        await clock.sleep(3600 * hours)
        woken.append(hours)

    async with anyio.create_task_group() as tasks:
        for hours in (1, 2, 3):
            tasks.start_soon(sleeper, hours)
        await anyio.wait_all_tasks_blocked()
        clock.advance(2 * 3600 + 1)
        with anyio.fail_after(5):
            while len(woken) < 2:
                await anyio.lowlevel.checkpoint()
        await anyio.wait_all_tasks_blocked()
        assert sorted(woken) == [1, 2]
        assert clock.time() - time.time() - lead == pytest.approx(7201, abs=1)
        tasks.cancel_scope.cancel()
    # Whoever was cancelled is waited for no more.
    assert not clock._waits


@pytest.mark.anyio
async def test_a_sandbox_moved_on_opens_its_windows_and_ends_its_tokens() -> None:
    sandbox = Sandbox(retweets=5)
    async with serving(sandbox, ManualClock()) as api:
        api.clock = sandbox.clock  # type: ignore[assignment]
        account = sandbox.new_account()
        for _ in range(50):
            assert (await api.retweet(account)).status in {200, 400}
        assert (await api.retweet(account)).status == 429
        sandbox.advance(901)
        assert (await api.undo(account)).status == 200
        assert (await api.retweet(account)).status == 200


@pytest.mark.anyio
async def test_who_signs_with_the_time_from_before_is_still_believed() -> None:
    sandbox = Sandbox(retweets=5)
    async with serving(sandbox, ManualClock()) as api:
        url = api.url(api.tweet, {})
        sandbox.advance(86_400)
        for timestamp, status in (
            (time.time(), 200),
            (time.time() + 86_400, 200),
            (time.time() + 43_200, 401),
            (time.time() - 3600, 401),
        ):
            headers = api.sign("GET", url, sandbox.oauth1, timestamp=timestamp)
            assert (await api.send("GET", url, headers)).status == status


@pytest.mark.anyio
async def test_a_token_of_the_flow_expires_when_the_clock_is_moved() -> None:
    from tests.sandbox.signin import SignIn  # noqa: PLC0415

    sandbox = Sandbox(token_lifetime=7200)
    async with serving(sandbox, ManualClock()) as api:
        sign = SignIn(api)
        token = (await sign.sign_in())["access_token"]
        sandbox.advance(7100)
        assert await sign.works(token)
        sandbox.advance(101)
        assert not await sign.works(token)


def test_a_clock_of_one_s_own_that_stands_still_can_not_be_moved() -> None:
    class Fixed:
        def time(self) -> float:
            return 1_700_000_000.0

        def monotonic(self) -> float:
            return 0.0

        async def sleep(self, seconds: float) -> None:
            raise AssertionError

        async def wait(self, event: anyio.Event, seconds: float) -> None:
            raise AssertionError

    with pytest.raises(TypeError, match="Fixed can't be moved on"):
        Sandbox(clock=Fixed()).advance(1)


@pytest.mark.parametrize("seconds", [-1, float("nan"), 1e12])
def test_a_sandbox_is_not_moved_back_nor_out_of_the_calendar(seconds: float) -> None:
    with pytest.raises(ValueError, match="advance is"):
        Sandbox().advance(seconds)


def test_latency_and_files_work_on_virtual_time(tmp_path: Path) -> None:
    clock = VirtualClock()

    async def main() -> None:
        sandbox = Sandbox(clock=clock, quirks=Quirks(latency=10))
        async with serving(sandbox, ManualClock()) as api:
            api.clock = clock  # type: ignore[assignment]
            assert isinstance(api, Api)
            assert (await api.get(api.tweet)).status == 200
        assert clock.monotonic() == pytest.approx(10)
        async with await anyio.open_file(tmp_path / "kept", "w") as file:
            await file.write("x")

    clock.run(main)
    assert (tmp_path / "kept").read_text() == "x"

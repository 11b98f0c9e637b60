"""Pace, deadlines, snapshots, and what is forgotten."""

from functools import partial
from itertools import pairwise

import anyio
import anyio.lowlevel
import pytest

from tests.limits.scene import Scene, bucket
from tests.support.virtual_time import LoopClock
from twretweet.errors import QueryError, RateLimitExceeded
from twretweet.limits import MemoryLimiter
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio


@pytest.fixture
async def scene():
    async with anyio.create_task_group() as tasks:
        yield Scene(tasks)
        tasks.cancel_scope.cancel()


@pytest.fixture
def anyio_backend(virtual_time):
    return virtual_time


NOTHING = RateHeaders()


def told(clock: LoopClock, limit: int, remaining: int, ends_in: float = 900) -> RateHeaders:
    now = int(clock.time())
    return RateHeaders(WindowReport(limit, remaining, now + int(ends_in)), None, None, now)


async def test_an_even_pace_spreads_the_slots_to_the_end_of_the_window():
    clock = LoopClock(epoch=1_700_000_000.0)
    limiter = MemoryLimiter(clock=clock, pace="even")
    ann, times = bucket("ann", limit=10), []
    for number in range(25):
        permit = await limiter.acquire(ann, max_wait=None)
        times.append(clock.monotonic())
        used = number % 10 + 1
        opened = times[number - number % 10]
        permit.settle(told(clock, 10, 10 - used, opened + 900 - clock.monotonic()))
    pauses = [later - earlier for earlier, later in pairwise(times)]
    assert pauses == pytest.approx([90] * 24, abs=2)


async def test_at_an_even_pace_a_wait_is_too_long_for_who_stands_far_behind():
    clock = LoopClock(epoch=1_700_000_000.0)
    limiter, ann = MemoryLimiter(clock=clock, pace="even"), bucket("ann", limit=10)
    (await limiter.acquire(ann, max_wait=None)).settle(told(clock, 10, 9))
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(partial(limiter.acquire, ann, max_wait=None))
        await anyio.lowlevel.checkpoint()
        with pytest.raises(RateLimitExceeded) as caught:
            await limiter.acquire(ann, max_wait=400)
        assert caught.value.ahead == 4
        assert caught.value.wait == pytest.approx(5 * 90, abs=12)
        tasks.cancel_scope.cancel()


async def test_at_an_even_pace_nobody_is_refused_by_a_guess_at_the_end_of_the_window():
    clock = LoopClock(epoch=1_700_000_000.0)
    limiter, ann = MemoryLimiter(clock=clock, pace="even"), bucket("ann", limit=10)
    opener = await limiter.acquire(ann, max_wait=None)
    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(partial(limiter.acquire, ann, max_wait=None))
        await anyio.lowlevel.checkpoint()
        tasks.start_soon(partial(limiter.acquire, ann, max_wait=300))
        await anyio.lowlevel.checkpoint()
        opener.settle(told(clock, 10, 9, ends_in=20))
        await anyio.sleep(20)
        [state] = limiter.states([ann])
        assert (state.in_flight, state.waiting) == (5, 0)
        tasks.cancel_scope.cancel()


async def test_a_pace_that_does_not_exist_is_refused():
    with pytest.raises(QueryError, match="'burst' or 'even'"):
        MemoryLimiter(pace="slow")


async def test_a_deadline_before_the_reset_is_told_at_once():
    clock = LoopClock()
    limiter = MemoryLimiter(clock=clock)
    ann = bucket("ann", limit=1)
    (await limiter.acquire(ann, max_wait=None)).settle(told(clock, 1, 0))
    before = clock.monotonic()
    with pytest.raises(RateLimitExceeded) as caught, anyio.fail_after(60):
        await limiter.acquire(ann, max_wait=None)
    assert clock.monotonic() == before
    assert 899 < caught.value.wait < 902


async def test_a_deadline_after_the_reset_is_waited_for():
    clock = LoopClock()
    limiter = MemoryLimiter(clock=clock)
    ann = bucket("ann", limit=1)
    (await limiter.acquire(ann, max_wait=None)).settle(told(clock, 1, 0))
    with anyio.fail_after(1000):
        (await limiter.acquire(ann, max_wait=None)).give_back()
    assert clock.monotonic() > 899


async def test_a_restarted_program_remembers_the_windows_that_are_open():
    clock = LoopClock()
    before = MemoryLimiter(clock=clock)
    ann, bob = bucket("ann", limit=5), bucket("bob", limit=5)
    for left in (4, 3, 2):
        (await before.acquire(ann, max_wait=None)).settle(told(clock, 5, left))
    (await before.acquire(bob, max_wait=None)).settle(told(clock, 5, 4, ends_in=10))
    snapshot = before.snapshot()
    await anyio.sleep(30)
    after = MemoryLimiter(clock=clock)
    after.restore(snapshot)
    [state] = after.states([ann])
    assert (state.limit, state.remaining) == (5, 2)
    assert state.resets_at == before.states([ann])[0].resets_at
    assert after.states([bob])[0].remaining == 5, "that window is over"
    for _ in range(2):
        await after.acquire(ann, max_wait=0)
    with pytest.raises(RateLimitExceeded):
        await after.acquire(ann, max_wait=0)


async def test_a_restarted_program_keeps_backing_off():
    clock = LoopClock()
    before, ann = MemoryLimiter(clock=clock), bucket("ann", limit=50)
    (await before.acquire(ann, max_wait=None)).settle(told(clock, 50, 49))
    for wait in (5.0, 10.0):
        (await before.acquire(ann, max_wait=None)).settle(NOTHING, refused=True)
        after = MemoryLimiter(clock=clock)
        after.restore(before.snapshot())
        with pytest.raises(RateLimitExceeded) as caught:
            await after.acquire(ann, max_wait=0)
        assert caught.value.wait == pytest.approx(wait)
    (await after.acquire(ann, max_wait=10.1)).settle(NOTHING, refused=True)
    with pytest.raises(RateLimitExceeded) as caught:
        await after.acquire(ann, max_wait=0)
    assert caught.value.wait == pytest.approx(20.0)


@pytest.mark.parametrize("limit", [50, None])
async def test_a_back_off_outlives_a_restart_where_no_window_was_open(limit):
    clock = LoopClock()
    before, ann = MemoryLimiter(clock=clock), bucket("ann", limit=limit)
    (await before.acquire(ann, max_wait=None)).settle(NOTHING, refused=True)
    after = MemoryLimiter(clock=clock)
    after.restore(before.snapshot())
    with pytest.raises(RateLimitExceeded) as caught:
        await after.acquire(ann, max_wait=0)
    assert caught.value.wait == pytest.approx(5.0)


async def test_looking_at_a_bucket_makes_no_window():
    limiter = MemoryLimiter(clock=LoopClock())
    [state] = limiter.states([bucket("ann", limit=5)])
    assert (state.limit, state.remaining, state.resets_at) == (5, 5, None)
    assert limiter.states() == []


RECORD = '{"key":"k","limit":5,"seconds":900,"used":%d,"ends_at":1,"reset":1}'
TOO_LONG = (RECORD % 1).replace("900", "1e9")


@pytest.mark.parametrize(
    "text", ["", "{}", '[{"key": 1}]', b"\xff", f"[{RECORD % -1}]", f"[{TOO_LONG}]"]
)
async def test_what_is_no_snapshot_is_refused(text):
    with pytest.raises(QueryError, match="no snapshot"):
        MemoryLimiter().restore(text)


async def test_of_two_records_of_a_window_the_one_that_leaves_less_is_believed():
    clock = LoopClock()
    limiter, ann = MemoryLimiter(clock=clock), bucket("ann", limit=5)
    records = [
        f'{{"key":"read:ann","limit":5,"seconds":900,"used":{used},"ends_at":{clock.time() + 60},'
        '"reset":1}'
        for used in (1, 4, 2)
    ]
    limiter.restore(f"[{','.join(records)}]")
    assert limiter.states([ann])[0].remaining == 1


async def test_accounts_that_do_nothing_are_forgotten():
    clock = LoopClock()
    limiter = MemoryLimiter(clock=clock)
    for number in range(5000):
        permit = await limiter.acquire(bucket(f"user{number}"), max_wait=None)
        permit.settle(told(clock, 2, 1))
        if number % 50 == 49:
            await anyio.sleep(50)
    assert len(limiter.states()) < 3000
    kept = {state.window for state in limiter.states()}
    assert {f"read:user{number}" for number in range(4200, 5000)} <= kept, "these are open"


async def test_a_window_in_use_is_never_forgotten():
    clock = LoopClock()
    limiter = MemoryLimiter(clock=clock)
    held = await limiter.acquire(bucket("ann"), max_wait=None)
    for number in range(3000):
        (await limiter.acquire(bucket(f"user{number}"), max_wait=None)).give_back()
        if number % 50 == 49:
            await anyio.sleep(500)
    [state] = [state for state in limiter.states() if state.window == "read:ann"]
    assert state.in_flight == 1
    held.settle(told(clock, 2, 1))
    assert limiter.states([bucket("ann")])[0].in_flight == 0


@pytest.mark.parametrize("others", [1021, 1022, 1023])
async def test_a_day_that_x_tells_of_survives_a_sweep_in_the_same_moment(others):
    clock = LoopClock()
    limiter = MemoryLimiter(clock=clock)
    for number in range(others):
        permit = await limiter.acquire(bucket(f"user{number}"), max_wait=None)
        permit.settle(told(clock, 2, 1))
    ann = bucket("ann")
    reset = int(clock.time() + 80_000)
    days = {"user_day": WindowReport(9, 0, reset), "app_day": WindowReport(900, 899, reset)}
    (await limiter.acquire(ann, max_wait=None)).settle(RateHeaders(**days))
    with pytest.raises(RateLimitExceeded):
        await limiter.acquire(ann, max_wait=60)

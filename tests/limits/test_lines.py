"""Who gets a slot, and when: the same in one process and over Redis."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable

import anyio
import pytest

from tests.limits.scene import bucket, full
from tests.support.clock import ManualClock
from twretweet.limits import Bucket, MemoryLimiter, Permit, WindowSpec
from twretweet.protocol.headers import RateHeaders, WindowReport

pytestmark = pytest.mark.anyio

NOTHING = RateHeaders()


def settle_untold(permit: Permit) -> None:
    permit.settle(NOTHING)


def comers() -> tuple[MemoryLimiter, Callable[[str, Bucket], Awaitable[None]], list[str]]:
    """A limiter, how to come to it for a slot to keep, and who got one, in order."""
    limiter, order = MemoryLimiter(clock=ManualClock()), list[str]()

    async def come(name: str, one: Bucket) -> None:
        await limiter.acquire(one, max_wait=None)
        order.append(name)

    return limiter, come, order


async def test_first_come_first_served(scene):
    ann = await full(scene, limit=3)
    for name in "abcde":
        await scene.ask(name, ann)
    assert scene.granted == []
    await scene.advance(900)
    assert scene.granted == ["a"]  # alone, since it opens the window
    await scene.settle("a", scene.says(3, 2))
    assert scene.granted == ["a", "b", "c"]
    await scene.advance(899)
    assert scene.granted == ["a", "b", "c"]
    await scene.settle("b", scene.says(3, 1, 1))
    await scene.settle("c", scene.says(3, 0, 1))
    await scene.advance(1)
    await scene.settle("d", scene.says(3, 2))
    assert scene.granted == ["a", "b", "c", "d", "e"]


async def test_nobody_slips_in_between_two_who_wait_for_a_window_that_buckets_share():
    shared = (WindowSpec("app", 3, 900),)
    ann, bob = (Bucket(name, name, "read", shared, "app", name, "day") for name in ("ann", "bob"))
    limiter, come, order = comers()
    opener = await limiter.acquire(ann, max_wait=None)
    async with anyio.create_task_group() as tasks:
        for name in ("a1", "a2", "a3"):
            tasks.start_soon(come, name, ann)
        await anyio.wait_all_tasks_blocked()
        opener.settle(RateHeaders(WindowReport(3, 2, 900), None, None, 0))
        while "a1" not in order:
            await asyncio.sleep(0)
        assert limiter.take(bob) is None, "a2 came before"
        await anyio.wait_all_tasks_blocked()
        assert order == ["a1", "a2"]
        tasks.cancel_scope.cancel()


async def test_the_first_hands_slots_to_those_behind_it_without_their_asking():
    ann = Bucket("ann", "ann", "read", (WindowSpec("ann", 4, 900),), "ann", "day:ann", "day")
    limiter, come, order = comers()
    opener = await limiter.acquire(ann, max_wait=None)
    async with anyio.create_task_group() as tasks:
        for name in ("a1", "a2", "a3", "a4"):
            tasks.start_soon(come, name, ann)
        await anyio.wait_all_tasks_blocked()
        opener.settle(RateHeaders(WindowReport(4, 3, 900), None, None, 0))
        while "a1" not in order:
            await asyncio.sleep(0)
        [state] = limiter.states([ann])
        assert (order, state.in_flight) == (["a1"], 3), "a2 and a3 have slots, and sleep"
        await anyio.wait_all_tasks_blocked()
        assert order == ["a1", "a2", "a3"]
        tasks.cancel_scope.cancel()


async def test_who_is_cancelled_as_it_is_handed_a_slot_gives_it_to_the_next():
    ann = Bucket("ann", "ann", "read", (WindowSpec("ann", 3, 900),), "ann", "day:ann", "day")
    limiter, come, order = comers()
    opener = await limiter.acquire(ann, max_wait=None)
    tasks = [asyncio.create_task(come(name, ann)) for name in ("a1", "a2", "a3")]
    await anyio.wait_all_tasks_blocked()
    opener.settle(RateHeaders(WindowReport(3, 2, 900), None, None, 0))
    while "a1" not in order:
        await asyncio.sleep(0)
    assert limiter.states([ann])[0].in_flight == 2, "a2 has a slot, and sleeps"
    tasks[1].cancel()
    await anyio.wait_all_tasks_blocked()
    assert tasks[1].cancelled()
    assert order == ["a1", "a3"]
    assert limiter.states([ann])[0].in_flight == 2


async def test_nobody_is_handed_a_slot_of_a_window_for_which_another_bucket_s_caller_came_before():
    app = WindowSpec("app", 10, 900)
    ann, bob = (
        Bucket(name, name, "read", (WindowSpec(name, 50, 900), app), "app", f"day:{name}", "day")
        for name in ("ann", "bob")
    )
    both = Bucket("app", "app", "read", (app,), "app", "day:app", "day")
    limiter, come, order = comers()
    opener = await limiter.acquire(both, max_wait=None)
    opener.settle(RateHeaders(WindowReport(10, 4, 900), None, None, 0))
    openers = [await limiter.acquire(one, max_wait=None) for one in (bob, ann)]
    async with anyio.create_task_group() as tasks:
        for name, one in (("b1", bob), ("a1", ann), ("b2", bob), ("a2", ann)):
            tasks.start_soon(come, name, one)
        await anyio.wait_all_tasks_blocked()
        for each in openers:  # both heads are woken at once, and registered apart
            each.settle(RateHeaders(WindowReport(50, 49, 900), None, None, 0))
        await anyio.wait_all_tasks_blocked()
        assert order == ["b1", "a1"]
        tasks.cancel_scope.cancel()


async def test_who_comes_while_others_wait_goes_to_the_end_even_with_room(scene):
    ann = await full(scene)
    await scene.ask("waits", ann)
    scene.clock.advance(900)  # nobody has woken yet
    scene.come("late", ann)
    await scene.rest()
    assert scene.granted == ["waits"]


async def test_a_thousand_waiters_are_served_in_order_over_many_windows(scene):
    ann = await full(scene, limit=75)
    for number in range(1000):
        scene.come(number, ann)
    await scene.rest()
    windows = 0
    while len(scene.granted) < 1000:
        await scene.advance(900)
        windows += 1
        used = 0
        while scene.permits:
            used += 1
            await scene.settle(next(iter(scene.permits)), scene.says(75, 75 - used))
        assert used == (75 if len(scene.granted) < 1000 else 1000 - 13 * 75)
    assert scene.granted == list(range(1000))
    assert windows == 14
    assert scene.held() == scene.waiting() == 0


async def test_other_buckets_never_wait_behind(scene):
    ann = await full(scene)
    await scene.ask("ann", ann)
    await scene.ask("bob", bucket("bob"))
    assert scene.granted == ["bob"]


# -- all windows or none --------------------------------------------------------------------


async def test_a_shared_window_is_served_in_order_of_arrival(scene):
    await full(scene, limit=2, app=2, user="zoe")
    users = [bucket(f"u{number}", limit=5, app=2) for number in range(5)]
    order = [0, 3, 1, 0, 4, 2, 3]
    for turn, user in enumerate(order):
        await scene.ask(turn, users[user])
    assert scene.granted == []
    for _ in range(20):
        await scene.advance(901)
        for name in list(scene.permits):
            await scene.settle(name, scene.says(5, 4))
    assert scene.granted == list(range(len(order)))


async def test_a_user_whose_own_window_is_full_holds_up_nobody_else(scene):
    ann = await full(scene, limit=1, app=10)
    bob = bucket("bob", limit=5, app=10)
    await scene.ask("ann", ann)
    await scene.ask("bob", bob)
    assert scene.granted == ["bob"]
    assert scene.room(bob)["app"] == 8


async def test_a_request_refused_by_one_window_takes_nothing_of_the_other(scene):
    ann = await full(scene, limit=5, app=5)
    bob = bucket("bob", limit=5, app=5)
    before = scene.room(bob)
    await scene.ask("bob", bob)
    assert scene.granted == []
    assert scene.room(bob) == before
    assert scene.held() == 0
    assert scene.room(ann)["app"] == 0


async def test_a_slot_of_the_shared_window_given_back_goes_to_who_came_first(scene):
    ann, bob, cyd = (bucket(name, limit=9, app=2) for name in ("ann", "bob", "cyd"))
    await scene.open(ann)
    await scene.ask("holds", ann)
    await scene.ask("cyd", cyd)
    await scene.ask("bob", bob)
    assert scene.granted == ["holds"]
    scene.permits["holds"].give_back()
    await scene.rest()
    assert scene.granted == ["holds", "cyd"]


# -- leaving the line -----------------------------------------------------------------------


@pytest.mark.parametrize("gone", list(itertools.product([False, True], repeat=4)))
async def test_cancelled_waiters_leave_no_trace_whichever_they_are(scene, gone):
    ann = await full(scene, limit=4)
    for name in range(4):
        await scene.ask(name, ann)
    for name, cancelled in enumerate(gone):
        if cancelled:
            scene.scopes[name].cancel()
    await scene.rest()
    assert scene.waiting() == gone.count(False)
    await scene.advance(900)
    if scene.granted:
        await scene.settle(scene.granted[0], scene.says(4, 3))
    assert scene.granted == [name for name in range(4) if not gone[name]]
    assert scene.waiting() == 0
    assert scene.held() == max(gone.count(False) - 1, 0)


async def test_a_head_cancelled_as_its_turn_comes_hands_it_on(scene):
    ann = await full(scene)
    for name in "abc":
        await scene.ask(name, ann)
    scene.clock.advance(900)  # a's timer has fired, a has not run yet
    scene.scopes["a"].cancel()
    await scene.rest()
    assert scene.granted == ["b"]
    await scene.settle("b", scene.says(2, 1))
    assert scene.granted == ["b", "c"]


async def test_a_head_cancelled_as_an_answer_wakes_it_hands_its_turn_on(scene):
    ann = bucket("ann", limit=2)
    for name in "abc":
        await scene.ask(name, ann)
    assert scene.granted == ["a"]
    scene.permits["a"].settle(scene.says(2, 1))  # b is woken, and has not run yet
    scene.scopes["b"].cancel()
    await scene.rest()
    assert scene.granted == ["a", "c"]


async def test_the_first_of_a_shared_window_cancelled_as_it_is_woken_hands_its_turn_on(scene):
    ann, bob, cyd = (bucket(name, limit=9, app=2) for name in ("ann", "bob", "cyd"))
    await scene.open(ann)
    await scene.ask("holds", ann)
    await scene.ask("bob", bob)
    await scene.ask("cyd", cyd)
    scene.permits["holds"].give_back()
    scene.scopes["bob"].cancel()
    await scene.rest()
    assert scene.granted == ["holds", "cyd"]


async def test_a_slot_that_the_woken_head_can_no_longer_use_goes_to_the_next(scene):
    """Between waking and running, the head's own window fills up by an answer elsewhere."""
    ann = bucket("ann", limit=9, app=2)
    bob, cyd = bucket("bob", limit=9, app=2), bucket("cyd", limit=9, app=2)
    own = bucket("bob", limit=9)
    other = own.__class__("other:bob", "other of bob", "other", own.windows, "app", "d", "e")
    await scene.open(ann)
    await scene.open(other)
    await scene.ask("other", other)
    await scene.ask("holds", ann)
    await scene.ask("bob", bob)
    await scene.ask("cyd", cyd)
    scene.permits["holds"].give_back()
    scene.permits["other"].settle(scene.says(9, 0))
    await scene.rest()
    assert scene.granted == ["other", "holds", "cyd"]


@pytest.mark.parametrize("seed", range(40))
async def test_whoever_is_cancelled_whenever_everybody_else_gets_a_slot_in_order(scene, seed):
    """Waiters come, go and are cancelled at random; in the end all is free and in order."""
    chance = random.Random(seed)
    app = chance.choice([None, 3])
    users = [bucket(f"u{number}", limit=chance.randint(1, 3), app=app) for number in range(3)]
    names, owner, cancelled = itertools.count(), {}, set()
    for _ in range(120):
        deed = chance.random()
        if deed < 0.4:
            name = next(names)
            owner[name] = chance.choice(users)
            scene.come(name, owner[name])
            await anyio.lowlevel.checkpoint()  # it has begun
        elif deed < 0.5 and owner:
            name = chance.choice(list(owner))
            if name not in scene.granted:
                scene.scopes[name].cancel()
                cancelled.add(name)
        elif deed < 0.85 and scene.permits:
            permit = scene.permits.pop(chance.choice(list(scene.permits)))
            end = chance.choice([type(permit).give_back, type(permit).lose, settle_untold])
            end(permit)
        elif deed < 0.95:
            scene.clock.advance(chance.choice([1.0, 300.0, 901.0]))
        if chance.random() < 0.6:
            await scene.rest()
    for _ in range(300):
        await scene.rest()
        while scene.permits:
            scene.permits.popitem()[1].settle(NOTHING)
            await scene.rest()
        if not scene.waiting():
            break
        scene.clock.advance(902)
    assert set(scene.granted) == set(owner) - cancelled
    assert scene.held() == scene.waiting() == 0
    for user in users:
        served = [name for name in scene.granted if owner[name] is user]
        assert served == sorted(served)


async def test_who_is_refused_in_its_own_window_hands_on_the_last_slot_of_the_app_s_day(scene):
    ann, bob = bucket("ann", limit=1), bucket("bob", limit=5)
    for name, one, left in (("ann", ann, 0), ("bob", bob, 4)):
        await scene.ask(name, one)
        own = scene.says(one.windows[0].limit, left).window
        await scene.settle(name, RateHeaders(own, app_day=scene.report(100, 1, 80_000)))
    scene.come("full", ann)
    scene.come("free", bob)
    await scene.rest()
    assert scene.granted == ["ann", "bob", "free"]

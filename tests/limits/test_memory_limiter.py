"""Who gets a slot, and when."""

import itertools
import random

import anyio
import pytest

from tests.limits.scene import Scene, bucket
from twretweet.errors import QueryError
from twretweet.limits import Permit, WindowSpec
from twretweet.protocol.headers import RateHeaders

pytestmark = pytest.mark.anyio

NOTHING = RateHeaders()


def settle_untold(permit: Permit) -> None:
    permit.settle(NOTHING)


@pytest.fixture
async def scene():
    async with anyio.create_task_group() as tasks:
        yield Scene(tasks)
        tasks.cancel_scope.cancel()


async def full(scene: Scene, limit: int = 2, app: int | None = None, user: str = "ann"):
    """A bucket whose window is open, full, and ends 900 s from now."""
    ann = bucket(user, limit=limit, app=app)
    await scene.open(ann)
    for number in range(limit - 1):
        await scene.ask(("filler", number), ann)
        await scene.settle(("filler", number), scene.says(limit, limit - 2 - number))
    scene.granted.clear()
    return ann


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
    other = own.__class__("other:bob", "other of bob", "other", own.windows, "bob", "d", "e")
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


# -- the longest wait -----------------------------------------------------------------------


async def test_a_hopeless_wait_is_refused_at_once(scene):
    ann = await full(scene)
    await scene.advance(100)
    await scene.ask("a", ann, 799)
    error = scene.refused["a"]
    assert error.bucket == "read of ann"
    assert error.wait == pytest.approx(800)
    assert error.reset_at == pytest.approx(scene.clock.time() + 800)
    assert error.ahead == 0
    assert "800.0 s" in str(error)
    assert scene.waiting() == 0


async def test_a_wait_that_just_suffices_is_waited(scene):
    ann = await full(scene)
    await scene.ask("a", ann, 900)
    assert not scene.refused
    await scene.advance(900)
    assert scene.granted == ["a"]


async def test_those_ahead_count_into_a_hopeless_wait(scene):
    ann = await full(scene, limit=2)
    for number in range(4):
        await scene.ask(number, ann)
    await scene.ask("late", ann, 2000)
    error = scene.refused["late"]
    assert error.ahead == 4
    assert error.wait == pytest.approx(2700)  # the third window from now
    assert "behind 4 others" in str(error)
    await scene.ask("patient", ann, 2700)
    assert "patient" not in scene.refused


async def test_no_wait_at_all_is_refused_at_once_behind_the_opener(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("a", ann, 0)
    assert "a" in scene.refused
    assert scene.waiting() == 0


async def test_no_wait_at_all_takes_a_slot_that_is_free(scene):
    await scene.ask("a", bucket("ann"), 0)
    assert scene.granted == ["a"]


async def test_behind_an_answer_that_does_not_come_the_wait_ends_at_the_deadline(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("head", ann, 10)
    await scene.ask("second", ann, 5)
    await scene.advance(5)
    assert set(scene.refused) == {"second"}
    assert scene.refused["second"].ahead == 1
    assert scene.refused["second"].bucket == "read of ann"
    await scene.advance(4.9)
    assert set(scene.refused) == {"second"}
    await scene.advance(0.1)
    assert set(scene.refused) == {"second", "head"}
    assert scene.refused["head"].reset_at >= scene.clock.time()
    assert scene.waiting() == 0


async def test_a_window_that_turns_out_to_be_full_refuses_before_the_deadline(scene):
    ann = bucket("ann")
    await scene.ask("opener", ann)
    await scene.ask("a", ann, 10)
    await scene.settle("opener", scene.says(2, 0))
    assert scene.refused["a"].wait == pytest.approx(900)


async def test_who_gives_up_lets_the_next_one_through(scene):
    ann = await full(scene, limit=1)
    await scene.ask("patient", ann)
    await scene.ask("impatient", ann, 1800)
    await scene.ask("last", ann)
    await scene.advance(900)
    await scene.settle("patient", scene.says(1, 0, 1800))
    assert "impatient" not in scene.granted
    await scene.advance(1800)
    assert scene.granted == ["patient", "last"]
    assert scene.waiting() == 0


# -- how a request ends ---------------------------------------------------------------------


async def test_a_slot_given_back_is_free_at_once(scene):
    ann = bucket("ann", limit=2)
    await scene.open(ann)
    await scene.ask("a", ann)
    await scene.ask("b", ann)
    scene.permits["a"].give_back()
    await scene.rest()
    assert scene.granted == ["a", "b"]


async def test_the_slot_of_a_lost_request_stays_taken(scene):
    ann = bucket("ann", limit=2)
    await scene.open(ann)
    await scene.ask("a", ann)
    await scene.ask("b", ann)
    scene.permits["a"].lose()
    await scene.rest()
    assert scene.granted == ["a"]
    assert scene.held() == 0
    await scene.advance(900)
    assert scene.granted == ["a", "b"]


async def test_an_answer_that_says_there_is_more_room_wakes_who_waits(scene):
    ann = bucket("ann", limit=2)
    await scene.open(ann)
    await scene.ask("a", ann)
    await scene.ask("b", ann)
    await scene.settle("a", scene.says(50, 48))
    assert scene.granted == ["a", "b"]


async def test_each_end_of_the_opener_lets_the_next_go(scene):
    ends = [lambda p: p.give_back(), lambda p: p.lose(), lambda p: p.settle(NOTHING)]
    for number, end in enumerate(ends):
        user = bucket(f"user{number}", limit=2)
        first, second = (number, 1), (number, 2)
        await scene.ask(first, user)
        await scene.ask(second, user)
        assert second not in scene.granted
        end(scene.permits[first])
        await scene.rest()
        assert second in scene.granted


@pytest.mark.parametrize("form", ["no headers", "no reset ahead", "some left"])
async def test_a_429_never_spins(scene, form):
    ann = bucket("ann", limit=5)
    await scene.ask("a", ann)
    await scene.ask("b", ann)
    headers = {
        "no headers": NOTHING,
        "no reset ahead": scene.says(5, 0, -10),
        "some left": scene.says(5, 3),
    }[form]
    await scene.settle("a", headers, refused=True)
    assert scene.granted == ["a"]
    await scene.advance(4.9)
    assert scene.granted == ["a"]
    await scene.advance(0.2)
    assert scene.granted == ["a", "b"]


# -- 24 hours -------------------------------------------------------------------------------


async def test_a_24_hour_window_of_a_user_is_obeyed_once_it_was_reported(scene):
    ann = bucket("ann", limit=50)
    await scene.ask("a", ann)
    day = RateHeaders(scene.says(50, 49).window, user_day=scene.report(100, 1, 80_000))
    await scene.settle("a", day)
    assert scene.room(ann) == {"read:ann": 49, "day:ann": 1}
    await scene.ask("b", ann)
    await scene.ask("c", ann)
    assert scene.granted == ["a", "b"]
    await scene.settle("b", scene.says(50, 48))
    await scene.advance(79_000)
    assert scene.granted == ["a", "b"]
    await scene.advance(1_000)
    assert scene.granted == ["a", "b", "c"]


async def test_a_24_hour_window_of_the_app_holds_for_users_who_come_later(scene):
    ann, bob = bucket("ann", limit=50), bucket("bob", limit=50)
    await scene.ask("a", ann)
    await scene.settle("a", RateHeaders(app_day=scene.report(100, 0, 80_000)))
    await scene.ask("b", bob)
    assert scene.granted == ["a"]
    assert scene.room(bob)["day:app"] == 0


async def test_a_24_hour_window_that_is_used_up_does_not_close_the_short_one(scene):
    ann = bucket("ann", limit=50)
    await scene.ask("a", ann)
    headers = RateHeaders(scene.says(50, 39).window, user_day=scene.report(100, 0, 80_000))
    await scene.settle("a", headers, refused=True)
    assert scene.room(ann)["day:ann"] == 0
    await scene.ask("b", ann, 100)
    assert scene.refused["b"].wait == pytest.approx(80_000)


async def test_a_429_with_a_24_hour_window_that_is_over_backs_off(scene):
    """Neither set of headers closes anything, so the back-off has to."""
    ann = bucket("ann", limit=50)
    await scene.ask("a", ann)
    headers = RateHeaders(scene.says(50, 39).window, user_day=scene.report(100, 0, -60))
    await scene.settle("a", headers, refused=True)
    await scene.ask("b", ann)
    assert scene.granted == ["a"]
    await scene.advance(5)
    assert scene.granted == ["a", "b"]


async def test_a_24_hour_limit_of_nothing_is_not_believed(scene):
    ann = bucket("ann", limit=50)
    await scene.ask("a", ann)
    await scene.settle("a", RateHeaders(user_day=scene.report(0, 0, 80_000)))
    assert set(scene.room(ann)) == {"read:ann"}


# -- what is shown --------------------------------------------------------------------------


async def test_the_state_shows_what_is_left_until_when_and_who_waits(scene):
    ann = await full(scene, limit=2)
    await scene.ask("a", ann)
    [state] = scene.limiter.states([ann])
    assert (state.bucket, state.window) == ("read of ann", "read:ann")
    assert (state.limit, state.remaining, state.in_flight, state.waiting) == (2, 0, 0, 1)
    assert state.resets_at == pytest.approx(scene.clock.time() + 900)
    assert scene.limiter.states() == [state]


async def test_a_window_nobody_has_told_of_shows_no_numbers(scene):
    [state] = scene.limiter.states([bucket("ann", limit=None)])
    assert state.limit is state.remaining is state.resets_at is None


@pytest.mark.parametrize(("limit", "seconds"), [(0, 900), (-3, 900), (5, 0), (5, -1)])
async def test_a_window_of_nothing_is_refused(limit, seconds):
    with pytest.raises(QueryError):
        WindowSpec("w", limit, seconds)


@pytest.mark.parametrize("refused", [False, True])
async def test_who_waits_for_an_answer_that_says_full_gets_a_slot_at_the_reset(scene, refused):
    ann = bucket("ann", limit=1)
    await scene.ask("opener", ann)
    await scene.ask("next", ann)
    await scene.settle("opener", scene.says(1, 0), refused=refused)
    await scene.advance(899)
    assert scene.granted == ["opener"]
    await scene.advance(1)
    assert scene.granted == ["opener", "next"]


async def test_others_of_a_shared_window_learn_from_one_s_answer_when_it_opens(scene):
    ann, bob = bucket("ann", limit=9, app=1), bucket("bob", limit=9, app=1)
    await scene.ask("ann", ann)
    await scene.ask("bob", bob)
    await scene.settle("ann", scene.says(9, 8))
    assert scene.granted == ["ann"]
    await scene.advance(901)
    assert scene.granted == ["ann", "bob"]

"""What becomes of slots when a request ends; the 24-hour windows; what is shown."""

import msgspec
import pytest

from tests.limits.scene import bucket, full
from twretweet.errors import QueryError
from twretweet.limits import WindowSpec
from twretweet.protocol.headers import RateHeaders

pytestmark = pytest.mark.anyio

NOTHING = RateHeaders()


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


async def test_a_429_where_slots_are_left_backs_off_in_the_window_x_says_nothing_about(scene):
    ann, bob = (bucket(name, limit=5, app=9) for name in ("ann", "bob"))
    await scene.open(ann)
    await scene.ask("a", ann)
    await scene.settle("a", scene.says(5, 3), refused=True)
    await scene.ask("b", bob)
    assert scene.granted == ["a"], "the app's window is bob's too"
    assert scene.room(ann)["read:ann"] == 3, "and ann's own has slots, as X says"
    await scene.advance(5)
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
    assert scene.limiter.states() == [msgspec.structs.replace(state, bucket="read:ann")]


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

"""The rules of a budget, wherever it is kept."""

import math
from datetime import date

import anyio
import pytest

import twretweet as tw
from twretweet.protocol.charges import Most, Returned

pytestmark = pytest.mark.anyio

DAY = 20_000


def page(items: int = 100, *, users: int = 0, shared: int = 0, fewest: int | None = None) -> Most:
    added = (("user_read", users),) if users else ()
    all_have = (("user_read", shared),) if shared else ()
    return Most(charge="post_read", items=items, added=added, shared=all_have, fewest=fewest)


def posts(*ids: int | str, users: tuple[int, ...] = ()) -> Returned:
    added = (("user_read", tuple(map(str, users))),) if users else ()
    return Returned(charge="post_read", data=tuple(map(str, ids)), added=added)


async def test_the_most_is_set_aside_and_what_came_back_is_spent(make):
    budget = make(5)
    held = await budget.reserve(page(), DAY)
    assert (held.items, held.amount) == (100, 500_000)
    assert (budget.spent, budget.reserved, budget.left, budget.cap) == (0, 0.5, 4.5, 5)
    assert await held.settle(posts(*range(1, 63)), DAY) == 310_000
    assert (budget.spent, budget.reserved, budget.left) == (0.31, 0, 4.69)


async def test_what_can_not_be_afforded_is_told_and_nothing_is_set_aside(make):
    budget = make(1)
    await budget.check(page(200), DAY)
    held = await budget.reserve(page(150), DAY)
    await budget.check(page(200, fewest=1), DAY)
    for most in (page(51), page(1, users=49, fewest=1)):
        with pytest.raises(tw.BudgetExceeded):
            await budget.check(most, DAY)
    assert (budget.spent, budget.reserved) == (0, 0.75)
    await held.release()


async def test_a_resource_is_charged_once_a_day_and_again_the_day_after(make):
    budget = make(5)
    for day, cost in ((DAY, 10_000), (DAY, 5000), (DAY, 0), (DAY + 1, 15_000)):
        held = await budget.reserve(page(), day)
        got = posts(1, 2) if cost == 10_000 else posts(1, 2, 3)
        assert await held.settle(got, day) == cost
    assert budget.spent == 0.03


async def test_a_post_and_a_user_of_one_number_are_two_resources(make):
    budget = make(5)
    held = await budget.reserve(page(users=1), DAY)
    assert await held.settle(posts(1, users=(1,)), DAY) == 15_000


async def test_a_resource_that_comes_twice_in_one_reply_is_charged_once(make):
    budget = make(5)
    for day in (DAY, None):
        held = await budget.reserve(page(), DAY)
        assert await held.settle(posts(7, 7), day) == 5000


async def test_what_has_no_id_is_charged_each_time(make):
    budget = make(5)
    for _ in range(2):
        held = await budget.reserve(page(), DAY)
        assert await held.settle(posts("", "", ""), DAY) == 15_000


async def test_media_are_told_apart_by_their_keys(make):
    budget = make(5)
    most = Most(charge="post_read", items=1, added=(("media_read", 4),))
    got = Returned(charge="post_read", data=("1",), added=(("media_read", ("3_7", "13_8")),))
    for cost in (15_000, 0):
        held = await budget.reserve(most, DAY)
        assert await held.settle(got, DAY) == cost


async def test_a_reply_over_midnight_is_counted_in_full_and_not_remembered(make):
    budget = make(5)
    for day, cost in ((DAY, 5000), (None, 5000), (DAY + 1, 5000), (DAY + 1, 0)):
        held = await budget.reserve(page(), DAY)
        assert await held.settle(posts(1), day) == cost


async def test_included_objects_are_counted_unless_told_otherwise(make):
    budget, careless = make(5), make(5, count_includes=False)
    held = await budget.reserve(page(10, users=2), DAY)
    assert held.amount == 10 * (5000 + 2 * 10_000)
    assert await held.settle(posts(1, users=(1, 2)), DAY) == 25_000
    held = await careless.reserve(page(10, users=2), DAY)
    assert held.amount == 10 * 5000
    assert await held.settle(posts(2, users=(3, 4)), DAY) == 5000


async def test_a_write_costs_its_request(make):
    budget = make(0.04)
    write = Most(charge="interaction_create")
    held = await budget.reserve(write, DAY)
    assert await held.settle(Returned(charge="interaction_create"), DAY) == 15_000
    held = await budget.reserve(write, DAY)
    await held.keep()
    assert (budget.spent, budget.left) == (0.03, 0.01)
    with pytest.raises(tw.BudgetExceeded):
        await budget.reserve(write, DAY)


async def test_what_has_no_price_is_not_counted(make):
    budget = make(0)
    held = await budget.reserve(Most(charge=None), DAY)
    assert await held.settle(Returned(charge=None), DAY) == 0


async def test_released_money_can_be_spent_again_and_kept_money_can_not(make):
    budget = make(0.5)
    held = await budget.reserve(page(), DAY)
    await held.release()
    held = await budget.reserve(page(), DAY)
    await held.keep()
    assert (budget.spent, budget.reserved, budget.left) == (0.5, 0, 0)


async def test_fewer_items_are_granted_where_that_will_do(make):
    budget = make(0.5)
    assert (await budget.reserve(page(60, fewest=1), DAY)).items == 60
    assert (await budget.reserve(page(60, fewest=1), DAY)).items == 40
    with pytest.raises(tw.BudgetExceeded) as caught:
        await budget.reserve(page(60, fewest=1), DAY)
    error = caught.value
    assert (error.spent, error.reserved, error.needed, error.cap) == (0, 0.5, 0.005, 0.5)


async def test_what_all_items_have_in_common_is_set_aside_once(make):
    budget = make(1)
    held = await budget.reserve(page(10, users=1, shared=50, fewest=1), DAY)
    assert (held.items, held.amount) == (10, 650_000)
    await held.release()
    held = await budget.reserve(page(100, users=1, shared=50, fewest=1), DAY)
    assert (held.items, held.amount, budget.left) == (33, 995_000, 0.005)
    assert await held.settle(posts(1, users=(1, 2)), DAY) == 25_000
    with pytest.raises(tw.BudgetExceeded) as caught:
        await budget.reserve(page(100, users=1, shared=100, fewest=1), DAY)
    assert (caught.value.needed, caught.value.items, budget.reserved) == (1.015, 1, 0)
    budget = make(5)
    for most in (page(10, shared=500, fewest=1), Most(charge=None, shared=(("user_read", 501),))):
        with pytest.raises(tw.BudgetExceeded):
            await budget.reserve(most, DAY)


async def test_no_fewer_items_are_granted_than_are_worth_a_request(make):
    budget = make(0.045)
    with pytest.raises(tw.BudgetExceeded, match=r"10 more items can cost \$0\.05:") as caught:
        await budget.reserve(page(100, fewest=10), DAY)
    assert (caught.value.needed, caught.value.items, budget.reserved) == (0.05, 10, 0)
    with pytest.raises(tw.BudgetExceeded):
        await budget.check(page(100, fewest=10), DAY)
    assert (await budget.reserve(page(9, fewest=10), DAY)).items == 9, "there are no more"


async def test_all_or_nothing_is_granted_where_fewer_will_not_do(make):
    budget = make(0.5)
    with pytest.raises(tw.BudgetExceeded) as caught:
        await budget.reserve(page(101), DAY)
    assert (caught.value.needed, budget.reserved) == (0.505, 0)
    assert str(caught.value) == (
        "the budget has $0.50 left, and the request can cost $0.505: of $0.50, $0.00 are spent. "
        "Raise the budget's cap and go on, or ask for less"
    )


async def test_a_raised_cap_lets_the_next_one_pass_and_a_lowered_one_does_not(make):
    budget = make(0.005)
    await (await budget.reserve(page(1), DAY)).keep()
    with pytest.raises(tw.BudgetExceeded):
        await budget.reserve(page(1), DAY)
    budget.cap = 0.01
    await (await budget.reserve(page(1), DAY)).keep()
    budget.cap = 0.003
    assert (budget.cap, budget.left) == (0.003, 0)
    with pytest.raises(tw.BudgetExceeded):
        await budget.reserve(page(1), DAY)
    budget.cap = None
    assert (await budget.reserve(page(), DAY)).items == 100


async def test_without_a_cap_it_only_counts(make):
    budget = make()
    held = await budget.reserve(page(), DAY)
    assert await held.settle(posts(*range(100)), DAY) == 500_000
    assert (budget.cap, budget.left, budget.spent) == (None, math.inf, 0.5)


async def test_prices_change_on_their_day(make):
    old = tw.PRICES
    new = tw.PriceList(
        as_of=date(2026, 10, 1),
        post_read=0.001,
        user_read=0.002,
        interaction_create=0,
        interaction_delete=0,
    )
    day = (new.as_of - date(1970, 1, 1)).days
    budget = make(5, prices=[new, old])
    for when, cost in ((day - 1, 5000), (day, 1000)):
        held = await budget.reserve(page(1), when)
        assert held.amount == cost
        assert await held.settle(posts(1), when) == cost


async def test_more_than_was_expected_is_counted_all_the_same(make):
    budget = make(0.01)
    held = await budget.reserve(page(1), DAY)
    assert await held.settle(posts(1, 2, 3), DAY) == 15_000
    assert (budget.spent, budget.left) == (0.015, 0)


async def test_however_many_ask_at_once_the_cap_holds(make):
    budget = make(1)
    held, refused = [], []

    async def ask() -> None:
        try:
            held.append(await budget.reserve(page(10), DAY))
        except tw.BudgetExceeded as error:
            refused.append(error)

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(ask)
    assert (len(held), len(refused)) == (20, 30)
    assert sum(each.amount for each in held) == 1_000_000


async def test_a_page_with_thousands_of_resources_is_counted(make):
    budget = make()
    held = await budget.reserve(page(users=50), DAY)
    got = posts(*range(100), users=tuple(range(5000)))
    assert await held.settle(got, DAY) == 100 * 5000 + 5000 * 10_000


@pytest.mark.parametrize("usd", [-1, "five", float("nan")])
async def test_a_cap_that_is_no_money_is_refused(make, usd):
    with pytest.raises(tw.QueryError, match="usd is"):
        make(usd)
    budget = make(1)
    with pytest.raises(tw.QueryError, match="cap is"):
        budget.cap = usd
    assert budget.cap == 1

"""What a budget knows, kept from one run to the next."""

import pytest

import twretweet as tw
from tests.budget.test_rules import DAY, page, posts

pytestmark = pytest.mark.anyio


async def test_the_next_run_goes_on_where_the_last_one_was(anyio_backend):
    first = tw.Budget(1)
    await (await first.reserve(page(), DAY)).settle(posts(*range(50)), DAY)
    second = tw.Budget(2)
    second.restore(first.snapshot())
    assert (second.spent, second.cap) == (0.25, 2)
    held = await second.reserve(page(), DAY)
    assert await held.settle(posts(*range(60)), DAY) == 10 * 5000


async def test_what_is_on_its_way_when_a_snapshot_is_taken_counts_as_spent():
    first = tw.Budget(1)
    await first.reserve(page(), DAY)
    second = tw.Budget(1)
    second.restore(first.snapshot())
    assert (second.spent, second.reserved) == (0.5, 0)


async def test_a_snapshot_is_not_restored_into_a_budget_that_was_used():
    budget = tw.Budget(1)
    await (await budget.reserve(page(1), DAY)).keep()
    with pytest.raises(tw.QueryError, match="counted twice"):
        budget.restore(budget.snapshot())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        b"\xff",
        '{"version":3,"spent":0,"day":null,"seen":{}}',
        '{"version":2,"spent":-1,"day":null,"seen":{}}',
        '{"version":2,"spent":1.5,"day":null,"seen":{}}',
        '{"version":2,"spent":1,"day":1,"seen":{"post_read":"1"}}',
        '{"version":2,"spent":1,"day":1,"seen":{"post_read":[1]}}',
        '{"version":2,"spent":1,"day":1,"seen":{"toot_read":[]}}',
    ],
)
def test_what_is_no_snapshot_is_refused_and_changes_nothing(text):
    budget = tw.Budget(1)
    with pytest.raises(tw.QueryError, match="no snapshot of a budget"):
        budget.restore(text)
    assert (budget.spent, budget.reserved) == (0, 0)


def test_a_budget_shows_what_is_spent():
    assert repr(tw.Budget("2.5")) == "<Budget of 2.50 US dollars: 0.00 spent, 0.00 reserved>"
    assert repr(tw.Budget()) == "<Budget of no cap: 0.00 spent, 0.00 reserved>"

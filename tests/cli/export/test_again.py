"""Pages that come again: paid once a day, told before they are paid, and refused if too dear."""

import tracemalloc

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import twretweet as tw
from tests.cli.export.test_run import everything, paid
from twretweet.cli.export.columns import columns
from twretweet.cli.export.formats import encoder
from twretweet.cli.export.purse import Purse, SearchTooDear
from twretweet.cli.export.rates import RATES
from twretweet.cli.export.receipts import Again, Receipts, again, charges
from twretweet.errors import BudgetExceeded, PaginationError
from twretweet.protocol import endpoints
from twretweet.protocol.charges import Returned, most_of
from twretweet.protocol.prices import PRICES
from twretweet.sandbox import Fault

pytestmark = pytest.mark.anyio

DAY = 86_400
FORGET = Fault("expired_token", count=1)
JOINED = tw.TweetQuery().author().referenced(author=())


def charged(sandbox) -> float:
    """What X charged for everything."""
    return pytest.approx(sum(request.cost for request in sandbox.requests))


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
async def test_a_search_on_the_same_day_costs_nothing_again(
    scene, sandbox, tmp_path, kind, capsys
):
    out = str(tmp_path / f"rows.{kind}")
    with pytest.raises(BudgetExceeded):
        await scene.run(JOINED, budget="4", out=out)
    written = scene.told.tally.items
    sandbox.faults.add(FORGET)
    told = await scene.run(JOINED, budget="15.10", out=out)
    assert f"past the {written} retweets that are written; they were paid for today" in (
        capsys.readouterr().err
    )
    assert told.tally.items == 1000
    assert told.tally.spent == charged(sandbox)


async def test_a_search_on_another_day_is_priced_and_refused_before_it_starts(
    scene, sandbox, ids, clock, capsys
):
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="4")
    sandbox.faults.add(Fault("expired_token", count=2))
    asked = paid(sandbox)
    await anyio.sleep(DAY)
    with pytest.raises(SearchTooDear, match=r"X charges \$3.99 for that today") as caught:
        await scene.run(budget="7.98")
    assert (caught.value.spent, caught.value.needed) == (3.995, 4.005)
    assert "with a larger --budget, --resume goes on" in scene.told.so_far(caught.value)
    assert paid(sandbox) == asked + 1, "only the token that X refused was sent"
    assert scene.told.tally.spent == charged(sandbox)
    told = await scene.run(budget="19")
    assert "X charges for them again, $3.99" in capsys.readouterr().err
    assert everything(ids())
    assert told.tally.spent == 3.995 + 15 == charged(sandbox)


async def test_what_a_search_has_read_again_is_paid_for_on_that_day(scene, sandbox, ids, place):
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="4")
    await anyio.sleep(DAY)
    for budget in ("12", "13.5"):
        sandbox.faults.add(FORGET)
        with pytest.raises(BudgetExceeded):
            await scene.run(budget=budget)
        assert place()["earlier"] == 0
    assert scene.told.tally.spent == charged(sandbox)
    assert len(ids()) > 600


async def test_a_page_that_comes_again_after_a_circle_is_paid_for_once(scene, sandbox, ids):
    sandbox.faults.add(Fault("repeated_token", count=1, after=3))
    with pytest.raises(PaginationError):
        await scene.run()
    told = await scene.run()
    assert everything(ids())
    assert told.tally.spent == charged(sandbox)


async def test_rows_from_before_midnight_are_not_taken_for_todays(scene, sandbox, clock, place):
    await anyio.sleep(DAY - clock.time() % DAY - 3.5)
    with pytest.raises(BudgetExceeded):
        await scene.run(budget="10")
    # A page that was asked for on one day and came on the next may belong to either.
    assert place()["earlier"] in {300, 400}
    sandbox.faults.add(FORGET)
    told = await scene.run()
    assert told.tally.items == 1000
    assert told.tally.spent >= charged(sandbox).expected
    assert told.tally.spent <= charged(sandbox).expected + 1.51


ID = st.integers(1, 2**63).map(str)
USER = st.fixed_dictionaries({"id": ID, "username": st.just("a")})
ROWS = st.lists(
    st.fixed_dictionaries(
        {"id": ID, "text": st.sampled_from(["x", 'a "b",\n'])},
        optional={
            "author": st.one_of(st.none(), USER),
            "referenced": st.lists(
                st.fixed_dictionaries({"id": ID, "text": st.just("t"), "author": USER}),
                max_size=2,
            ),
            "media": st.lists(
                st.fixed_dictionaries({"media_key": ID.map(lambda id_: f"3_{id_}")}), max_size=2
            ),
        },
    ),
    max_size=8,
)
QUERY = tw.TweetQuery().author().media("url").referenced(author=())


@settings(max_examples=60)
@given(ROWS, st.integers(0, 8), st.booleans(), st.sampled_from(["jsonl", "csv"]))
def test_what_was_paid_for_is_read_back_from_the_rows(
    tmp_path_factory, rows, earlier, same_day, kind
):
    written = encoder(kind, columns(QUERY))
    file = tmp_path_factory.getbasetemp() / "rows"
    file.write_bytes(written.head + written.encode(rows))
    today = 7 if same_day else 8
    with file.open("rb") as content:
        found = again(
            written.decode(content),
            endpoints.RETWEETS,
            RATES,
            earlier=earlier,
            day=7,
            today=today,
            known=lambda _, resource: resource.endswith("1"),
        )
    each = [set(charges(row, "post_read")) for row in rows]
    assert all(found.paid.has(*pair) is same_day for some in each[earlier:] for pair in some)
    old = each[:earlier] if same_day else each
    unpaid = {pair for some in old for pair in some if not pair[1].endswith("1")}
    prices = {"post_read": 5_000, "user_read": 10_000, "media_read": 5_000}
    assert found.cost == sum(prices[charge] for charge, _ in unpaid)


async def test_a_purse_that_has_forgotten_goes_by_what_the_file_says_of_that_day():
    purse, row = Purse("1"), endpoints.RETWEETS
    most, reply = most_of(row, {}, items=2), Returned(charge="post_read", data=("1", "2"))
    paid = Receipts(7)
    paid.add("post_read", "1")
    paid.sort()
    purse.search(Again(paid, 990_000), 7)
    await purse.check(most, 7)
    await (await purse.reserve(most, 7)).settle(reply, 7)
    assert purse.micros == 5_000
    assert purse.found()
    purse.search(Again(paid, 990_001), 7)
    with pytest.raises(SearchTooDear):
        await purse.reserve(most, 7)
    purse.recall(paid)
    await (await Purse.__base__.reserve(purse, most, 8)).settle(reply, 8)
    assert purse.micros == 15_000, "on another day all of it is charged again"
    assert not purse.found()


def test_receipts_hold_ids_of_up_to_64_bits_and_the_keys_of_media():
    paid = Receipts(7)
    for resource in ("5", "3", "5", "x", str(2**64), "3_9"):
        paid.add("user_read", resource)
    paid.sort()
    assert paid.cost(PRICES) == 30_000, "three of them, each once"
    asked = ("3", "4", "5", "9", "x", "", str(2**64))
    assert [each for each in asked if paid.has("user_read", each)] == ["3", "5", "9"]
    assert not paid.has("post_read", "3")


async def test_what_all_rows_are_joined_with_is_paid_for_once_over_all_runs(scene, sandbox):
    for limit in (150, 350, None):
        told = await scene.run(JOINED, limit=limit)
    assert told.tally.items == 1000
    assert told.tally.spent == charged(sandbox)


def test_receipts_hold_more_than_is_sorted_at_once():
    paid, many = Receipts(7), range(0, 120_000, 3)
    for number in (*many, *many):
        paid.add("post_read", str(number))
    paid.sort()
    assert paid.cost(PRICES) == len(many) * 5_000
    assert [number for number in range(300) if paid.has("post_read", str(number))] == list(
        range(0, 300, 3)
    )
    assert paid.has("post_read", "119997")


@pytest.mark.parametrize("today", [7, 8])
def test_what_comes_again_takes_eight_bytes_an_id_on_any_day(today):
    def rows():
        for number in range(50_000):
            user = {"id": str(9 * 10**11 + number), "username": "u"}
            yield {"id": str(13 * 10**17 - number), "text": "t", "author": user}

    tracemalloc.start()
    found = again(
        rows(), endpoints.RETWEETS, RATES, earlier=0, day=7, today=today, known=lambda *_: False
    )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.cost == (0 if today == 7 else 50_000 * 15_000)
    assert peak < 50_000 * 2 * 8 + 1_400_000, "beside what is sorted at a time"

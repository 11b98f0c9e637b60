"""The arithmetic of a budget, in histories of any kind."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Bill, Line

CAP = 1_000_000
KINDS = st.sampled_from(["post_read", "user_read", "media_read"])
IDS = st.lists(st.integers(1, 40).map(str), max_size=8).map(tuple)
PRICE = st.sampled_from([0, 5000, 10_000])
Held = tuple[int, int]


class Histories(RuleBasedStateMachine):
    """Any number of requests at once, settled in any order, over several days."""

    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(CAP)
        self.day = 20_000
        self.spent = self.reserved = 0
        self.charged: set[tuple[int, str, str]] = set()

    @rule(
        target=held,
        each=st.integers(0, 30_000),
        items=st.integers(1, 100),
        fewer=st.booleans(),
    )
    def reserve(self, each: int, items: int, fewer: bool) -> Held:
        left = CAP - self.spent - self.reserved
        granted = self.ledger.reserve(each, items, fewer=fewer)
        if not each or each * items <= left:
            assert granted == items
        elif fewer:
            assert granted == max(left, 0) // each
        else:
            assert granted == 0
        self.reserved += granted * each
        return each, granted

    @rule(held=consumes(held))
    def release(self, held: Held) -> None:
        each, items = held
        self.ledger.release(each * items)
        self.reserved -= each * items

    @rule(held=consumes(held))
    def keep(self, held: Held) -> None:
        each, items = held
        self.ledger.keep(each * items)
        self.reserved -= each * items
        self.spent += each * items

    @rule(held=consumes(held), kind=KINDS, ids=IDS, price=PRICE, known_day=st.booleans())
    def settle(self, held: Held, kind: str, ids: tuple[str, ...], price: int, known_day: bool):
        each, items = held
        bill = Bill(7, (Line(kind, price, ids), Line("user_read", 10_000, ("", *ids[:1]))))
        due = 7 + 10_000  # "" is no id, so it is charged each time
        met: set[tuple[int, str, str]] = set()
        for charge, cost, number in [
            *((kind, price, each) for each in ids),
            *(("user_read", 10_000, each) for each in ids[:1]),
        ]:
            key = (self.day, charge, number)
            if key not in met and not (known_day and key in self.charged):
                due += cost
            met.add(key)
        if known_day:
            self.charged |= met
        paid = self.ledger.settle(each * items, bill, self.day if known_day else None)
        assert paid == due
        self.reserved -= each * items
        self.spent += paid

    @rule()
    def midnight(self) -> None:
        self.day += 1

    @rule(restored=st.booleans())
    def save(self, restored: bool) -> None:
        again = Ledger(CAP)
        again.restore(self.ledger.snapshot())
        assert again.spent == self.spent + self.reserved, "what is on its way counts as spent"
        if restored and not self.reserved:
            self.ledger = again

    @invariant()
    def the_sums_are_right(self) -> None:
        assert (self.ledger.spent, self.ledger.reserved) == (self.spent, self.reserved)


Histories.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestHistories = Histories.TestCase


def test_only_today_is_remembered():
    ledger = Ledger(None)
    for day in (1, 2, 3):
        bill = Bill(0, (Line("post_read", 5000, tuple(map(str, range(day, day + 100)))),))
        assert ledger.settle(0, bill, day) == 500_000
        assert ledger.remembered == 100


def test_a_reply_of_yesterday_that_comes_late_is_counted_in_full_and_changes_nothing_of_today():
    ledger = Ledger(None)
    bill = Bill(0, (Line("post_read", 5000, ("1",)),))
    assert ledger.settle(0, bill, 2) == 5000
    assert ledger.settle(0, bill, 1) == 5000
    assert ledger.settle(0, bill, 2) == 0

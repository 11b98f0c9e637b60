"""The arithmetic of a budget, in histories of any kind."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from twretweet.budget.ledger import Ledger
from twretweet.budget.tariff import Bill, Line, Quote

CAP = 1_000_000
KINDS = st.sampled_from(["post_read", "user_read", "media_read"])
IDS = st.lists(st.integers(1, 40).map(str), max_size=8).map(tuple)
PRICE = st.sampled_from([0, 5000, 10_000])


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
        fixed=st.sampled_from([0, 0, 70_000]),
        each=st.integers(0, 30_000),
        items=st.integers(1, 100),
        least=st.integers(1, 100),
    )
    def reserve(self, fixed: int, each: int, items: int, least: int) -> int:
        left = max(CAP - self.spent - self.reserved, 0)  # over the cap, what is free may go on
        allowed = [items, *range(items - 1, min(least, items) - 1, -1)]
        granted = self.ledger.reserve(Quote(fixed, each, items, min(least, items)))
        assert granted == next((n for n in allowed if fixed + each * n <= left), 0)
        amount = fixed + each * granted if granted else 0
        self.reserved += amount
        return amount

    @rule(held=consumes(held))
    def release(self, held: int) -> None:
        self.ledger.release(held)
        self.reserved -= held

    @rule(held=consumes(held))
    def keep(self, held: int) -> None:
        self.ledger.keep(held)
        self.reserved -= held
        self.spent += held

    @rule(held=consumes(held), kind=KINDS, ids=IDS, price=PRICE, known_day=st.booleans())
    def settle(self, held: int, kind: str, ids: tuple[str, ...], price: int, known_day: bool):
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
        paid = self.ledger.settle(held, bill, self.day if known_day else None)
        assert paid == due
        self.reserved -= held
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

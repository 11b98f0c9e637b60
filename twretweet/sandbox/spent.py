"""What was posted, read and charged, as lines of a snapshot."""

from collections.abc import Iterator
from typing import Final

from twretweet.sandbox.bounds import LATEST, within
from twretweet.sandbox.call import State
from twretweet.sandbox.lines import CostLine, ReadLine, UpdatesLine, an_id

_A_LINE: Final = 1_000
_LONGEST: Final = 1 << 40


def told(state: State, now: float) -> Iterator[UpdatesLine | CostLine | ReadLine]:
    """Write what was posted today, and what all that was read has cost.

    Args:
        state: what counts it.
        now: epoch seconds.
    """
    for user_id, used, end in state.updates.opened(now):
        yield UpdatesLine(str(user_id), used, end)
    ledger = state.ledger
    if not ledger.is_empty:
        yield CostLine(ledger.thousandths, ledger.today, ledger.days)
    posts, users = map(str, sorted(ledger.posts)), map(str, sorted(ledger.users))
    for group in _groups(list(posts)):
        yield ReadLine(posts=group)
    for group in _groups(list(users)):
        yield ReadLine(users=group)


def take(state: State, line: UpdatesLine | CostLine | ReadLine) -> None:
    """Let it be so.

    Raises:
        ValueError: a number is out of range.
    """
    match line:
        case UpdatesLine():
            end = within("end", line.end, 0, LATEST)
            used = within("used", line.used, 0)
            state.updates.restore(an_id("user_id", line.user_id), used, end)
        case CostLine():
            days = {day: within("posts", posts, 0) for day, posts in line.posts.items()}
            cost = within("thousandths", line.thousandths, 0, _LONGEST)
            state.ledger.restore(cost, within("today", line.today, 0), days)
        case _:
            state.ledger.posts.update(an_id("posts", one) for one in line.posts)
            state.ledger.users.update(an_id("users", one) for one in line.users)


def _groups(ids: list[str]) -> Iterator[list[str]]:
    return (ids[at : at + _A_LINE] for at in range(0, len(ids), _A_LINE))

"""When the loops of one virtual clock may move it."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from twretweet.sandbox.loops import Seat, Table


def idle() -> bool:
    return False


def resting(until: float | None = None, file: int | None = None) -> Seat:
    return Seat(file, idle, resting=True, until=until)


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def moved(waiting: Seat, *others: Seat) -> float | None:
    """Where the first of them moves the time to, if it may."""
    table = Table()
    with ExitStack() as stack:
        for seat in (waiting, *others):
            stack.enter_context(table.seated(seat))
        return table.elapsed if table.moved(waiting) else None


def test_who_waits_for_the_earliest_moment_moves_the_time_there() -> None:
    assert moved(resting(5)) == 5
    assert moved(resting(5), resting(7), resting()) == 5
    assert moved(resting(7), resting(5)) is None
    assert moved(resting(), resting(5)) is None


def test_nobody_moves_it_while_one_is_at_work() -> None:
    at_work, threads = resting(), resting()
    at_work.resting = False
    threads.busy = lambda: True
    assert moved(resting(5), at_work) is None
    assert moved(resting(5), threads) is None
    assert moved(threads, resting()) is None


def test_nobody_moves_it_while_one_has_not_noticed_what_it_was_sent(
    pipe: tuple[int, int],
) -> None:
    assert moved(resting(5), resting(file=pipe[0])) == 5
    os.write(pipe[1], b"x")
    assert moved(resting(5), resting(file=pipe[0])) is None


def test_a_loop_that_does_not_run_is_not_waited_for() -> None:
    table = Table()
    absent = resting()
    absent.resting = False
    with table.seated(absent):
        pass
    waiting = resting(5)
    with table.seated(waiting):
        assert table.moved(waiting)


def test_the_time_never_goes_back() -> None:
    table = Table()
    table.advance(10)
    waiting = resting(5)
    with table.seated(waiting):
        assert table.moved(waiting)
    assert table.elapsed == 10

"""What is said of how far a walk is: pure functions of a tally and a window."""

import os

import pytest
from rich.console import Console

from twretweet.cli.bar import Bar, draw
from twretweet.cli.estimate import duration, time_left
from twretweet.cli.lines import Lines
from twretweet.cli.tally import Tally, Window, describe, money, outlook, progress, seconds

QUARTER_HOUR = 900.0
FULL = Window(limit=75, left=75, resets_in=None, waiting=False)
OPEN = Window(limit=75, left=41, resets_in=700.0, waiting=False)
WAITING = Window(limit=75, left=0, resets_in=65.0, waiting=True)


def tally(**more: object) -> Tally:
    made = Tally("retweets", 20_000, pages=34, items=3_400, elapsed=17.0)
    for name, value in more.items():
        setattr(made, name, value)
    return made


def test_progress_tells_what_came_and_what_it_cost():
    assert progress(tally()) == "3,400 of 20,000 retweets, 34 pages"
    spent = tally(spent=51.005, cap=80.0, total=None, pages=1)
    assert progress(spent) == "3,400 retweets, 1 page, $51.005 of $80.00"


def test_the_window_is_described_with_what_is_left_and_when_it_is_full_again():
    assert describe(OPEN) == "the window holds 41 of 75, all back in 11 min 40 s"
    assert describe(FULL) == "the window holds 75 of 75"
    assert describe(WAITING) == "waiting for the window, 1 min 5 s"
    assert describe(None) == ""


@pytest.mark.parametrize(
    ("usd", "text"), [(0, "$0.00"), (0.005, "$0.005"), (1.5, "$1.50"), (12345.015, "$12,345.015")]
)
def test_money_is_told_to_the_tenth_of_a_cent(usd, text):
    assert money(usd) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.2, "1 s"), (59, "59 s"), (60, "1 min"), (3_599.5, "1 h"), (3_661, "1 h 2 min")],
)
def test_durations_are_rounded_up_to_what_can_be_watched(number, text):
    assert seconds(number) == text


@pytest.mark.parametrize(
    ("pages", "window", "expected"),
    [
        (0, FULL, 0.0),
        (75, FULL, 75 * 0.1),
        (76, FULL, QUARTER_HOUR + 0.1),
        (150, FULL, QUARTER_HOUR + 7.5),
        (151, FULL, 2 * QUARTER_HOUR + 0.1),
        (41, OPEN, 4.1),
        (42, OPEN, 700 + 0.1),
        (41 + 75 + 1, OPEN, 700 + QUARTER_HOUR + 0.1),
        (1, WAITING, 65 + 0.1),
        (1000, None, 100.0),
    ],
)
def test_pages_take_as_long_as_the_windows_make_them_wait(pages, window, expected):
    assert duration(pages, window, QUARTER_HOUR, 0.1) == pytest.approx(expected)


def test_pages_slower_than_the_window_take_their_own_time():
    assert duration(150, FULL, 75.0, 2.0) == pytest.approx(300.0)


def test_what_is_left_follows_from_how_full_the_pages_were_in_this_run():
    now = tally(earlier_pages=30, earlier_items=3_200, elapsed=2.0)
    # 50 to a page, half a second each: 16,600 more are 332 pages.
    assert time_left(now, None) == pytest.approx(166.0)
    assert time_left(tally(total=None), OPEN) is None
    assert time_left(tally(earlier_pages=34, earlier_items=3_400), OPEN) is None


def test_the_outlook_tells_speed_and_end():
    assert outlook(tally(), None, 0.0) == "200/s"
    assert outlook(tally(items=10), None, 0.0) == "35/min"
    assert outlook(tally(), 45.0, 0.0) == "200/s, done in 45 s"
    assert outlook(tally(), 3_600.0, 1_700_000_000.0).startswith("200/s, done in 1 h, at ")
    assert outlook(Tally("retweets"), None, 0.0) == ""


def test_the_length_of_windows_is_learned_from_where_they_end():
    def opened(left: int, resets_in: float | None) -> Window:
        return Window(limit=75, left=left, resets_in=resets_in, waiting=False)

    fresh = Tally("retweets", pages=3, elapsed=0.5)
    fresh.learn(opened(71, 2.5), opened(75, None))
    assert fresh.window_seconds == 3.0, "this run has opened it"
    fresh.learn(opened(74, 3.5), opened(0, 0.1))
    assert fresh.window_seconds == 3.5, "another has opened"
    late = Tally("retweets", pages=3, elapsed=0.5)
    late.learn(opened(20, 400.0), opened(75, None))
    late.learn(opened(19, 399.9), opened(20, 400.0))
    assert late.window_seconds == QUARTER_HOUR, "somebody else has opened it"


def test_lines_are_said_when_something_changes_and_now_and_then():
    said: list[str] = []
    lines = Lines(said.append, every=30)
    for elapsed, window in ((1, OPEN), (29, OPEN), (31, OPEN), (40, OPEN), (62, WAITING)):
        lines.show(tally(elapsed=elapsed), window)
    lines.show(tally(elapsed=63), WAITING)
    lines.show(tally(elapsed=70), OPEN)
    lines.show(tally(elapsed=71, pages=35), OPEN)
    assert [line.partition(": ")[2].split(",")[0] for line in said] == [
        "the window holds 41 of 75",
        "waiting for the window",
        "going on",
    ]
    assert all(line.startswith("3,400 of 20,000 retweets") for line in said)


def test_a_wait_that_is_broken_off_does_not_go_on():
    said: list[str] = []
    lines = Lines(said.append)
    lines.show(tally(), WAITING)
    lines.show(tally(), OPEN)
    (line,) = said
    assert "waiting for the window" in line


def test_nothing_is_said_of_a_walk_that_is_over_soon():
    said: list[str] = []
    lines = Lines(said.append, every=30)
    lines.show(tally(elapsed=0.1), OPEN)
    lines.show(tally(elapsed=2.0), OPEN)
    assert said == []
    assert not lines.said


def test_a_note_above_the_bar_can_not_steer_the_terminal():
    console = Console(width=60, force_terminal=True, color_system=None)
    with console.capture() as capture, Bar(console, keep=False) as bar:
        bar.note("X says: \x1b[31m\x9b2J[bold]red\r\n; trying again in 5 s")
    assert "X says: [31m 2J[bold]red ; trying again in 5 s" in capture.get()
    assert "\x1b[31m" not in capture.get()


def test_a_bar_goes_on_when_its_terminal_is_closed():
    screen, terminal = os.openpty()
    with os.fdopen(terminal, "w") as stream:
        console = Console(file=stream, width=60, force_terminal=True, color_system=None)
        with Bar(console, keep=False) as bar:
            bar.show(tally(), OPEN)
            os.close(screen)
            bar.show(tally(), WAITING)
            bar.note("trying again in 5 s")
        os.dup2(os.open(os.devnull, os.O_WRONLY), terminal)  # for what is in the buffer


@pytest.mark.parametrize("width", [30, 50, 80, 200])
def test_the_bar_fits_the_terminal(width):
    console = Console(width=width, file=None, force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(draw(tally(spent=1.0, cap=2.0), OPEN, width))
    shown = capture.get().splitlines()
    assert max(map(len, shown)) <= width
    words = " ".join(" ".join(shown).split())
    for part in ("3,400 of 20,000 retweets", "$1.00 of $2.00", "200/s", "holds 41 of 75"):
        assert part in words

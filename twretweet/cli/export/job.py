"""One command from its first look at the file to its last word."""

from __future__ import annotations

import os
import stat
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import anyio

from twretweet.budget.tariff import dollars
from twretweet.cli import environment
from twretweet.cli.export.columns import columns
from twretweet.cli.export.formats import STANDARD_OUTPUT, chosen
from twretweet.cli.export.opening import open_output
from twretweet.cli.export.options import How
from twretweet.cli.export.output import Output
from twretweet.cli.export.patience import Patience
from twretweet.cli.export.place import Place, beside, load
from twretweet.cli.export.plan import Plan, lines
from twretweet.cli.export.purse import Purse, dearest
from twretweet.cli.export.rows import Rows
from twretweet.cli.export.run import Course, owed, run
from twretweet.cli.export.stop import Signals, Stop
from twretweet.cli.lines import Lines
from twretweet.cli.outcome import OK, OutputRefused, Stopped, complain, report, say
from twretweet.cli.tally import Tally, progress, window_of
from twretweet.cli.watch import Display, watched
from twretweet.clock import SystemClock
from twretweet.errors import BudgetExceeded, Forbidden, NotFound, QueryError, TwretweetError
from twretweet.events import Event, PageTokenExpired
from twretweet.models import Page, Tweet, User
from twretweet.protocol.endpoints import Endpoint
from twretweet.query import TweetQuery, UserQuery
from twretweet.session import Session
from twretweet.walk import Checkpoint, Walk

T = TypeVar("T", Tweet, User)

_LINE_EVERY = 30.0  # seconds
_QUARTER_HOUR = 900.0
_COUNTED = TweetQuery().fields("public_metrics")


class _Shown(Display, Protocol):
    def note(self, line: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Job(Generic[T]):
    """What to walk, and what to do with it.

    Args:
        noun: what is walked, in the plural.
        endpoint: its row.
        tweet: the id of the tweet.
        query: what is asked for.
        how: what to do with it.
        walk: begins the walk, or goes on with it.
    """

    noun: str
    endpoint: Endpoint[Page[T]]
    tweet: str
    query: TweetQuery | UserQuery
    how: How
    walk: Callable[[Session, Checkpoint | None], Walk[T]]

    def most(self, items: int) -> int:
        """What so many items can cost at the most, in micro-dollars."""
        return dearest(self.endpoint, self.query.to_params(), items, now=time.time())


def export(job: Job[T]) -> int:
    """Do what was asked, and return the exit code."""
    kind = chosen(job.how.format, job.how.out)
    fresh = Place(format=kind)
    told = _Told(job.noun, job.how)
    try:
        if job.how.dry_run:
            anyio.run(_plan, job, fresh)
            return OK
        with open_output(
            job.how.out, kind, columns(job.query), fresh, mode=job.how.mode
        ) as output:
            anyio.run(_walk, job, output, told)
    except KeyboardInterrupt:
        raise Stopped(f" at once{told.so_far()}", told.stop.number) from None
    except TwretweetError as error:
        return report(error, then=told.so_far(error))
    if told.stop.asked:
        raise Stopped(told.so_far(), told.stop.number)
    told.summary()
    return OK


async def _walk(job: Job[T], output: Output, told: _Told) -> None:
    place, how, tally, stop = output.place, job.how, told.tally, told.stop
    told.resumable = output.resumable
    tally.pages, tally.items = place.pages, place.rows
    tally.earlier_pages, tally.earlier_items = place.pages, place.rows
    tally.total = place.total if how.limit is None else how.limit
    purse = Purse(how.budget, spent=owed(place, time.time()))
    tally.spent, tally.cap = dollars(purse.micros), purse.cap
    if _complete(place, how):
        return
    with _display(how) as shown:
        told.shown = shown

        def hear(event: Event) -> None:
            stop.hear(event)
            if isinstance(event, PageTokenExpired):
                shown.note("X has forgotten the place of this walk: looking for it from the top")

        async with environment.connect(
            max_wait=how.max_wait, budget=purse, on_event=hear
        ) as connection:
            session = connection.session
            course = Course(
                tweet=job.tweet,
                walk=job.walk(session, place.checkpoint()),
                rows=Rows(job.query),
                output=output,
                tally=tally,
                limited=how.limit is not None,
                purse=purse,
                pending=job.most(how.max_results),
                stop=stop,
                patience=Patience(how.max_wait),
                teller=shown if told.is_followed else None,
                remember=connection.remember,
                clock=SystemClock(),
            )
            with Signals(stop, lambda: shown.note("the page under way is still written")):
                await watched(
                    lambda: run(session, course), tally, session.rate_limits, job.noun, shown
                )


def _complete(place: Place, how: How) -> bool:
    """Whether an earlier run has written all that is asked for."""
    point = place.checkpoint()
    if not place.finished:
        return False
    if (point is not None and point.finished) or (
        how.limit is not None and how.limit <= place.rows
    ):
        return True
    if place.format == "parquet":
        raise OutputRefused(
            f"{how.out} is complete with the --limit that it was made with: give --force to make "
            "another"
        )
    return False


async def _plan(job: Job[T], fresh: Place) -> None:
    how, look = job.how, Purse()
    resumed = load(beside(Path(how.out))) if how.mode == "resume" else None
    place = resumed or fresh
    async with environment.connect(max_wait=how.max_wait, budget=look) as connection:
        session = connection.session
        job.walk(session, place.checkpoint())  # refuses what can't be asked
        metrics = (await session.tweet(job.tweet, _COUNTED)).public_metrics
        window = window_of(session.rate_limits(), job.noun, time.time())
    total = 0 if metrics is None else metrics.retweet_count
    plan = Plan(
        noun=job.noun,
        endpoint=job.endpoint,
        params=job.query.to_params(),
        tweet=job.tweet,
        total=total if how.limit is None else min(total, how.limit),
        written=place.rows,
        page_size=how.max_results,
        spent=owed(place, time.time()),
        most=job.most(1),
        cap=Purse(how.budget).cap,
        look=look.micros,
    )
    for line in lines(plan, window, _QUARTER_HOUR):
        say(line)


class _Told:
    """What a person is told, meanwhile and in the end."""

    def __init__(self, noun: str, how: How) -> None:
        self._out = how.out
        self.tally = Tally(noun)
        self.stop = Stop()
        self.resumable = False
        self.shown: _Shown | None = None

    @property
    def is_followed(self) -> bool:
        """Whether somebody may look: then it is worth to know how many there will be."""
        return self.resumable or sys.stderr.isatty()

    def so_far(self, error: TwretweetError | None = None) -> str:
        """How far it came and how to go on, as the end of a line."""
        tally = self.tally
        if not tally.pages:
            return ""
        before = "; written so far: " if error is not None else " after "
        return f"{before}{progress(tally)}{self._where}{self._way(error)}"

    def summary(self) -> None:
        """Say what was written, if anybody would miss the word."""
        tally, said = self.tally, isinstance(self.shown, Lines) and self.shown.said
        if self.is_followed or said:
            if tally.total == tally.items:
                tally.total = None  # "of" only where some are missing
            complain(f"done: {progress(tally)}{self._where}")
        if tally.problems:
            complain(
                f"X could not deliver {tally.problems:,} of the objects asked for, such as "
                "protected or deleted accounts; they are missing, or null"
            )

    @property
    def _where(self) -> str:
        return "" if self._out == STANDARD_OUTPUT else f", in {self._out}"

    def _way(self, error: TwretweetError | None) -> str:
        if not self.resumable or isinstance(error, QueryError | NotFound | Forbidden):
            return ""
        if isinstance(error, BudgetExceeded):
            return "; with a larger --budget, --resume goes on"
        return "; the same command with --resume goes on"


def _display(how: How) -> AbstractContextManager[_Shown]:
    """A bar; or lines, where nobody looks, or the rows may well go to the same screen."""
    if not sys.stderr.isatty():
        return nullcontext(Lines(complain, every=_LINE_EVERY))
    if how.out == STANDARD_OUTPUT and not stat.S_ISREG(os.fstat(sys.stdout.fileno()).st_mode):
        return nullcontext(Lines(complain, every=None if sys.stdout.isatty() else _LINE_EVERY))
    # rich is of use only to whom looks.
    from twretweet.cli import bar, console  # noqa: PLC0415

    return bar.Bar(console.errors(), keep=False)

"""One run of an export: page after page, each written and noted before the next is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar, cast

import anyio
import msgspec

from twretweet.budget.tariff import Quote, dollars
from twretweet.cli.export.output import Output
from twretweet.cli.export.patience import Patience
from twretweet.cli.export.place import Place
from twretweet.cli.export.purse import Purse
from twretweet.cli.export.rates import day_of
from twretweet.cli.export.rows import Rows
from twretweet.cli.export.stop import Stop
from twretweet.cli.outcome import OutputFailed
from twretweet.cli.tally import Tally, seconds
from twretweet.cli.words import on_command_line
from twretweet.clock import Clock
from twretweet.errors import TwretweetError
from twretweet.models import Page, Tweet, User
from twretweet.query import TweetQuery
from twretweet.session import Session
from twretweet.walk import Walk

T = TypeVar("T", Tweet, User)

_REMEMBER_EVERY = 1.0  # seconds
COUNTED = TweetQuery().fields("public_metrics")


class Teller(Protocol):
    """Tells a person what happens."""

    def note(self, line: str) -> None:
        """Say this."""
        ...


@dataclass(frozen=True, slots=True)
class Course(Generic[T]):
    """What one run does.

    Args:
        tweet: the id of the tweet.
        walk: where it is; begins with what ``output`` does not hold yet.
        rows: makes rows of its items.
        output: takes them.
        tally: how far it is.
        limited: whether ``tally.total`` is the limit of this run, and not what the tweet has.
        purse: what it costs.
        page: what a full page can cost at the most.
        stop: whether to come to an end.
        patience: with a page that fails.
        teller: tells a person what happens.
        count: whether to look how many there will be, which costs as much as one of them.
        remember: leaves what is known of the rate limits for other commands.
        clock: where time comes from.
    """

    tweet: str
    walk: Walk[T]
    rows: Rows
    output: Output
    tally: Tally
    limited: bool
    purse: Purse
    page: Quote
    stop: Stop
    patience: Patience
    teller: Teller
    count: bool
    remember: Callable[[], None]
    clock: Clock


async def run(session: Session, course: Course[T]) -> None:
    """Write the pages of a walk until it ends, fails, or is to stop.

    Raises:
        TwretweetError: a page could not be fetched or written. What came before is in the output.
    """
    stop = course.stop
    try:
        with anyio.CancelScope() as scope:
            stop.over(scope)
            _expect(course)
            await _pages(session, course)
    except Exception as error:
        # Nothing is on its way any more. If that can't be noted, the first error matters more.
        with contextlib.suppress(TwretweetError):
            _end(
                course,
                finished=False,
                unwritten=error.paid if isinstance(error, OutputFailed) else 0,
            )
        raise
    _end(course, finished=course.walk.checkpoint().finished or not stop.asked)


async def _pages(session: Session, course: Course[T]) -> None:
    stop, pages = course.stop, course.walk.pages()
    counting = course.count and course.tally.total is None
    remembered = course.clock.monotonic()
    while not stop.asked:
        before = course.purse.micros
        try:
            page = await anext(pages)
        except StopAsyncIteration:
            return
        except TwretweetError as error:
            pause = course.patience.pause(error)
            if pause is None:
                raise
            stop.written()
            course.teller.note(f"{on_command_line(str(error))}; trying again in {seconds(pause)}")
            await course.clock.sleep(pause)
            continue
        course.patience.renew()
        try:
            _write(course, page)
        except OutputFailed as failure:
            failure.paid = course.purse.micros - before
            raise
        stop.written()
        if course.clock.monotonic() - remembered >= _REMEMBER_EVERY:
            remembered = course.clock.monotonic()
            course.remember()
        if counting and page.meta.next_token and not stop.asked:
            counting = False
            course.tally.total = await _total(session, course, page)
            stop.written()


def _expect(course: Course[T]) -> None:
    """Note what the first request can cost, before it is sent: whoever dies may have paid it."""
    purse, output = course.purse, course.output
    output.expect(
        msgspec.structs.replace(
            output.place.on(day_of(course.clock.time())),
            spent=purse.micros,
            pending=purse.most(course.page),
        )
    )


def _write(course: Course[T], page: Page[T]) -> None:
    """Write a page, and count it once it is written."""
    tally, output, purse = course.tally, course.output, course.purse
    tally.spent = dollars(purse.micros)
    today, rows = day_of(course.clock.time()), tally.items + len(page.data)
    before = output.place.on(purse.paid_on or today)
    if page.data and purse.found():
        before = msgspec.structs.replace(before, earlier=0)
    place = msgspec.structs.replace(
        before.at(course.walk.checkpoint()),
        pages=tally.pages + 1,
        rows=rows,
        total=output.place.total if course.limited else tally.total,
        spent=purse.micros,
        pending=purse.most(course.page),
        # What came around midnight may have been charged for on the day before.
        earlier=before.earlier if purse.paid_on is not None else rows,
    )
    output.write([course.rows.row(item) for item in page.data], place)
    tally.add(len(page.data))
    tally.problems += len(page.problems)


def _end(course: Course[T], *, finished: bool, unwritten: int = 0) -> None:
    """Note that nothing is on its way any more, and whether all is there.

    Args:
        course: the run.
        finished: whether all is there.
        unwritten: what a page cost that has to be asked for again, in micro-dollars.
    """
    course.tally.spent = dollars(course.purse.micros)
    course.output.end(
        msgspec.structs.replace(
            course.output.place.on(day_of(course.clock.time())),
            spent=course.purse.micros - unwritten,
            pending=unwritten,
            finished=finished,
        )
    )


async def _total(session: Session, course: Course[T], page: Page[T]) -> int | None:
    """How many there should be: as the page says, else as the tweet does."""
    for item in cast("tuple[Tweet | User, ...]", page.data[:1]):
        if isinstance(item, Tweet) and item.public_metrics is not None:
            return item.public_metrics.retweet_count
    with contextlib.suppress(TwretweetError):
        metrics = (await session.tweet(course.tweet, COUNTED)).public_metrics
        return None if metrics is None else metrics.retweet_count
    return None


def owed(place: Place, now: float) -> int:
    """What the runs before may have cost, in micro-dollars.

    A run that was killed may have had a page on its way. It is asked for again, and on the same
    day X charges its retweets once; on another day it charges them again.

    Args:
        place: where they came to.
        now: epoch seconds.
    """
    return place.spent + (place.pending if day_of(now) != place.day else 0)

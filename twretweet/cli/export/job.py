"""One command from its first look at the file to its last word."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias, TypeVar

import anyio

from twretweet.budget import AnyBudget
from twretweet.budget.tariff import Quote, dollars
from twretweet.cli import environment
from twretweet.cli.export.columns import columns
from twretweet.cli.export.formats import chosen
from twretweet.cli.export.lost import recall, search
from twretweet.cli.export.opening import Target, examine, gone, open_output
from twretweet.cli.export.options import How
from twretweet.cli.export.output import Output
from twretweet.cli.export.patience import Patience
from twretweet.cli.export.place import Place, beside
from twretweet.cli.export.plan import Plan, lines
from twretweet.cli.export.purse import Purse, SearchTooDear
from twretweet.cli.export.rates import day_of
from twretweet.cli.export.rows import Rows
from twretweet.cli.export.run import COUNTED, Course, owed, run
from twretweet.cli.export.stop import Signals
from twretweet.cli.export.told import Told, display
from twretweet.cli.outcome import (
    FAILED,
    OK,
    OutputLost,
    OutputRefused,
    Stopped,
    complain,
    report,
    say,
)
from twretweet.cli.tally import Tally, window_of
from twretweet.cli.watch import Display, watched
from twretweet.clock import Clock, SystemClock
from twretweet.errors import BudgetExceeded, TwretweetError
from twretweet.events import Event, OnEvent, PageTokenExpired
from twretweet.limits import BucketState
from twretweet.models import Page, Tweet, User
from twretweet.protocol.endpoints import Endpoint
from twretweet.query import TweetQuery, UserQuery
from twretweet.session import Session
from twretweet.walk import Checkpoint, Walk

T = TypeVar("T", Tweet, User)

_QUARTER_HOUR = 900.0


SYSTEM: Clock = SystemClock()


class Connect(Protocol):
    """Connects as an account, like :func:`twretweet.cli.environment.connect`."""

    def __call__(
        self,
        *,
        max_wait: float | None,
        account: str | None,
        budget: AnyBudget | None,
        on_event: OnEvent | None,
    ) -> AbstractAsyncContextManager[environment.Connection]:
        """Connect."""
        ...


Watch: TypeAlias = Callable[
    [Callable[[], Awaitable[None]], Tally, Callable[[], list[BucketState]], str, Display],
    Awaitable[None],
]


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

    def page(self, *, now: float) -> Quote:
        """What a page can cost at the most."""
        how = self.how
        return how.rates.page(self.endpoint, self.query.to_params(), how.max_results, now=now)


def export(job: Job[T]) -> int:
    """Do what was asked, and return the exit code."""
    told = Told(job.noun, job.how)
    try:
        target = look(job)
        if job.how.dry_run:
            anyio.run(_plan, job, target.place)
            return OK
        with open_output(target, columns(job.query)) as output:
            anyio.run(walk, job, output, told)
    except KeyboardInterrupt:
        number = told.stop.number if told.stop.asked else None
        raise Stopped(f" at once{told.so_far()}", number) from None
    except (SearchTooDear, OutputLost) as error:
        # No request is to be blamed for these, though one was about to be sent.
        complain(f"{error.args[0]}{told.so_far(error)}")
        return FAILED
    except BudgetExceeded as error:
        complain(told.used_up(error) + told.so_far(error))
        return FAILED
    except TwretweetError as error:
        return report(error, then=told.so_far(error))
    if told.stop.asked and not output.place.finished:
        raise Stopped(told.so_far(), told.stop.number)
    told.summary()
    return OK


def look(job: Job[T]) -> Target:
    """Look at what is to be written, and change nothing.

    Raises:
        OutputRefused: it must not be written.
    """
    how = job.how
    fresh = Place(format=chosen(how.format, how.out))
    target = examine(how.out, fresh, mode=how.mode)
    _refuse_another(job, target.place.checkpoint())
    if target.place.finished and not (_complete(target.place, how) or target.written.exists()):
        raise gone(target.written, beside(target.path))
    return target


async def walk(
    job: Job[T],
    output: Output,
    told: Told,
    *,
    connect: Connect = environment.connect,
    watch: Watch = watched,
    clock: Clock = SYSTEM,
) -> None:
    """Walk from where ``output`` stands, and write what comes.

    Args:
        job: what to walk.
        output: takes the rows.
        told: what a person is told.
        connect: connects as an account.
        watch: does the work, and shows it meanwhile.
        clock: where time comes from.

    Raises:
        TwretweetError: it came to an end too early. What came before is in ``output``.
    """
    place, how, tally, stop = output.place, job.how, told.tally, told.stop
    told.output = output
    tally.pages, tally.items = place.pages, place.rows
    tally.earlier_pages, tally.earlier_items = place.pages, place.rows
    tally.total = place.total if how.limit is None else how.limit
    spent = owed(place, clock.time())
    purse = Purse(how.budget, spent=spent, before=output.check, rates=how.rates)
    tally.spent, tally.cap = dollars(purse.micros), purse.cap
    if _complete(place, how):
        return
    recall(output, job.endpoint, purse, day_of(clock.time()))
    with display(how) as shown:
        told.shown = shown

        def hear(event: Event) -> None:
            stop.hear(event)
            if isinstance(event, PageTokenExpired):
                today = day_of(clock.time())
                shown.note(search(output, job.endpoint, purse, today, noun=job.noun))

        async with connect(
            max_wait=how.max_wait, account=how.account, budget=purse, on_event=hear
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
                page=job.page(now=clock.time()),
                stop=stop,
                patience=Patience(how.max_wait),
                teller=shown,
                count=told.is_followed,
                remember=connection.remember,
                clock=clock,
            )
            with Signals(stop, lambda: shown.note("the page under way is still written")):
                await watch(
                    lambda: run(session, course), tally, session.rate_limits, job.noun, shown
                )


def _refuse_another(job: Job[T], point: Checkpoint | None) -> None:
    """Refuse to go on with an export of something else.

    Raises:
        OutputRefused: the checkpoint is one.
    """
    if point is None:
        return
    params = job.query.to_params()
    for what, there, here in (
        ("holds", point.endpoint, job.noun),
        ("is about the tweet", point.target, job.tweet),
        ("was begun with", _asked(point.params), _asked(params)),
    ):
        if there != here:
            raise OutputRefused(
                f"{job.how.out} {what} {there}, and now it is {here}: give the same as before to "
                "go on, --force to begin anew, or another --out"
            )


def _asked(params: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in params.items()) or "no fields"


def _complete(place: Place, how: How) -> bool:
    """Whether an earlier run has written all that is asked for."""
    point = place.checkpoint()
    if not place.finished:
        return False
    return (point is not None and point.finished) or (
        how.limit is not None and how.limit <= place.rows
    )


async def _plan(job: Job[T], place: Place) -> None:
    how, spent = job.how, owed(place, time.time())
    purse = Purse(how.budget, spent=spent, rates=how.rates)
    async with environment.connect(
        max_wait=how.max_wait, account=how.account, budget=purse
    ) as connection:
        session = connection.session
        job.walk(session, place.checkpoint())  # refuses what can't be asked
        metrics = (await session.tweet(job.tweet, COUNTED)).public_metrics
        window = window_of(session.rate_limits(), job.noun, time.time())
    total = 0 if metrics is None else metrics.retweet_count
    plan = Plan(
        noun=job.noun,
        endpoint=job.endpoint,
        params=job.query.to_params(),
        tweet=job.tweet,
        total=total if how.limit is None else min(total, how.limit),
        written=place.rows,
        page=job.page(now=time.time()),
        rates=how.rates,
        spent=spent,
        cap=purse.cap,
        look=purse.micros - spent,
    )
    for line in lines(plan, window, _QUARTER_HOUR):
        say(line)

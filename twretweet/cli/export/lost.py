"""Pages that come again: what they cost, and what a person is told of it.

They do when X has forgotten a page token, and the walk looks for its place from the top; and when
a walk was broken off in the middle of a page.
"""

from __future__ import annotations

import csv
from itertools import islice

import msgspec

from twretweet.budget.tariff import dollars
from twretweet.cli.export.output import Output
from twretweet.cli.export.purse import Purse
from twretweet.cli.export.receipts import Again, again
from twretweet.cli.tally import money
from twretweet.protocol.endpoints import Endpoint


def recall(output: Output, endpoint: Endpoint[object], purse: Purse, today: int) -> None:
    """Let ``purse`` know what an earlier run paid for today and the next page brings again.

    Those are the rows of a page that was broken off; else only what every row is joined with, as
    what was retweeted, and one row tells that.
    """
    place = output.place
    point = place.checkpoint()
    if point is None or place.day != today:
        return
    if point.handed_out or not place.earlier:
        found = _again(output, endpoint, purse, today, rows=None if point.handed_out else 1)
        if found is not None:
            purse.recall(found.paid)


def search(
    output: Output, endpoint: Endpoint[object], purse: Purse, today: int, *, noun: str
) -> str:
    """Let ``purse`` know what a search from the top passes by; what to say of it.

    Args:
        output: what holds the rows.
        endpoint: where they came from.
        purse: pays for it.
        today: the UTC day, counted from 1970-01-01.
        noun: what the rows are, in the plural.
    """
    said = "X has forgotten the place of this walk: looking for it from the top"
    found = _again(output, endpoint, purse, today)
    if found is None:
        return f"{said}; what X has not charged for today, it charges for again"
    purse.search(found, today)
    rows = f"{said}, past the {output.place.rows:,} {noun} that are written"
    if not found.cost:
        return f"{rows}; they were paid for today, and cost nothing again"
    return f"{rows}; X charges for them again, {money(dollars(found.cost))}"


def _again(
    output: Output,
    endpoint: Endpoint[object],
    purse: Purse,
    today: int,
    *,
    rows: int | None = None,
) -> Again | None:
    """What it means that so many rows come again, or all; ``None`` where they can't be read."""
    place = output.place
    if not output.resumable:
        return None
    try:
        return again(
            islice(output.read(), rows),
            endpoint,
            purse.rates,
            earlier=place.earlier,
            day=place.day,
            today=today,
            known=lambda charge, resource: purse.knows(charge, resource, today),
        )
    except (OSError, ValueError, csv.Error, msgspec.DecodeError):
        return None  # before the next page it is seen whether the file is still there

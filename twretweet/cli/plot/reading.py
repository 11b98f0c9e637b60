"""Reading an exported file, whatever its format: when each retweet was, and who follows.

Its content tells the format, so a file may be called anything. Two numbers are kept of a row, so
a million of them take 16 MB.
"""

from __future__ import annotations

import contextlib
import csv
import heapq
import math
import shutil
import sys
import tempfile
from array import array
from codecs import BOM_UTF8
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import BinaryIO, TypeAlias

import msgspec
from msgspec import Struct

from twretweet.cli import arrow
from twretweet.errors import TwretweetError

STANDARD_INPUT = "-"
UNKNOWN = -1  # in place of a number of followers
_MOST = 5
_BATCH = 10_000
_HEAD = 4096  # bytes, of which the first that is no space tells the format
# The ids of tweets hold the milliseconds since this one, above 22 bits of other things; older
# ones, which came one after the other, are smaller.
# Source: https://docs.x.com/resources/fundamentals/x-ids
_FIRST_MILLISECOND = 1_288_834_974_657
_FIRST_DATED = 29_700_859_247
_MOST_DIGITS = 19  # of an id
_MOST_FOLLOWERS = 10**12  # more than there are people, and a sum of them still fits
_FIRST_YEAR, _LAST_YEAR = 2006, 2300  # a picture has no room for more

_Cells: TypeAlias = tuple[object, object, object, object]
_TWEET_COLUMNS = ("id", "created_at", "author.public_metrics.followers_count", "author.username")
_USER_COLUMNS = ("id", "id", "public_metrics.followers_count", "username")


class UnreadableFile(TwretweetError):
    """The file is not what an export writes."""


@dataclass(slots=True)
class Series:
    """What is drawn.

    Args:
        noun: what the rows are, in the plural.
        times: when each was, in epoch seconds, or not a number; empty for users, whose rows don't
            tell.
        followers: how many follow whom each is from, :data:`UNKNOWN` where the row does not tell.
        most: the most followed, with how many.
        torn: whether the last row is not whole, as while an export writes it.
    """

    noun: str
    times: array[float] = field(default_factory=lambda: array("d"))
    followers: array[int] = field(default_factory=lambda: array("q"))
    most: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    torn: bool = False

    @property
    def known(self) -> list[int]:
        """The numbers of followers that are known."""
        return [count for count in self.followers if count != UNKNOWN]


class _Metrics(Struct):
    followers_count: int | None = None


class _Author(Struct):
    username: str | None = None
    public_metrics: _Metrics | None = None


class _Line(_Author):
    id: str = ""
    text: str | None = None
    created_at: str | None = None
    author: _Author | None = None


def read(name: str) -> Series:
    """Read an exported file.

    Args:
        name: its path, or ``"-"`` for standard input.

    Raises:
        UnreadableFile: it can't be read, or is no exported file.
        MissingExtra: it is Parquet, and pyarrow is not installed.
    """
    shown = "standard input" if name == STANDARD_INPUT else name
    try:
        with _opened(name) as file:
            head = file.read(_HEAD)
            # What other programs have saved may begin with a byte order mark.
            file.seek(len(BOM_UTF8) if head.startswith(BOM_UTF8) else 0)
            head = head.removeprefix(BOM_UTF8).lstrip()
            if not head:
                raise UnreadableFile(f"{shown} is empty: there is nothing to plot")
            if head.startswith(b"PAR1"):
                series = _read_parquet(file)
            elif head.startswith(b"{"):
                series = _read_lines(file)
            else:
                series = _read_csv(file)
    except OSError as error:
        raise UnreadableFile(f"{shown} can't be read: {error.strerror or error}") from error
    except (ValueError, UnicodeDecodeError, csv.Error) as error:
        raise UnreadableFile(f"{shown} is no exported file: {error}") from error
    series.most.sort(reverse=True)
    if not series.followers:
        raise UnreadableFile(f"{shown} holds no rows: there is nothing to plot")
    return series


@contextlib.contextmanager
def _opened(name: str) -> Generator[BinaryIO]:
    """Open a file so that one can go back in it; what comes from a pipe is written down first."""
    with contextlib.ExitStack() as stack:
        if name == STANDARD_INPUT:
            # A shell's `<&-` leaves none, whatever the type says.
            if getattr(sys, "stdin", None) is None:
                raise UnreadableFile("standard input is closed: name a file, or open it")
            file: BinaryIO = sys.stdin.buffer
        else:
            file = stack.enter_context(Path(name).open("rb"))
        if not file.seekable():
            copy = stack.enter_context(tempfile.TemporaryFile())
            shutil.copyfileobj(file, copy)
            copy.seek(0)
            file = copy
        yield file


def _read_lines(file: BinaryIO) -> Series:
    decoder = msgspec.json.Decoder(_Line)
    lines = ((number, line) for number, line in enumerate(file, 1) if line.strip())
    first = next(lines)
    series = Series("retweets" if _line(decoder, *first).text is not None else "retweeters")
    for number, line in chain([first], lines):
        try:
            row = _line(decoder, number, line)
        except ValueError:
            if line.endswith(b"\n"):
                raise
            series.torn = True
            break
        who = row.author if series.noun == "retweets" else row
        metrics = None if who is None else who.public_metrics
        count = None if metrics is None else metrics.followers_count
        _add(series, (row.id, row.created_at, count, None if who is None else who.username))
    return series


def _line(decoder: msgspec.json.Decoder[_Line], number: int, line: bytes) -> _Line:
    try:
        row = decoder.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(f"line {number}: {error}") from error
    except RecursionError as error:
        raise ValueError(f"line {number} is nested too deeply") from error
    if not row.id or (row.text is None and row.username is None):
        raise ValueError(f"line {number} has none of the fields that an export writes")
    return row


def _read_csv(file: BinaryIO) -> Series:
    rows = csv.reader((line.decode() for line in file), strict=True)
    header = next(rows)
    series, columns = _columns(header)
    places = [header.index(name) if name in header else None for name in columns]
    for row in _whole(rows, len(header), series):
        cells = [None if place is None else row[place] or None for place in places]
        _add(series, (cells[0], cells[1], cells[2], cells[3]))
    return series


def _whole(rows: Iterator[list[str]], width: int, series: Series) -> Iterator[list[str]]:
    """The rows up to one that breaks off at the end of the file."""
    try:
        for row in rows:
            if row and len(row) != width:
                series.torn = next(rows, None) is None
                if not series.torn:
                    raise ValueError(f"a row has {len(row)} cells, and the header {width}")
                return
            if row:
                yield row
    except csv.Error as error:
        if "unexpected end" not in str(error):
            raise
        series.torn = True


def _read_parquet(file: BinaryIO) -> Series:
    names = arrow.names(file)
    series, columns = _columns(names)
    there = [name for name in dict.fromkeys(columns) if name in names]
    for batch in arrow.batches(file, there, _BATCH):
        length = len(batch["id"])
        cells: list[Iterable[object]] = [batch.get(name, [None] * length) for name in columns]
        for row in zip(*cells, strict=True):
            _add(series, (row[0], row[1], row[2], row[3]))
    return series


def _columns(header: Iterable[str]) -> tuple[Series, tuple[str, str, str, str]]:
    names = set(header)
    if "id" not in names or names.isdisjoint({"text", "username"}):
        raise ValueError("it has no columns that an export writes")
    if "text" in names:
        return Series("retweets"), _TWEET_COLUMNS
    return Series("retweeters"), _USER_COLUMNS


def _add(series: Series, cells: _Cells) -> None:
    number, created, count, name = cells
    if series.noun == "retweets":
        moment = _moment(created) if created is not None else _dated(str(number))
        series.times.append(math.nan if moment is None else moment)
    followers = UNKNOWN if count is None else _followers(int(str(count)))
    series.followers.append(followers)
    if followers != UNKNOWN and name is not None:
        entry = (followers, str(name))
        if len(series.most) < _MOST:
            heapq.heappush(series.most, entry)
        else:
            heapq.heappushpop(series.most, entry)


def _followers(count: int) -> int:
    if not 0 <= count <= _MOST_FOLLOWERS:
        raise ValueError(f"a row says that {count} follow somebody")
    return count


def _moment(created: object) -> float | None:
    moment = created if isinstance(created, datetime) else datetime.fromisoformat(str(created))
    if not _FIRST_YEAR <= moment.year < _LAST_YEAR:
        raise ValueError(f"a row is of the year {moment.year}, when there was no X")
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp()


def _dated(tweet_id: str) -> float | None:
    """When a tweet was written, by its id."""
    if len(tweet_id) > _MOST_DIGITS:
        raise ValueError(f"a row has an id of {len(tweet_id)} signs, and X none of so many")
    number = int(tweet_id) if tweet_id.isdecimal() else 0
    return None if number < _FIRST_DATED else ((number >> 22) + _FIRST_MILLISECOND) / 1000


def rows(series: Series) -> Iterator[tuple[float, int]]:
    """Moment and followers of each row that tells its moment."""
    for moment, followers in zip(series.times, series.followers, strict=True):
        if not math.isnan(moment):
            yield moment, followers

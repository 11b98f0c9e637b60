"""A drawing of characters, as wide as the terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from textwrap import wrap

from twretweet.cli.plot.reading import Series
from twretweet.cli.plot.sums import Bins, bins, magnitude, reach, short
from twretweet.cli.tally import counted

_EIGHTHS = " ▁▂▃▄▅▆▇█"
_ACROSS = " ▏▎▍▌▋▊▉█"
_HEIGHT = 6
_NARROWEST = 20
_DAY = 86_400
_ZONE = " UTC"


def sketch(series: Series, name: str, width: int) -> list[str]:
    """Lines that show ``series``.

    Args:
        series: what was read.
        name: of its file.
        width: how many columns there are.
    """
    width = max(width, _NARROWEST)
    lines = [f"{counted(len(series.followers), series.noun)} in {name}"]
    times = [moment for moment in series.times if not math.isnan(moment)]
    if times:
        found = bins(times, width)
        lines += ["", f"{series.noun} per {found.name}, at most {max(found.counts):,}"]
        wide = max(width // len(found.counts), 1)
        lines += _columns([count for count in found.counts for _ in range(wide)])
        lines.append(_axis(found, wide * len(found.counts)))
    known = series.known
    if known:
        lines += ["", *_reach(series, known, width)]
    else:
        lines += ["", *wrap(no_followers(series), width)]
    return lines


def no_followers(series: Series) -> str:
    """What to do for a file that does not tell who follows."""
    way = "--author public_metrics" if series.noun == "retweets" else "--fields public_metrics"
    return f"no followers in this file: export with {way} to see the reach"


def stamp(moment: float, *, fine: bool) -> str:
    """A moment in UTC, with its time of day if ``fine``."""
    there = datetime.fromtimestamp(moment, UTC)
    return f"{there:%Y-%m-%d %H:%M}" if fine else f"{there:%Y-%m-%d}"


def _columns(counts: Sequence[int]) -> list[str]:
    most = max(counts)
    levels = [math.ceil(count * _HEIGHT * 8 / most) for count in counts]
    return [
        "".join(_EIGHTHS[min(max(level - 8 * row, 0), 8)] for level in levels).rstrip()
        for row in range(_HEIGHT - 1, -1, -1)
    ]


def _axis(found: Bins, width: int) -> str:
    fine = found.length < _DAY
    first = stamp(found.start, fine=fine)
    last = stamp(found.start + found.length * len(found.counts), fine=fine)
    room = width - len(first) - len(last) - len(_ZONE)
    return f"{first}{' ' * room}{last}{_ZONE}" if room > 0 else f"{first} to {last}{_ZONE}"


def _reach(series: Series, known: Sequence[int], width: int) -> list[str]:
    sums = reach(known)
    names = [magnitude(exponent) for exponent in range(len(sums.magnitudes))]
    margin = max(map(len, names))
    counts = [f"{count:,}" for count in sums.magnitudes]
    room = max(width - margin - max(map(len, counts)) - 4, 1)
    most = max(sums.magnitudes)
    lines = ["followers of each who retweeted"]
    for name, count, text in zip(names, sums.magnitudes, counts, strict=True):
        eighths = math.ceil(count * room * 8 / most)
        bar = "█" * (eighths // 8) + _ACROSS[eighths % 8].strip()
        lines.append(f"{name:>{margin}}  {bar} {text}".rstrip())
    halves = "1 of them" if sums.half == 1 else f"{sums.half:,} of them"
    of = f"{counted(sums.followers, 'followers')} of {counted(sums.users, 'users')}"
    sentences = [f"reach: {of}, half of it through {halves}; median {sums.median:,}"]
    missing = len(series.followers) - sums.users
    if missing:
        sentences.append(f"of {missing:,} the file does not tell how many follow them")
    if series.most:
        top = ", ".join(f"@{name} {short(count)}" for count, name in series.most)
        sentences.append(f"most followed: {top}")
    return [*lines, "", *[line for each in sentences for line in wrap(each, width)]]

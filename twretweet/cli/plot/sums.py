"""Bins and shares: pure arithmetic on what was read."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
# Bins as long as these are easily told: "retweets per hour".
_LENGTHS = (
    (1, "second"),
    (5, "5 seconds"),
    (10, "10 seconds"),
    (30, "30 seconds"),
    (_MINUTE, "minute"),
    (5 * _MINUTE, "5 minutes"),
    (10 * _MINUTE, "10 minutes"),
    (30 * _MINUTE, "half-hour"),
    (_HOUR, "hour"),
    (3 * _HOUR, "3 hours"),
    (6 * _HOUR, "6 hours"),
    (12 * _HOUR, "12 hours"),
    (_DAY, "day"),
    (7 * _DAY, "week"),
    (30 * _DAY, "30 days"),
    (365 * _DAY, "year"),
    (36_525 * _DAY, "century"),
)


@dataclass(frozen=True, slots=True)
class Bins:
    """How many there were in each stretch of time.

    Args:
        start: when the first stretch begins, in epoch seconds.
        length: of a stretch, in seconds.
        name: of a stretch.
        counts: how many in each.
    """

    start: float
    length: int
    name: str
    counts: tuple[int, ...]


def bins(times: Iterable[float], most: int) -> Bins:
    """Count ``times`` in stretches of equal length.

    Args:
        times: epoch seconds, at least one.
        most: how many stretches there may be.
    """
    moments = list(times)
    first, last = min(moments), max(moments)
    length, name = next(
        (each for each in _LENGTHS if last // each[0] - first // each[0] < most), _LENGTHS[-1]
    )
    # In UTC a day begins at a multiple of its length.
    start = first // length * length
    counts = [0] * (int((last - start) // length) + 1)
    for moment in moments:
        counts[int((moment - start) // length)] += 1
    return Bins(start, length, name, tuple(counts))


@dataclass(frozen=True, slots=True)
class Reach:
    """How many follow those who retweeted.

    Args:
        users: how many of them are counted.
        followers: how many follow them, in sum.
        median: half of them have fewer followers.
        half: how many of them, the most followed first, have half of all followers.
        magnitudes: how many have 0, 1 to 9, 10 to 99 followers, and so on.
    """

    users: int
    followers: int
    median: int
    half: int
    magnitudes: tuple[int, ...]


def reach(followers: Sequence[int]) -> Reach:
    """Sum up numbers of followers, at least one."""
    rising = sorted(followers)
    total = sum(rising)
    falling = list(accumulate(reversed(rising)))
    magnitudes = [0] * (len(str(rising[-1])) + 1 if rising[-1] else 1)
    for count in rising:
        magnitudes[len(str(count)) if count else 0] += 1
    return Reach(
        users=len(rising),
        followers=total,
        median=rising[len(rising) // 2],
        half=bisect_left(falling, total / 2) + 1,
        magnitudes=tuple(magnitudes),
    )


def magnitude(exponent: int) -> str:
    """The name of a stretch of :attr:`Reach.magnitudes`."""
    if exponent == 0:
        return "0"
    return f"{short(10 ** (exponent - 1))} to {short(10**exponent - 1)}"


def short(number: int) -> str:
    """A number in at most four signs: ``12``, ``4.1k``, ``37k``, ``2.5M``."""
    for unit, size in (("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= size:
            whole = number / size
            # Cut, not rounded: 9,999 is not yet 10k.
            text = f"{int(whole * 10) / 10:.1f}" if whole < 10 else str(int(whole))  # noqa: PLR2004
            return f"{text.removesuffix('.0')}{unit}"
    return str(number)

"""The same as a picture, by matplotlib, without a display."""

from __future__ import annotations

import importlib
import io
import logging
import math
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any

from twretweet.cli.outcome import MissingExtra
from twretweet.cli.plot.reading import Series, rows
from twretweet.cli.plot.sketch import no_followers
from twretweet.cli.plot.sums import bins, magnitude, reach, short
from twretweet.cli.tally import counted

_BINS = 120
_POINTS = 2_000  # of a curve; more can't be seen
_DOTS = 150  # an inch
_BLUE, _ORANGE, _GREY = "#1d6fa5", "#c8553d", "#666666"


def draw(series: Series, name: str, kind: str) -> bytes:
    """Draw ``series``.

    Args:
        series: what was read.
        name: of its file.
        kind: ``png`` or ``svg``.

    Raises:
        MissingExtra: matplotlib is not installed.
    """
    figures = _matplotlib("figure")
    times = [moment for moment in series.times if not math.isnan(moment)]
    known = series.known
    panels = [
        (_draw_times, bool(times)),
        (_draw_reach, bool(times and known)),
        (_draw_followers, bool(known)),
    ]
    chosen = [panel for panel, there in panels if there]
    figure = figures.Figure(figsize=(9, 0.8 + 2.6 * max(len(chosen), 1)), layout="constrained")
    # A name is a name, whatever signs of formulas there are in it.
    figure.suptitle(f"{counted(len(series.followers), series.noun)} in {name}", parse_math=False)
    for axes, panel in zip(_axes(figure, len(chosen)), chosen, strict=True):
        axes.spines[["top", "right"]].set_visible(False)
        panel(axes, series)
    if not known:
        figure.supxlabel(no_followers(series), fontsize="small", color=_GREY)
    content = io.BytesIO()
    with warnings.catch_warnings():
        # It draws a box for a sign of the name that its fonts don't have.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        # Without its date, the same file makes the same picture.
        figure.savefig(
            content, format=kind, dpi=_DOTS, metadata={"Date": None} if kind == "svg" else None
        )
    return content.getvalue()


def _axes(figure: Any, count: int) -> Sequence[Any]:  # noqa: ANN401
    return figure.subplots(count, 1, squeeze=False)[:, 0] if count else ()


def _draw_times(axes: Any, series: Series) -> None:  # noqa: ANN401
    found = bins((moment for moment in series.times if not math.isnan(moment)), _BINS)
    starts = [_utc(found.start + found.length * place) for place in range(len(found.counts))]
    width = found.length / 86_400  # of an axis of days
    axes.bar(starts, found.counts, width=width, align="edge", color=_BLUE)
    axes.set_ylabel(f"{series.noun} per {found.name}")
    _date_axis(axes)


def _draw_reach(axes: Any, series: Series) -> None:  # noqa: ANN401
    pairs = sorted((moment, max(count, 0)) for moment, count in rows(series))
    sums = list(accumulate(count for _, count in pairs))
    step = -(-len(pairs) // _POINTS)
    kept = [*range(0, len(pairs), step), len(pairs) - 1]
    axes.step(
        [_utc(pairs[place][0]) for place in kept],
        [sums[place] for place in kept],
        where="post",
        color=_ORANGE,
    )
    axes.set_ylabel("reach: followers in sum")
    axes.set_ylim(bottom=0)
    axes.yaxis.set_major_formatter(_tick)
    _date_axis(axes)


def _draw_followers(axes: Any, series: Series) -> None:  # noqa: ANN401
    sums = reach(series.known)
    names = [magnitude(exponent) for exponent in range(len(sums.magnitudes))]
    bars = axes.bar(names, sums.magnitudes, color=_BLUE)
    axes.bar_label(bars, [f"{count:,}" for count in sums.magnitudes], fontsize="small")
    axes.set_ylabel("users")
    axes.set_xlabel(
        f"followers of each; {sums.followers:,} in sum, half of it through {sums.half:,} of "
        f"{sums.users:,}; median {sums.median:,}"
    )


def _date_axis(axes: Any) -> None:  # noqa: ANN401
    dates = _matplotlib("dates")
    locator = dates.AutoDateLocator(tz=UTC)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
    axes.set_xlabel("UTC", fontsize="small", color=_GREY)


def _tick(value: float, _: int) -> str:
    return short(int(value))


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _matplotlib(module: str) -> Any:  # noqa: ANN401  # its own types are not complete
    # At its first use it tells that it looks for fonts, which is nothing to be told.
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
    try:
        return importlib.import_module(f"matplotlib.{module}")
    except ImportError as error:
        raise MissingExtra("a picture", "plot") from error

"""The tables of `python -m benchmarks` about speed, by the name they are asked for with."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.report import Section
from benchmarks.speed import growth, parts
from benchmarks.speed.field import Field
from benchmarks.speed.imports import imports
from benchmarks.speed.profile import profile
from benchmarks.speed.walk import hold, walk
from benchmarks.speed.write import write

Measure = Callable[[Field, bool], list[Section]]

DISTINCT = 200  # as many as are held
DISTINCT_QUICK = 10

MEASURES: dict[str, Measure] = {
    "walk": lambda field, quick: [walk(field, quick=quick)],
    "hold": lambda field, quick: [hold(field, quick=quick)],
    "write": lambda field, quick: [write(field, quick=quick)],
    "sign": lambda field, quick: [parts.sign(field, quick=quick)],
    "decode": lambda field, quick: [parts.decode(field, quick=quick)],
    "memory": lambda field, quick: [
        growth.accounts(field, quick=quick),
        growth.pages(field, quick=quick),
    ],
    "import": lambda field, quick: [imports(field, quick=quick)],
    "profile": lambda field, quick: profile(field, quick=quick),
}

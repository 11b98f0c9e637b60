"""`python -m benchmarks [name|all] [--quick] [--only PART] [--json FILE] [--readme FILE]`."""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks import accounts, readme, walks
from benchmarks.export import kill
from benchmarks.export import memory as exports
from benchmarks.limits import page as limits
from benchmarks.report import Section, as_json, broken, failed, page
from benchmarks.rounds import Different, reason
from benchmarks.sandbox import page as sandbox
from benchmarks.speed import page as speed
from benchmarks.speed.field import Field

# In the order in which they are measured: what needs a quiet machine most comes first.
PAGES = {"accounts": accounts.run, "limits": limits.run}
NAMES = (*speed.MEASURES, *PAGES)
# And what takes long, and is measured only if it is asked for.
ALONE = {"sandbox": sandbox.run, "kill": kill.run, "exports": exports.run, "walks": walks.run}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "name",
        nargs="?",
        default="all",
        choices=[*NAMES, *ALONE, "all"],
        help=f"what to measure; all is the default, and all but {', '.join(ALONE)}",
    )
    parser.add_argument(
        "--quick", action="store_true", help="seconds instead of minutes, to see that it runs"
    )
    parser.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="PART",
        help="measure variants with this in their name; may be given again (not for limits)",
    )
    parser.add_argument("--uvloop", action="store_true", help="run what is async on uvloop")
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers there")
    parser.add_argument(
        "--readme", type=Path, metavar="FILE", help="write the table of goals into that file"
    )
    return parser.parse_args()


def _measured(name: str, measure: Callable[[], list[Section]]) -> list[Section]:
    """What was measured, or that it broke: the rest of a long run is not to be lost with it."""
    began = time.perf_counter()
    _say(f"{name} …", end="")
    try:
        return measure()
    except Different:
        raise
    except Exception as error:  # noqa: BLE001  whatever it is
        _say("")
        traceback.print_exc()
        return [Section(name, "", ("",), (broken(name, ours=True),), (reason(error),))]
    finally:
        _say(f" {time.perf_counter() - began:.0f} s")


def _say(what: str, end: str = "\n") -> None:
    """How far it is, to a person who waits for it."""
    if sys.stderr.isatty():
        print(what, end=end, file=sys.stderr, flush=True)


def main() -> int:
    options = _options()
    if options.readme is not None:
        try:  # now, not after a quarter of an hour
            readme.around(options.readme)
        except readme.NoPlace as error:
            print(error, file=sys.stderr)
            return 2
    began = time.perf_counter()
    sections: list[Section] = []
    unfair: list[str] = []
    distinct = speed.DISTINCT_QUICK if options.quick else speed.DISTINCT
    with Field(distinct=distinct, only=options.only, uvloop=options.uvloop) as field:
        for name, measure in speed.MEASURES.items():
            if options.name in {name, "all"}:
                try:
                    sections += _measured(name, partial(measure, field, options.quick))
                except Different as error:
                    unfair.append(f"{name}: {error}")
    for name, pages in PAGES.items():
        if options.name in {name, "all"}:
            sections += _measured(name, partial(pages, options.quick))
    if options.name in ALONE:
        sections += _measured(options.name, partial(ALONE[options.name], options.quick))
    seconds = time.perf_counter() - began
    print(page(sections))
    print(f"\n{seconds:.0f} s")
    for line in unfair:
        print(f"FAILED  {line}", file=sys.stderr)
    if options.json is not None:
        options.json.write_text(as_json(sections, seconds), encoding="utf-8")
    wrong = failed(sections) or bool(unfair)
    if options.readme is not None and wrong:
        print(f"FAILED  the run, so {options.readme.name} keeps its table", file=sys.stderr)
    elif options.readme is not None:
        readme.write(options.readme, sections)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())

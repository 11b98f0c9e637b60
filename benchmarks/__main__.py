"""`python -m benchmarks [name|all] [--quick] [--json FILE]`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.export import kill, memory
from benchmarks.limits import page as limits
from benchmarks.report import Section, as_json, failed, page
from benchmarks.sandbox import page as sandbox

# What can be measured; each takes whether to be quick, which shows that it runs and no more.
BENCHMARKS: dict[str, Callable[[bool], list[Section]]] = {
    "limits": limits.run,
    "kill": kill.run,
    "memory": memory.run,
    "sandbox": sandbox.run,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", nargs="?", default="all", choices=[*BENCHMARKS, "all"])
    parser.add_argument(
        "--quick", action="store_true", help="seconds instead of minutes, for tests"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep the numbers there")
    options = parser.parse_args()
    began = time.perf_counter()
    sections: list[Section] = []
    for name, run in BENCHMARKS.items():
        if options.name in {name, "all"}:
            sections += run(options.quick)
    seconds = time.perf_counter() - began
    print(page(sections))
    print(f"\n{seconds:.0f} s")
    if options.json is not None:
        options.json.write_text(as_json(sections, seconds), encoding="utf-8")
    return int(failed(sections))


if __name__ == "__main__":
    sys.exit(main())

"""A process that measures one variant, as often as it is told to.

``python -m benchmarks.speed.worker MODULE:CLASS`` reads a job from each line of its standard
input, as JSON, and answers with a line of numbers.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import traceback

from benchmarks.speed.measure import Measurer


def main(place: str) -> None:
    # Some clients print; what they print must not be taken for an answer.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        module, _, name = place.partition(":")
        measurer = None
        for line in sys.stdin:
            try:
                if measurer is None:
                    measurer = Measurer(getattr(importlib.import_module(module), name))
                answer = measurer.measure(json.loads(line))
            except Exception as error:  # noqa: BLE001  a peer may break in any way
                traceback.print_exc()
                first = (str(error).splitlines() or [""])[0]
                answer = {"broken": f"{type(error).__name__}: {first}"}
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


if __name__ == "__main__":
    main(sys.argv[1])

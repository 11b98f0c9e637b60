"""The console script ``twretweet``; it needs the extra ``cli``.

One module per command. A command is a function of plain arguments that returns an exit code; what
it shows is made by pure functions in modules of their own. What costs time to import, the sandbox
above all, is imported by the command that needs it.
"""

import sys
from collections.abc import Sequence

_EXTRA = ("cyclopts", "rich")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code.

    Args:
        arguments: the words after ``twretweet``; by default those of this process.
    """
    try:
        # Not at the top: whoever installed the package without the extra gets a sentence.
        from twretweet.cli.app import run  # noqa: PLC0415

        return run(sys.argv[1:] if arguments is None else arguments)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.partition(".")[0] not in _EXTRA:
            raise
        print("the command line needs the extra: pip install 'twretweet[cli]'", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130

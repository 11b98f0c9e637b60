"""What the library says, in the words of the command line: an option is what one can act on.

The library speaks to who writes Python, of arguments and methods. Only what it says of those is
put in other words; what X said is left as it is.
"""

from __future__ import annotations

import re

_NAMED = re.compile(r"^(limit|max_results|max_wait)(?= is )")
_NEWER = re.compile(r"\.raw\('([a-z.]+)', (?:…|'([^']*)')\)")
_OTHERS = (
    ("; iterate again to fetch this page once more", ""),
    (
        ": start a walk without resume=, and pass over what you have",
        ": give --force to begin anew, or another --out",
    ),
    (" and max_wait allows no more;", " and --max-wait allows no more;"),
    (", each name as an argument of its own", ""),
)


def on_command_line(message: str) -> str:
    """What an error says, with options in the place of arguments and methods."""
    message = _NAMED.sub(lambda found: f"--{found[1].replace('_', '-')}", message)
    message = _NEWER.sub(lambda found: f"--raw {found[1]}={found[2] or 'NAME'}", message)
    for there, here in _OTHERS:
        message = message.replace(there, here)
    return message

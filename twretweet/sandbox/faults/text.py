"""Faults as they are written on a command line."""

from typing import Final

import msgspec

from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.faults.kinds import ROWS
from twretweet.sandbox.wording import plainly

_FORM: Final = "write KIND or KIND:NAME=VALUE,NAME=VALUE, such as latency:seconds=2,count=3"


def read_fault(text: str) -> Fault:
    """Read one fault.

    ::

        latency:seconds=2,count=3
        lost_reply:endpoint=POST /2/users/:id/retweets
        {"kind": "error", "status": 403, "detail": "No, not today."}

    Args:
        text: a kind, and after a colon what is chosen about it; or an object of JSON, for values
            with commas.

    Raises:
        ValueError: it is neither, or there is no such fault.
    """
    text = text.strip()
    try:
        if text.startswith("{"):
            return msgspec.json.decode(text.encode(), type=Fault)
        return msgspec.convert(_chosen(text), Fault, strict=False)
    except ValueError as error:
        why = plainly(error, {"kind": ", ".join(ROWS)})
        raise ValueError(f"fault {text!r}: {why}; {_FORM}") from error


def _chosen(text: str) -> dict[str, str]:
    """Split a fault into its names and values.

    Raises:
        ValueError: it can't be split, or is of no known kind.
    """
    kind, _, rest = text.partition(":")
    if kind not in ROWS:
        raise ValueError(f"there is no {kind!r}; there are {', '.join(ROWS)}")
    chosen: dict[str, str] = {"kind": kind}
    for part in rest.split(",") if rest else ():
        name, equals, value = (half.strip() for half in part.partition("="))
        if not equals:
            raise ValueError(f"{part.strip()!r} is no NAME=VALUE")
        if name in chosen:
            raise ValueError(f"{name} is there twice")
        chosen[name] = value
    return chosen

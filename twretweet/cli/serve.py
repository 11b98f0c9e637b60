"""``twretweet sandbox``: an X API on this machine, for trying things and for other programs."""

import contextlib
import math
import os
import re
import signal
import socket
from contextlib import aclosing
from fractions import Fraction
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import anyio
import msgspec
from cyclopts import Parameter

from twretweet.cli.outcome import OK, MissingExtra, say
from twretweet.cli.served import LOOPBACK, describe, facts_of, kinds
from twretweet.errors import QueryError, TwretweetError
from twretweet.vocabulary import Vocabulary

if TYPE_CHECKING:
    from twretweet.sandbox import Sandbox

_HIGHEST_PORT = 65_535
# How the package's errors begin that name what was chosen, or what it belongs to.
_ARGUMENT = re.compile(
    r"(?:retweets_per_second|retweets|seed|daily_updates|host) (?=is )|(?:fault|limit|quirk) (?=')"
)
_BEGINNINGS = {
    "--fault": ("fault ", "endpoint is ", "no endpoint is "),
    "--limit": ("limits: ", "requests of a limit ", "seconds of a limit "),
}


class CannotListen(TwretweetError):
    """The port is taken, or not for us."""


class CannotSave(TwretweetError):
    """The state can't be written."""


def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen; 0 takes a free port.")] = 0,
    retweets: Annotated[int, Parameter(help="How many retweets its tweet has.")] = 1000,
    retweets_per_second: Annotated[
        float | None,
        Parameter(help="How many more come in by themselves; else as many as --load's file says."),
    ] = None,
    window_scale: Annotated[
        str,
        Parameter(
            help="How long rate-limit windows are, as a multiple of X's: 1/300 makes 15 minutes "
            "3 seconds."
        ),
    ] = "1",
    seed: Annotated[int, Parameter(help="The same seed gives the same users, ids and keys.")] = 0,
    fault: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="What goes wrong, such as unavailable:count=2 or latency:seconds=3,"
            "probability=0.1; may be given again. 'list' shows what there is.",
        ),
    ] = None,
    limit: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="A rate limit other than X's, as some plans have: POST /2/users/:id/retweets="
            "user:17/86400 is 17 in a day for each user; app-only counts the app where it calls "
            "as itself, app all that comes through it. It replaces those that count the same; "
            "may be given again.",
        ),
    ] = None,
    quirk: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="What X does without being asked: short_pages=0.2, missing_authors=0.1, "
            "empty_pages=0+2, all_empty, latency=0.5; may be given again.",
        ),
    ] = None,
    vocabulary: Annotated[
        Vocabulary | None,
        Parameter(help="Speak of tweets or of posts alone, and not as each request does."),
    ] = None,
    daily_updates: Annotated[
        int, Parameter(help="How many retweets and tweets v1.1 takes from an account in a day.")
    ] = 2400,
    load: Annotated[str, Parameter(help="Begin with the state in this file.")] = "",
    save: Annotated[str, Parameter(help="Write the state to this file at the end.")] = "",
    tls: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Speak https, as api.x.com and api.twitter.com too, with a certificate made for "
            "it; the authority's file is printed. Needs the extra tls.",
        ),
    ] = False,
    host: Annotated[
        str, Parameter(help="The address to listen on; others must not reach it.")
    ] = LOOPBACK,
    listen_beyond_loopback: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Take a --host that others can reach. They can do anything in the sandbox.",
        ),
    ] = False,
    json: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Print one line of JSON instead, with the address, the tweet id and the keys.",
        ),
    ] = False,
) -> int:
    """Serve an X API on this machine until Ctrl-C, with a tweet and with keys that work."""
    # The other commands need not pay for a server.
    from twretweet.sandbox import Sandbox, snapshot  # noqa: PLC0415
    from twretweet.sandbox.admin.guard import is_loopback  # noqa: PLC0415
    from twretweet.sandbox.faults.text import read_fault  # noqa: PLC0415
    from twretweet.sandbox.text import read_limits, read_quirks  # noqa: PLC0415

    if fault and "list" in fault:
        say(kinds())
        return OK
    scale = _scale(window_scale)
    if not 0 <= port <= _HIGHEST_PORT:
        raise QueryError(f"--port is {port}: it must be between 0 and {_HIGHEST_PORT}")
    if listen_beyond_loopback and is_loopback(host):
        raise QueryError(
            f"--listen-beyond-loopback, and --host is {host}, which no other machine reaches: say"
            " --host 0.0.0.0 for every address of this one, or leave the option out"
        )
    try:
        served = Sandbox(
            retweets=retweets,
            retweets_per_second=retweets_per_second,
            seed=seed,
            window_scale=scale,
            port=port,
            faults=[read_fault(text) for text in fault or ()],
            limits=read_limits(limit or ()),
            quirks=read_quirks(quirk or ()),
            vocabulary=vocabulary,
            daily_updates=daily_updates,
            tls=tls,
            state=load or None,
            host=host,
            listen_beyond_loopback=listen_beyond_loopback,
        )
    except ImportError as error:
        if not tls or error.name != "trustme":
            raise
        raise MissingExtra("--tls", "tls") from error
    except ValueError as error:
        raise QueryError(_in_options(str(error), load)) from error
    except OSError as error:
        raise QueryError(f"--load {load}: {_why(error)}") from error
    try:
        if save:
            snapshot.try_path(Path(save))
    except OSError as error:
        raise QueryError(f"--save {save}: {_why(error)}") from error
    # A shell starts what it runs in the background with interrupts ignored, and then nothing but
    # a kill would end this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _end_on_hang_up()
    # How it ends is how it was meant to.
    with contextlib.suppress(KeyboardInterrupt):
        anyio.run(_serve, served, host, port, json)
    if save:
        _save(served, save)
    return OK


async def _serve(served: "Sandbox", host: str, port: int, as_json: bool) -> None:
    try:
        await served.start()
    except OSError as error:
        raise CannotListen(f"can't listen on {host}:{port}: {_why(error)}") from error
    async with aclosing(served):
        facts = facts_of(served)
        say(msgspec.json.encode(facts).decode() if as_json else describe(facts, host))
        await anyio.sleep_forever()


def _end_on_hang_up() -> None:
    """Let a closed terminal end it as Ctrl-C does, unless it is to outlive that (nohup)."""
    hang_up = getattr(signal, "SIGHUP", None)  # there is none on Windows
    if hang_up is not None and signal.getsignal(hang_up) is signal.SIG_DFL:
        signal.signal(hang_up, _interrupt)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # The event loop knows what to do with an interrupt, on every platform.
    signal.raise_signal(signal.SIGINT)


def _save(served: "Sandbox", path: str) -> None:
    try:
        served.save(path)
    except OSError as error:
        raise CannotSave(f"can't write {path}: {_why(error)}") from error


def _in_options(message: str, load: str) -> str:
    """Speak of options where the package speaks of arguments.

    Args:
        message: what the package says.
        load: the file that ``--load`` names.
    """
    if load and message.startswith(f"{load}: "):
        return f"--load {message}"
    message = message.replace("listen_beyond_loopback=True", "--listen-beyond-loopback")
    if found := _ARGUMENT.match(message):
        return f"--{found[0].replace('_', '-')}{message[found.end() :]}"
    for option, beginnings in _BEGINNINGS.items():
        if message.startswith(beginnings):
            return f"{option}: {message.removeprefix('limits: ')}"
    return message


def _why(error: OSError) -> str:
    if error.errno is None or isinstance(error, socket.gaierror):
        return error.strerror or str(error)
    return os.strerror(error.errno)


def _scale(text: str) -> float:
    """Read a factor written as a number or as a fraction.

    Raises:
        QueryError: it is neither, or not above 0.
    """
    try:
        scale = float(Fraction(text.strip()))
    except (ValueError, ZeroDivisionError, OverflowError):
        scale = math.nan
    if not 0 < scale < math.inf:
        raise QueryError(
            f"--window-scale is {text!r}: write a factor above 0, such as 0.01 or 1/300"
        )
    return scale

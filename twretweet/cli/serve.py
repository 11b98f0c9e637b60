"""``twretweet sandbox``: an X API on this machine, for trying things and for other programs."""

import contextlib
import math
import os
import shlex
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

from twretweet.cli.outcome import OK, say
from twretweet.errors import QueryError, TwretweetError

if TYPE_CHECKING:
    from twretweet.sandbox import Sandbox

_HIGHEST_PORT = 65_535
_LOOPBACK = "127.0.0.1"


class CannotListen(TwretweetError):
    """The port is taken, or not for us."""


class CannotSave(TwretweetError):
    """The state can't be written."""


class Facts(msgspec.Struct, frozen=True):
    """What a program needs to talk to a sandbox: its address, a tweet, and keys made up for it."""

    url: str
    tweet_id: str
    consumer_key: str
    consumer_secret: str
    access_token: str
    access_token_secret: str
    bearer_token: str
    client_id: str


def sandbox(
    *,
    port: Annotated[int, Parameter(help="Where to listen; 0 takes a free port.")] = 0,
    retweets: Annotated[int, Parameter(help="How many retweets its tweet has.")] = 1000,
    retweets_per_second: Annotated[
        float, Parameter(help="How many more come in by themselves.")
    ] = 0.0,
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
    load: Annotated[str, Parameter(help="Begin with the state in this file.")] = "",
    save: Annotated[str, Parameter(help="Write the state to this file at the end.")] = "",
    host: Annotated[
        str, Parameter(help="The address to listen on; others must not reach it.")
    ] = _LOOPBACK,
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

    if fault and "list" in fault:
        say(_kinds())
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
            state=load or None,
            host=host,
            listen_beyond_loopback=listen_beyond_loopback,
        )
    except ValueError as error:
        raise QueryError(_in_options(str(error))) from error
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


def facts_of(served: "Sandbox") -> Facts:
    """What others need to know of a sandbox that listens."""
    return Facts(
        url=served.url,
        tweet_id=served.tweet_id,
        consumer_key=served.oauth1.consumer_key,
        consumer_secret=served.oauth1.consumer_secret,
        access_token=served.oauth1.access_token,
        access_token_secret=served.oauth1.access_token_secret,
        bearer_token=served.app_only.bearer_token,
        client_id=served.oauth2.client_id,
    )


def describe(facts: Facts, host: str = _LOOPBACK) -> str:
    """The same for a person, to be copied into another terminal."""
    from twretweet.sandbox.admin.guard import is_loopback  # noqa: PLC0415

    keys = {
        "BASE_URL": facts.url,
        "CONSUMER_KEY": facts.consumer_key,
        "CONSUMER_SECRET": facts.consumer_secret,
        "ACCESS_TOKEN": facts.access_token,
        "ACCESS_TOKEN_SECRET": facts.access_token_secret,
    }
    exports = [f"export TWRETWEET_{name}={shlex.quote(value)}" for name, value in keys.items()]
    tweet = facts.tweet_id
    audience = "for this machine only" if is_loopback(host) else f"and for others at {host}"
    admin = f"curl -H 'Content-Type: application/json' {facts.url}/__sandbox__"
    return "\n".join(
        [
            f"An X API listens on {facts.url}, {audience}. Ctrl-C ends it.",
            f"Its tweet is {tweet}. The keys below open nothing but this.",
            f"Watch it, and break it, in a browser: {facts.url}/",
            "",
            "In another terminal:",
            "",
            *exports,
            f"twretweet retweet {tweet}",
            f"twretweet retweets {tweet} --author verified --limit 5",
            "",
            "Or sign in to it as to X, in a browser, in a terminal without these keys:",
            "",
            f"TWRETWEET_BASE_URL={facts.url} twretweet login --client-id {facts.client_id}",
            "",
            "Or without twretweet, as the app itself:",
            "",
            f"curl -H 'Authorization: Bearer {facts.bearer_token}' \\",
            f"  '{facts.url}/2/tweets/{tweet}/retweets?max_results=5'",
            "",
            "Let the next two requests fail, or move its clock on by 15 minutes:",
            "",
            f'{admin}/faults -d \'{{"kind": "unavailable", "count": 2}}\'',
            f"{admin}/clock -d '{{\"advance\": 900}}'",
        ]
    )


def _kinds() -> str:
    """What can go wrong, a line each."""
    from twretweet.sandbox.faults.kinds import ROWS  # noqa: PLC0415

    lines: list[str] = []
    for kind, row in ROWS.items():
        parameters = ",".join(
            f"{name}={value}" for name, value in row.parameters.items() if value is not None
        )
        lines.append(f"{kind}{':' if parameters else ''}{parameters}\n    {row.summary}")
    return "\n".join(
        [
            *lines,
            "",
            "Where and when, for each of them: endpoint=GET /2/tweets/:id/retweets, account=ID,",
            "count=2, after=10, probability=0.1, seed=1.",
        ]
    )


def _in_options(message: str) -> str:
    """Speak of options where the package speaks of arguments."""
    return message.replace("listen_beyond_loopback=True", "--listen-beyond-loopback")


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

"""``twretweet sandbox``: an X API on this machine, for trying things and for other programs."""

import math
import os
import shlex
import signal
from contextlib import aclosing
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated

import anyio
import msgspec
from cyclopts import Parameter

from twretweet.cli.outcome import OK, say
from twretweet.errors import QueryError, TwretweetError

if TYPE_CHECKING:
    from twretweet.sandbox import Sandbox

_HIGHEST_PORT = 65_535


class CannotListen(TwretweetError):
    """The port is taken, or not for us."""


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
    port: Annotated[int, Parameter(help="Where to listen on 127.0.0.1; 0 takes a free one.")] = 0,
    retweets: Annotated[int, Parameter(help="How many retweets its tweet has.")] = 1000,
    window_scale: Annotated[
        str,
        Parameter(
            help="How long rate-limit windows are, as a multiple of X's: 1/300 makes 15 minutes "
            "3 seconds."
        ),
    ] = "1",
    seed: Annotated[int, Parameter(help="The same seed gives the same users, ids and keys.")] = 0,
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
    from twretweet.sandbox import Sandbox  # noqa: PLC0415

    scale = _scale(window_scale)
    if not 0 <= port <= _HIGHEST_PORT:
        raise QueryError(f"--port is {port}: it must be between 0 and {_HIGHEST_PORT}")
    try:
        served = Sandbox(retweets=retweets, seed=seed, window_scale=scale, port=port)
    except ValueError as error:
        raise QueryError(str(error)) from error
    # A shell starts what it runs in the background with interrupts ignored, and then nothing but
    # a kill would end this one.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        anyio.run(_serve, served, port, json)
    except KeyboardInterrupt:
        return OK
    return OK


async def _serve(served: "Sandbox", port: int, as_json: bool) -> None:
    try:
        await served.start()
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise CannotListen(f"can't listen on 127.0.0.1:{port}: {why}") from error
    async with aclosing(served):
        facts = facts_of(served)
        say(msgspec.json.encode(facts).decode() if as_json else describe(facts))
        await anyio.sleep_forever()


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


def describe(facts: Facts) -> str:
    """The same for a person, to be copied into another terminal."""
    keys = {
        "BASE_URL": facts.url,
        "CONSUMER_KEY": facts.consumer_key,
        "CONSUMER_SECRET": facts.consumer_secret,
        "ACCESS_TOKEN": facts.access_token,
        "ACCESS_TOKEN_SECRET": facts.access_token_secret,
    }
    exports = [f"export TWRETWEET_{name}={shlex.quote(value)}" for name, value in keys.items()]
    tweet = facts.tweet_id
    return "\n".join(
        [
            f"An X API listens on {facts.url}, for this machine only. Ctrl-C ends it.",
            f"Its tweet is {tweet}. The keys below open nothing but this.",
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
        ]
    )


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

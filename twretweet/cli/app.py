"""From the words of a command line to a command, and from its outcome to an exit code.

cyclopts only parses. Calling the command, errors and exit codes are the same few lines here in
every version of it, because its versions treat returned values and errors differently.
"""

from collections.abc import Callable, Sequence
from typing import cast

from cyclopts import App, CycloptsError

from twretweet._version import __version__
from twretweet.cli.accounts import accounts
from twretweet.cli.demo import demo
from twretweet.cli.export import retweeters, retweets
from twretweet.cli.export.options import with_empty_lists
from twretweet.cli.limits import limits
from twretweet.cli.login import login
from twretweet.cli.logout import logout
from twretweet.cli.outcome import USAGE, complain, settle
from twretweet.cli.plot import plot
from twretweet.cli.serve import sandbox
from twretweet.cli.write import retweet, undo

# One line for each paragraph: it is the terminal that knows where to break it.
_HELP = (
    "Retweet, undo, and walk who retweeted, over the X (Twitter) API.\n\n"
    "New here? `twretweet demo` shows it all on this machine, without keys.\n\n"
    "`twretweet login` signs you in at X. Or keys come from the environment, never from "
    "arguments:\n\n"
    "- OAuth 1.0a, a user: TWRETWEET_CONSUMER_KEY, TWRETWEET_CONSUMER_SECRET, "
    "TWRETWEET_ACCESS_TOKEN, TWRETWEET_ACCESS_TOKEN_SECRET\n"
    "- OAuth 2.0, a user: TWRETWEET_CLIENT_ID, TWRETWEET_ACCESS_TOKEN\n"
    "- the app itself, which only reads: TWRETWEET_BEARER_TOKEN\n\n"
    "TWRETWEET_BASE_URL names another host than X's."
)


def build() -> App:
    """The parser with all commands."""
    app = App(
        name="twretweet",
        help=_HELP,
        help_format="plaintext",
        version=f"twretweet {__version__}",
    )
    walking = (retweets, retweeters, plot)
    for command in (demo, login, accounts, logout, *walking, retweet, undo, limits, sandbox):
        app.command(command)
    return app


def run(arguments: Sequence[str]) -> int:
    """Parse ``arguments``, run the command they name, and return the exit code."""
    return settle(lambda: _dispatch(arguments))


def _dispatch(arguments: Sequence[str]) -> int:
    try:
        found, bound, _ = build().parse_args(
            with_empty_lists(arguments), print_error=False, exit_on_error=False
        )
    except CycloptsError as error:
        complain(f"{error} See: twretweet --help")
        return USAGE
    # --help and --version are commands too, and return nothing.
    command = cast("Callable[..., int | None]", found)
    return command(*bound.args, **bound.kwargs) or 0

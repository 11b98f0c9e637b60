"""The keys of an app, for signing in: from a file, the environment, or a person.

Secrets are never arguments, because the arguments of a process can be read by everybody on the
machine; and a person who types one is not shown it.
"""

import getpass
import os
import stat
import sys
import warnings
from collections.abc import Mapping
from pathlib import Path

from twretweet.credentials import ENV_PREFIX
from twretweet.errors import CredentialsError, QueryError

_LONGEST = 64 * 1024
_OTHERS = 0o077
# What a person calls them, who has them on the screen of the developer portal.
_TITLES = {
    "CLIENT_ID": "OAuth 2.0 client id",
    "CLIENT_SECRET": "OAuth 2.0 client secret, empty for a public client",
    "CONSUMER_KEY": "API key (consumer key)",
    "CONSUMER_SECRET": "API key secret (consumer secret)",
}


class Keys:
    """Finds keys: those of the file first, since it was named for this command.

    Args:
        env: the environment.
        file: a file of lines like ``TWRETWEET_CLIENT_SECRET=…``; ``None`` for none.

    Raises:
        QueryError: the file can't be read, is open to others, or not of this form.
    """

    def __init__(self, env: Mapping[str, str], file: Path | None) -> None:
        self._known = {
            name.removeprefix(ENV_PREFIX): value
            for name, value in env.items()
            if name.startswith(ENV_PREFIX) and value
        }
        if file is not None:
            self._known |= _read_file(file)

    def __repr__(self) -> str:
        return f"<Keys {', '.join(sorted(self._known))}>"

    def get(self, name: str) -> str | None:
        """A key by the name of its variable, without the prefix; ``None`` if it is not there."""
        return self._known.get(name)

    def need(self, name: str, *, hidden: bool = True) -> str:
        """A key; a person is asked for one that is not there.

        Args:
            name: of its variable, without the prefix.
            hidden: whether it is a secret, which does not appear while it is typed.

        Raises:
            CredentialsError: nobody can be asked, or nothing was typed.
        """
        found = self.get(name)
        if found is not None:
            return found
        typed = self.ask(name, hidden=hidden)
        if not typed:
            raise CredentialsError(f"no {_TITLES[name]} was given: {_ways(name)}")
        return typed

    def ask(self, name: str, *, hidden: bool = True) -> str:
        """Ask a person for a key; empty if they only press Enter.

        Raises:
            CredentialsError: there is no terminal to ask on.
        """
        if not sys.stdin.isatty():
            raise CredentialsError(
                f"the {_TITLES[name].partition(',')[0]} is missing, and there is no terminal to "
                f"ask for it: {_ways(name)}"
            )
        title = f"{_TITLES[name]}: "
        return (_typed_unseen(title, name) if hidden else typed(title)).strip()


def typed(title: str) -> str:
    """A line that a person types, or that is piped in; empty if there is none."""
    print(title, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line.endswith("\n"):
        print(file=sys.stderr)
    return line.strip()


def _typed_unseen(title: str, name: str) -> str:
    with warnings.catch_warnings():
        # It would go on with what is typed in plain sight.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(title)
        except EOFError:
            return ""
        except getpass.GetPassWarning:
            pass
    raise CredentialsError(
        f"this terminal can't keep what is typed from being seen: {_ways(name)}"
    )


def _ways(name: str) -> str:
    option = ", pass --client-id" if name == "CLIENT_ID" else ""
    return f"set {ENV_PREFIX}{name}{option}, or name a file that has it with --secrets"


def _read_file(file: Path) -> dict[str, str]:
    text = _text_of(file)
    if isinstance(text, OSError):
        raise QueryError(f"--secrets {file}: {text.strerror}") from text
    read, bad = _parsed(text)
    del text  # the locals of this frame stand in the traceback
    if bad is not None:
        raise QueryError(
            f"--secrets {file}: line {bad} is not like {ENV_PREFIX}CLIENT_SECRET=…, nor a comment"
        )
    return read


def _text_of(file: Path) -> str | OSError:
    try:
        with file.open(encoding="utf-8", errors="replace") as opened:
            status = os.fstat(opened.fileno())
            # Not of a pipe, nor of what root has mounted for a container.
            own = stat.S_ISREG(status.st_mode) and status.st_uid == os.geteuid()
            if own and status.st_mode & _OTHERS:
                raise QueryError(
                    f"--secrets {file}: others can read it; make it yours alone with `chmod 600`"
                )
            return opened.read(_LONGEST)
    except OSError as error:
        return error


def _parsed(text: str) -> tuple[dict[str, str], int | None]:
    """The keys in a file; and the number of a line that can't be read."""
    read: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.strip().removeprefix("export ").strip()
        if not words or words.startswith("#"):
            continue
        name, mark, value = words.partition("=")
        if not mark or not name.strip().isidentifier():
            return read, number
        read[name.strip().removeprefix(ENV_PREFIX)] = _unquoted(value.strip())
    return read, None


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
    return value[1:-1] if quoted else value

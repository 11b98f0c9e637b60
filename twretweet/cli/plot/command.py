"""``twretweet plot``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from twretweet.cli.console import output
from twretweet.cli.files import drafted
from twretweet.cli.outcome import OK, OutputFailed, OutputRefused, complain, plain, say
from twretweet.cli.plot.reading import STANDARD_INPUT, read
from twretweet.cli.plot.sketch import sketch
from twretweet.cli.tally import counted

_KINDS = (".png", ".svg")


def plot(
    file: Annotated[
        str,
        Parameter(
            name="FILE",
            allow_leading_hyphen=True,
            help='What an export wrote, in any format; "-" is standard input.',
        ),
    ],
    /,
    *,
    out: Annotated[
        str | None,
        Parameter(
            help="The picture to write, ending in .png or .svg; without it, a sketch is shown."
        ),
    ] = None,
    force: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Overwrite the picture if it exists."),
    ] = False,
) -> int:
    """Show retweets over time and the reach of those who retweeted, from an exported file."""
    target = None if out is None else _target(Path(out), force=force)
    series = read(file)
    name = plain(Path(file).name) if file != STANDARD_INPUT else "standard input"
    if series.torn:
        complain(f"the last row of {name} is not whole, and is left out")
    if target is None:
        for line in sketch(series, name, output().width):
            say(line)
        return OK
    # Takes a second to import, and only pictures need it.
    from twretweet.cli.plot.picture import draw  # noqa: PLC0415

    content = draw(series, name, target.suffix.lower().removeprefix("."))
    try:
        _put(target, content)
    except OSError as error:
        raise OutputFailed(f"{target} can't be written: {error.strerror}") from error
    say(f"{target}: {counted(len(series.followers), series.noun)}")
    return OK


def _put(target: Path, content: bytes) -> None:
    """Write the whole picture or nothing; an old one stays until then."""
    if target.exists():
        # Whoever may write the folder could replace a file that must not be written.
        target.open("r+b").close()
    with drafted(Path(os.path.realpath(target))) as draft:
        draft.write(content)


def _target(path: Path, *, force: bool) -> Path:
    if path.suffix.lower() not in _KINDS:
        raise OutputRefused(f"--out is {str(path)!r}: it must end in .png or .svg")
    if path.exists() and not force:
        raise OutputRefused(f"{path} exists: give --force to overwrite it, or another --out")
    if not path.parent.is_dir():
        raise OutputRefused(f"{path} can't be written: there is no folder {path.parent}")
    return path

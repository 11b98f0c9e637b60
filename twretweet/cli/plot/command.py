"""``twretweet plot``."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from twretweet.cli.console import output
from twretweet.cli.outcome import OK, OutputFailed, OutputRefused, complain, say
from twretweet.cli.plot.reading import read
from twretweet.cli.plot.sketch import sketch

_KINDS = (".png", ".svg")


def plot(
    file: Annotated[str, Parameter(name="FILE", help="What an export wrote, in any format.")],
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
    path = Path(file)
    target = None if out is None else _target(Path(out), force=force)
    series = read(path)
    if series.torn:
        complain(f"the last row of {path} is not whole, and is left out")
    if target is None:
        for line in sketch(series, path.name, output().width):
            say(line)
        return OK
    # Takes a second to import, and only pictures need it.
    from twretweet.cli.plot.picture import draw  # noqa: PLC0415

    content = draw(series, path.name, target.suffix.lower().removeprefix("."))
    try:
        target.write_bytes(content)
    except OSError as error:
        with contextlib.suppress(OSError):
            target.unlink()  # half a picture is none
        raise OutputFailed(f"{target} can't be written: {error.strerror}") from error
    say(f"{target}: {len(series.followers):,} {series.noun}")
    return OK


def _target(path: Path, *, force: bool) -> Path:
    if path.suffix.lower() not in _KINDS:
        raise OutputRefused(f"--out is {str(path)!r}: it must end in .png or .svg")
    if path.exists() and not force:
        raise OutputRefused(f"{path} exists: give --force to overwrite it, or another --out")
    if not path.parent.is_dir():
        raise OutputRefused(f"{path} can't be written: there is no folder {path.parent}")
    return path

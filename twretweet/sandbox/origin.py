"""What a sandbox began with, if that was a file: kept, so that a reset brings it back.

The file itself may have changed until then, by what was saved to it for one. It is kept packed, a
tenth of its size, and neither packed nor unpacked as a whole.
"""

from collections.abc import Generator, Iterable, Iterator
from functools import partial
from gzip import GzipFile
from io import BytesIO
from pathlib import Path

from twretweet.sandbox import snapshot
from twretweet.sandbox.core import Contents, Core


def begin(core: Core, path: Path) -> None:
    """Let a sandbox hold what a file says, now and after each reset.

    Raises:
        OSError: the file can't be read.
        ValueError: a line can't be read.
    """
    packed = BytesIO()
    with (
        path.open("rb") as file,
        GzipFile(fileobj=packed, mode="wb", compresslevel=1) as kept,
    ):
        try:
            snapshot.load(core, _copied(file, kept))
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error
    core.origin = partial(_filled, core, packed.getvalue())


def _copied(lines: Iterable[bytes], kept: GzipFile) -> Iterator[bytes]:
    for line in lines:
        kept.write(line)
        yield line


def _filled(core: Core, packed: bytes, begun: Contents) -> Generator[None, None, Contents]:
    with GzipFile(fileobj=BytesIO(packed)) as kept:
        return (yield from snapshot.filling(core, begun, kept))

"""A position in a walk, to be kept outside the program."""

from __future__ import annotations

from typing import Self

import msgspec
from msgspec import Struct

from twretweet.errors import CheckpointMismatch

_VERSION = 1


class Checkpoint(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A position in a walk; plain data.

    Attributes:
        endpoint: the name of the endpoint that is walked.
        target: the id of the tweet, or of the user whose tweets are walked; ``""`` if unknown.
        params: the query of the walk.
        page_token: of the page to fetch next; ``None`` for the first page.
        handed_out: the ids of that page that were handed out already, in order.
        place: the ids of the items before it, by which its place is found again should X forget
            the page token; none where the order of ids tells it.
        last_id: the id of the item that was handed out last, wherever it was.
        count: how many items were handed out since the walk began.
        finished: whether the walk had come to its end.
        version: of this format.
    """

    endpoint: str
    target: str
    params: dict[str, str]
    page_token: str | None = None
    handed_out: tuple[str, ...] = ()
    place: tuple[str, ...] = ()
    last_id: str | None = None
    count: int = 0
    finished: bool = False
    version: int = _VERSION

    @property
    def known(self) -> tuple[str, ...]:
        """All ids that it names as handed out."""
        return self.handed_out if self.last_id is None else (*self.handed_out, self.last_id)

    def to_json(self) -> str:
        """This checkpoint as one line of JSON."""
        return msgspec.json.encode(self).decode()

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Read what :meth:`to_json` wrote.

        Raises:
            CheckpointMismatch: it is no checkpoint, or one of a newer version.
        """
        try:
            version = msgspec.json.decode(text, type=_Versioned).version
            if version > _VERSION:
                raise CheckpointMismatch(
                    f"the checkpoint has version {version}, this package reads up to {_VERSION}: "
                    "upgrade twretweet"
                )
            return msgspec.json.decode(text, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise CheckpointMismatch(f"this is no checkpoint of a walk: {error}") from error


class _Versioned(Struct, frozen=True):
    version: int = _VERSION

"""Where a walk starts, and the arguments that it can't start with."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from twretweet.errors import CheckpointMismatch, QueryError
from twretweet.models import Identified
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.source import PageSource

T = TypeVar("T", bound=Identified)

_LARGEST_PAGE = 100


def check_page_size(max_results: int) -> None:
    """Refuse a page size that X does not know.

    Raises:
        QueryError: it is no whole number from 1 to 100.
    """
    # GET /2/tweets/:id/retweets, max_results: 1 to 100 in the OpenAPI files.
    if type(max_results) is not int or not 1 <= max_results <= _LARGEST_PAGE:
        raise QueryError(f"max_results is {max_results!r}: it must be between 1 and 100")


def start_of(source: PageSource[T], resume: Checkpoint | None, *, endpoint: str) -> Checkpoint:
    """The position to start from.

    Args:
        source: the pages of the new walk.
        resume: where an earlier one was; ``None``: at the beginning.
        endpoint: what checkpoints of such a walk name.

    Raises:
        CheckpointMismatch: the earlier one was another walk.
    """
    here = Checkpoint(endpoint=endpoint, target=source.target, params=dict(source.params))
    if resume is None:
        return here
    if not isinstance(resume, Checkpoint):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise CheckpointMismatch("resume= takes a Checkpoint: make one by from_json()")
    # Tokens of OAuth 2.0 do not tell whose they are, so a user may be known on one side only.
    target = resume.target or here.target
    for what, ours, theirs in (
        ("endpoint", here.endpoint, resume.endpoint),
        ("tweet or user", here.target or target, target),
        ("query", here.params, resume.params),
    ):
        if ours != theirs:
            raise CheckpointMismatch(
                f"the checkpoint was made by a walk of another {what}: {theirs!r}, while this one "
                f"has {ours!r}; resume it with the same {what}, or start without resume="
            )
    return msgspec.structs.replace(resume, target=target)

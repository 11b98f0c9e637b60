"""How the sandbox misbehaves on purpose, as X does without being asked."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quirks:
    """What a client has to cope with.

    A walk stays complete under all of them: the token of a cut or empty page goes on after the
    last item that was really given.

    Args:
        short_pages: the share of pages cut short, 0 to 1; the cut depends on the seed and the
            page's place alone, so every run sees the same.
        empty_pages: the pages, counted from 0 for the first of a walk, that come back with
            nothing but a ``next_token``.
        all_empty: every page comes back like that.
        missing_authors: the share of users, 0 to 1, left out of ``includes``: deleted, suspended
            or protected, as ``errors`` says of each.
        latency: seconds that every reply takes longer.

    Raises:
        ValueError: a share is not within 0 and 1, or a number is negative.
    """

    short_pages: float = 0
    empty_pages: frozenset[int] = frozenset()
    all_empty: bool = False
    missing_authors: float = 0
    latency: float = 0

    def __post_init__(self) -> None:
        for name, share in (
            ("short_pages", self.short_pages),
            ("missing_authors", self.missing_authors),
        ):
            if not 0 <= share <= 1:
                raise ValueError(f"{name} is a share between 0 and 1, not {share}")
        if any(page < 0 for page in self.empty_pages):
            raise ValueError("empty_pages counts pages from 0")
        if not 0 <= self.latency < math.inf:
            raise ValueError(f"latency is a number of seconds, not {self.latency}")

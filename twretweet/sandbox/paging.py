"""Cutting a list into pages, newest first.

A page is asked for by the id it goes on after, and its tokens name the ids at its two ends. So
nothing is given twice or left out, however the page sizes change on the way, whatever arrives at
the front, and whichever of the quirks cuts a page short or empties it.
"""

from dataclasses import dataclass

from twretweet.sandbox.draw import chance, draw
from twretweet.sandbox.quirks import Quirks
from twretweet.sandbox.retweets import Ranked
from twretweet.sandbox.snowflake import BEYOND
from twretweet.sandbox.tokens import Place


@dataclass(frozen=True, slots=True)
class Cut:
    """One page.

    Args:
        positions: of the items, newest first.
        next: where the older ones go on; ``None`` at the end.
        previous: where the newer ones are; ``None`` at the front.
    """

    positions: range
    next: Place | None
    previous: Place | None


def start(listing: int, subject: int) -> Place:
    """Return the place of the first page."""
    return Place(listing, subject, BEYOND)


def cut(items: Ranked, place: Place, max_results: int, quirks: Quirks, seed: int) -> Cut:
    """Cut the page at ``place`` out of ``items``.

    Previous pages have no quirks: they exist to step back, and X describes none for them.
    """
    if place.backward:
        bottom = items.rank(place.anchor + 1)
        top = min(len(items), bottom + max_results)
    else:
        top = items.rank(place.anchor)
        bottom = top - _give(place, min(max_results, top), quirks, seed)
    return Cut(
        positions=range(top - 1, bottom - 1, -1),
        next=_beside(place, items, bottom, backward=False) if bottom > 0 else None,
        previous=_beside(place, items, top, backward=True) if top < len(items) else None,
    )


def _give(place: Place, available: int, quirks: Quirks, seed: int) -> int:
    """Decide how many of the ``available`` items the page gives."""
    if quirks.all_empty or place.ordinal in quirks.empty_pages:
        return 0
    here = (seed, place.subject, place.anchor)
    if available > 1 and chance(quirks.short_pages, *here):
        return 1 + draw(*here, available) % (available - 1)
    return available


def _beside(place: Place, items: Ranked, edge: int, *, backward: bool) -> Place:
    """Return the place of the neighbour of a page, from the position at which the two meet."""
    if backward:
        anchor = items.id_at(edge - 1) if edge > 0 else 0
        ordinal = max(0, place.ordinal - 1)
    else:
        anchor = items.id_at(edge) if edge < len(items) else place.anchor
        ordinal = place.ordinal + 1
    return Place(place.listing, place.subject, anchor, ordinal, backward)

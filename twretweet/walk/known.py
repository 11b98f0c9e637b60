"""What a page holds beyond what was handed out before, pure.

Pages may have shifted since the earlier ones were read: new retweets push older ones to the next
page, so known ones may turn up there too, and on the page itself there may be none but new ones.
Undone retweets vanish, the last one handed out among them.
"""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TypeVar

from twretweet.models import Identified

T = TypeVar("T", bound=Identified)

# Pages' ends may cut them apart, and half of them may be gone. One alone may stand anywhere.
_ENOUGH = 0.25
_NOT_ALONE = 2
# The more they are, the fewer of them an undo takes away. As many as the largest page has.
_PLACE = 100


def after_known(
    data: tuple[T, ...], known: tuple[str, ...], *, newest_first: bool
) -> tuple[tuple[T, ...], tuple[str, ...]]:
    """Pass over what was handed out before.

    Args:
        data: the items of a page.
        known: the ids of what was handed out, and may stand on this page or a later one.
        newest_first: whether items come in falling order of their ids.

    Returns:
        The items that are left, and which known ones may stand on the next page.
    """
    if not known:
        return data, ()
    ids = frozenset(known)
    if not newest_first:
        here = {item.id for item in data}
        rest = tuple([item for item in data if item.id not in ids])
        return rest, tuple([each for each in known if each not in here])
    last = max((index for index, item in enumerate(data) if item.id in ids), default=None)
    if last is not None:
        rest = data[last + 1 :]
    else:
        # What came after the walk began stands before its place, and is not part of it.
        newest = max(map(age, known))
        rest = tuple([item for item in data if age(item.id) < newest])
    # Beyond the first that was not reached before, none was.
    return rest, () if rest else known


def after_place(
    data: tuple[T, ...], place: tuple[str, ...], passed: Set[str]
) -> tuple[T, ...] | None:
    """What stands after the items that were handed out last; ``None`` if the place is not here.

    One of them alone does not tell: who undid a retweet and made it again stands at the front
    now. Together they tell, as they lie side by side, on one page or on pages that follow.

    Args:
        data: the items of a page, in X's order.
        place: the ids of the items that were handed out last.
        passed: those of them that stood on the pages before.
    """
    ids = frozenset(place)
    here = [index for index, item in enumerate(data) if item.id in ids]
    met = len(passed | {data[index].id for index in here})
    enough = max(_ENOUGH * min(len(ids), len(data)), min(_NOT_ALONE, len(ids)))
    if not here or met < enough:
        return None
    return data[here[-1] + 1 :]


def place_after(place: tuple[str, ...], given: Iterable[str]) -> tuple[str, ...]:
    """The ids that mark the place behind the items ``given``, which were handed out last."""
    return tuple(dict.fromkeys((*place, *given)))[-_PLACE:]


def age(tweet_id: str) -> int:
    """Ids of tweets grow with time."""
    return int(tweet_id) if tweet_id.isdecimal() else 0

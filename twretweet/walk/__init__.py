"""Walking pages: item by item or page by page, to be broken off and taken up at any point."""

from twretweet.walk.calls import Walks
from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.many import Found, ManyWalks, WalksFailed
from twretweet.walk.partial import PartialResult
from twretweet.walk.walk import OnProblem, Pages, Walk
from twretweet.walk.watch import Watch

__all__ = [
    "Checkpoint",
    "Found",
    "ManyWalks",
    "OnProblem",
    "Pages",
    "PartialResult",
    "Walk",
    "Walks",
    "WalksFailed",
    "Watch",
]

"""Walking pages: item by item or page by page, to be broken off and taken up at any point."""

from twretweet.walk.checkpoint import Checkpoint
from twretweet.walk.walk import Pages, Walk

__all__ = ["Checkpoint", "Pages", "Walk"]

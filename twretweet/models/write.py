"""The reply to a retweet and to its undoing."""

from __future__ import annotations

from twretweet.models.base import Model
from twretweet.models.page import Problem


class RetweetReply(Model, frozen=True, kw_only=True):
    """What X answered to a write.

    Attributes:
        retweeted: whether the user now retweets the tweet; ``None`` where X did not say.
        id: the id that came along (``id`` in OpenAPI 2.159, ``rest_id`` in 2.167). Which tweet
            it names, the retweet or its source, is not documented.
        problems: what X could not do, though the reply is a success.
    """

    retweeted: bool | None = None
    id: str | None = None
    problems: tuple[Problem, ...] = ()

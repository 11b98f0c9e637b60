"""Making trouble at the token endpoint of OAuth 2.0, at a chosen step."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

Hook: TypeAlias = Callable[[], Awaitable[None]]


class Outage(Exception):  # no error of the sandbox, but what a test asks of it
    """Raised by a hook to break the request that it holds.

    Args:
        status: answer with this status and a page of HTML, as X does when it is in trouble;
            ``None`` drops the connection.
    """

    def __init__(self, status: int | None = None) -> None:
        super().__init__(status)
        self.status = status


@dataclass(slots=True)
class Hooks:
    """What to await, and when.

    Args:
        before_token: when the request has come, and nothing has been checked.
        before_token_reply: when tokens have been rotated, and nobody has been told.
    """

    before_token: Hook | None = None
    before_token_reply: Hook | None = None

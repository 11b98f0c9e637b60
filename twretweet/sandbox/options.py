"""What can be chosen about a sandbox, checked once."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from twretweet.sandbox.endpoints import Limit
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.quirks import Quirks
from twretweet.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class Options:
    """How a sandbox begins; :class:`~twretweet.sandbox.Sandbox` says what each means.

    Raises:
        ValueError: a number is out of range.
    """

    retweets: int
    seed: int
    window_scale: float
    quirks: Quirks
    faults: tuple[Fault, ...]
    retweets_per_second: float
    vocabulary: Vocabulary | None
    redirect_uris: tuple[str, ...] | None
    token_lifetime: float
    code_lifetime: float
    daily_updates: int
    limits: Mapping[str, Sequence[Limit]]

    def __post_init__(self) -> None:
        if self.retweets < 0:
            raise ValueError(f"retweets can't be {self.retweets}")
        if not -(1 << 63) <= self.seed < 1 << 63:
            raise ValueError(f"seed is {self.seed}: it must fit into 64 bits")
        if not 0 < self.window_scale < math.inf:
            raise ValueError(f"window_scale is a factor above 0, not {self.window_scale}")
        if not self.token_lifetime > 0:
            raise ValueError(f"token_lifetime is a number of seconds, not {self.token_lifetime}")
        if not self.code_lifetime > 0:
            raise ValueError(f"code_lifetime is a number of seconds, not {self.code_lifetime}")
        if self.daily_updates < 0:
            raise ValueError(f"daily_updates can't be {self.daily_updates}")

"""What can be chosen about a sandbox, checked once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twretweet.sandbox.bounds import within
from twretweet.sandbox.endpoints import Limit
from twretweet.sandbox.faults.fault import Fault
from twretweet.sandbox.quirks import Quirks
from twretweet.vocabulary import Vocabulary

# What they make together is before LATEST, however far the clock was moved on.
_MOST_SCALE: Final = 100_000.0
_MOST_LIMIT: Final = 10_000_000
_MOST_SECONDS: Final = 1e9


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
    retweets_per_second: float | None
    vocabulary: Vocabulary | None
    redirect_uris: tuple[str, ...] | None
    token_lifetime: float
    code_lifetime: float
    daily_updates: int
    limits: Mapping[str, Sequence[Limit]]

    def __post_init__(self) -> None:
        # What can be chosen can be saved as well, and what is saved can be loaded.
        within("retweets", self.retweets, 0)
        if not -(1 << 63) <= self.seed < 1 << 63:
            raise ValueError(f"seed is {self.seed}: it must fit into 64 bits")
        _above_0("window_scale", self.window_scale, _MOST_SCALE)
        _above_0("token_lifetime", self.token_lifetime, _MOST_SECONDS)
        _above_0("code_lifetime", self.code_lifetime, _MOST_SECONDS)
        within("daily_updates", self.daily_updates, 0)
        for endpoint, limits in self.limits.items():
            for limit in limits:
                within(f"requests of a limit of {endpoint}", limit.requests, 0)
                within(f"seconds of a limit of {endpoint}", limit.seconds, 1, _MOST_LIMIT)


def _above_0(name: str, number: float, most: float) -> None:
    if not 0 < number <= most:
        raise ValueError(f"{name} is {number}: it must be above 0, and at most {most:g}")

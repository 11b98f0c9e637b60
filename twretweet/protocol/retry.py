"""Whether to try again, and after how long.

Retries are for what may pass by itself: a broken connection, a timeout, a 5xx, a body that can't
be read because it broke on the way. Retweet and undo are safe to repeat, since X ignores a
duplicate, so writes are retried like reads. A 429 is retried only when its window opens again
within ``max_delay``; a longer wait is the caller's decision.

The back-off is the "full jitter" of
https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/: clients that failed
together don't come back together.
"""

from msgspec import Struct

from twretweet.errors import (
    DecodeError,
    QueryError,
    ServerError,
    TooManyRequests,
    TransportError,
    TwretweetError,
)


class RetryPolicy(Struct, frozen=True, kw_only=True):
    """How often to try, and how long to wait in between.

    Attributes:
        attempts: how many times a request is sent at the most; 1 means never again.
        base_delay: the longest wait before the second attempt, in seconds; it doubles each time.
        max_delay: the longest wait before any attempt, in seconds.

    Raises:
        QueryError: a number is out of range.
    """

    attempts: int = 4
    base_delay: float = 0.5
    max_delay: float = 30.0

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise QueryError(f"RetryPolicy.attempts is {self.attempts}: it must be 1 or more")
        if not 0 <= self.base_delay <= self.max_delay:
            raise QueryError(
                f"RetryPolicy delays are {self.base_delay} and {self.max_delay} s: they must not "
                "be negative, and the first not be the longer one"
            )

    def delay(self, attempt: int, chance: float) -> float:
        """How long to wait after the ``attempt``-th try failed, in seconds.

        Args:
            attempt: 1 for the first try.
            chance: a random number between 0 and 1.
        """
        # Beyond 2**32 the cap has long been reached, and a float overflows at 2**1024.
        return chance * min(self.max_delay, self.base_delay * 2.0 ** min(attempt - 1, 32))

    def again(self, error: TwretweetError, attempt: int, *, now: float) -> bool:
        """Whether a request that failed with ``error`` is to be sent once more.

        Args:
            error: what the attempt ended with.
            attempt: how many attempts were made.
            now: the local clock, in epoch seconds.
        """
        if attempt >= self.attempts:
            return False
        if isinstance(error, TooManyRequests):
            return error.reset_at is not None and error.reset_at - now <= self.max_delay
        if isinstance(error, DecodeError):
            return error.transient
        return isinstance(error, TransportError | ServerError)

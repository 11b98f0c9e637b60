"""What a limiter is asked for, what it hands out, and what it shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from twretweet.limits.spec import WindowSpec
from twretweet.protocol.headers import RateHeaders


class Bucket(Struct, frozen=True):
    """The windows that the requests of one account to one endpoint are counted in.

    Attributes:
        key: names the bucket; it is part of no request and no secret.
        label: how errors and tables call it.
        endpoint: the name of the endpoint.
        windows: each request takes a slot in all of them, or in none. The headers
            ``x-rate-limit-*`` speak of the first.
        shard: windows of one shard lie together where buckets live on several servers.
        user_day: the key of the user's 24-hour window, should X report one.
        app_day: the key of the app's 24-hour window, should X report one.
    """

    key: str
    label: str
    endpoint: str
    windows: tuple[WindowSpec, ...]
    shard: str
    user_day: str
    app_day: str


class BucketState(Struct, frozen=True, kw_only=True):
    """What is left of one window.

    Attributes:
        endpoint: the name of the endpoint; of a window that several share, of one of them.
        bucket: the label of the bucket; the key of the window where no bucket was asked for.
        window: the key of the window.
        limit: how many requests the window holds; ``None`` where X has not said.
        remaining: how many are left; ``None`` where X has not said.
        resets_at: when the window ends, in epoch seconds of the local clock; ``None`` while no
            window is open.
        in_flight: how many requests are on their way.
        waiting: how many callers wait for a slot.
    """

    endpoint: str
    bucket: str
    window: str
    limit: int | None
    remaining: int | None
    resets_at: float | None
    in_flight: int
    waiting: int


class Permit(Protocol):
    """One slot in every window of a bucket. Exactly one of the methods has to be called, once."""

    def give_back(self) -> None:
        """The request was never sent: the slots are free again."""
        ...

    def lose(self) -> None:
        """The request was sent and no answer came: X may have counted it."""
        ...

    def settle(self, headers: RateHeaders, *, refused: bool = False) -> None:
        """An answer came; ``refused`` says that it was a 429 for this bucket."""
        ...


class Limiter(Protocol):
    """Where the buckets live. Implement it to keep them somewhere else."""

    async def acquire(self, bucket: Bucket, *, max_wait: float | None) -> Permit:
        """Wait for a slot in every window of ``bucket``, first come, first served.

        Args:
            bucket: what the request counts in.
            max_wait: the longest wait in seconds; ``None`` waits as long as it takes.

        Raises:
            RateLimitExceeded: the wait would be, or has been, longer.
        """
        ...

    def states(self, buckets: Iterable[Bucket] | None = None) -> list[BucketState]:
        """What is left, for ``buckets`` or for all that are remembered."""
        ...

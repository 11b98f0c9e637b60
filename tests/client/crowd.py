"""People who go on retweeting a tweet of the sandbox."""

import twretweet as tw
from tests.support.virtual_time import LoopClock
from twretweet.sandbox import Sandbox
from twretweet.sandbox.snowflake import first_id


class Crowd(LoopClock):
    """The clock of a sandbox in which people go on retweeting.

    Whoever asks for the time finds the retweets made that were due by then.

    Args:
        every: seconds between two retweets.
    """

    def __init__(self, every: float) -> None:
        super().__init__()
        self.every = every
        self.sandbox: Sandbox | None = None
        self.made: list[str] = []
        self._began = 0.0
        self._coming = self._came = 0

    def begin(self, sandbox: Sandbox, count: int) -> None:
        """From now on, have so many retweets made."""
        self.sandbox = sandbox
        self._began = super().time()
        self._coming, self._came = count, 0

    def time(self) -> float:
        now = super().time()
        while self._came < self._coming:
            due = self._began + self.every * (self._came + 1)
            if due > now:
                break
            self.retweet(due)
            self._came += 1
        return now

    def retweet(self, at: float) -> str:
        assert self.sandbox is not None
        world = self.sandbox._core.world
        tweet = world.tweet(int(self.sandbox.tweet_id))
        made = world.retweet(7_000_000 + len(self.made), tweet, first_id(at))
        self.made.append(str(made.id))
        return self.made[-1]

    def undo(self, number: int) -> None:
        assert self.sandbox is not None
        world = self.sandbox._core.world
        assert world.undo(7_000_000 + number, world.tweet(int(self.sandbox.tweet_id)))


async def take(watch: tw.Watch[tw.Tweet], count: int) -> list[str]:
    return [(await anext(watch)).id for _ in range(count)]

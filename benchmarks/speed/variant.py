"""What every way of doing the job has to offer, so that all are measured by the same code.

A variant reads what it fetched by handing each retweet's id, text and author's name to ``take``.
What is measured takes them and does nothing; what is checked makes a digest of them, from the same
code. So a variant that reads less than the others is found out.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from benchmarks.speed.data import TWEET_FIELDS, USER_FIELDS

Take = Callable[[object, str, str], None]

# Made up, and as long as real ones.
CONSUMER_KEY = "consumerkeyconsumerkeycon"
CONSUMER_SECRET = "consumersecretconsumersecretconsumersecretconsumer"
USER_ID = "1000000000000000001"
ACCESS_TOKEN = f"{USER_ID}-accesstokenaccesstokenaccess"
ACCESS_SECRET = "accesssecretaccesssecretaccesssecretaccessecr"
BEARER = "AAAAAAAAAAAAAAAAAAAAA" + "b" * 90
PARAMS = {
    "expansions": "author_id",
    "max_results": "100",
    "tweet.fields": ",".join(TWEET_FIELDS),
    "user.fields": ",".join(USER_FIELDS),
}


class Variant:
    """One way of doing the job: a library, or a loop written by hand.

    Args:
        url: of the server, without a slash at the end.
    """

    def __init__(self, url: str) -> None:
        self.url = url

    async def __aenter__(self) -> Self:
        """Open connections; not measured."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close them."""

    def pages(self, number: int) -> AsyncIterator[Any]:
        """Fetch a walk of so many pages, one after the other."""
        raise NotImplementedError

    def look(self, page: Any, take: Take) -> None:
        """Hand over what is on a page."""
        raise NotImplementedError

    async def walk(self, number: int, take: Take) -> None:
        """Walk so many pages, and look at each retweet and its author."""
        async for page in self.pages(number):
            self.look(page, take)

    async def hold(self, number: int, take: Take) -> Any:
        """The same, and keep all retweets and authors."""
        held = []
        async for page in self.pages(number):
            self.look(page, take)
            held.append(page)
        return held

    def look_back(self, held: Any, take: Take) -> None:
        """Hand over what :meth:`hold` kept."""
        for page in held:
            self.look(page, take)

    async def write(self, tweet: int) -> bool:
        """Retweet, and say whether it is retweeted now."""
        raise NotImplementedError

    def decode(self, body: bytes) -> Any:
        """From the bytes of a page to what :meth:`look` looks at."""
        raise NotImplementedError

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        """What makes the ``Authorization`` header of OAuth 1.0a, again and again.

        Whatever is done before a request is signed, such as encoding its address, is done here.
        """
        raise NotImplementedError

    def account(self, number: int) -> object:
        """What a program keeps that acts for one more account."""
        raise NotImplementedError


class Crowd(Variant):
    """Many accounts at once, opened once and measured often."""

    accounts = 1

    async def pages_of_all(self, number: int) -> float:
        """CPU time for a page, asked for by one account after the other."""
        raise NotImplementedError

    async def long_and_short(self, number: int, steps: int) -> list[list[float]]:
        """CPU time for a page of one long walk, and of short ones, step by step."""
        raise NotImplementedError


class Digest:
    """A digest of what was read, whichever types it was read into."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.count = 0

    def take(self, tweet: object, text: str, username: str) -> None:
        self.count += 1
        self._hash.update(f"{tweet}\n{text}\n{username}\n".encode())

    def __str__(self) -> str:
        return f"{self.count}:{self._hash.hexdigest()[:16]}"


def touch(tweet: object, text: str, username: str) -> None:
    """Take it, and do nothing."""

"""twretweet, as a program uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import twretweet as tw
from benchmarks.speed.data import TWEET_FIELDS, USER_FIELDS
from benchmarks.speed.variant import (
    ACCESS_SECRET,
    ACCESS_TOKEN,
    BEARER,
    CONSUMER_KEY,
    CONSUMER_SECRET,
    Take,
    Variant,
)
from twretweet.auth import account_of
from twretweet.events import Event
from twretweet.models import tweet_page
from twretweet.protocol.request import Request, encode_params

_KEYS = tw.OAuth1(CONSUMER_KEY, CONSUMER_SECRET, ACCESS_TOKEN, ACCESS_SECRET)
MUCH = 1_000_000_000  # US dollars: no budget of these ends


def _listen(event: Event) -> None:
    """Take it, and do nothing."""


def everything_on(url: str, budget: tw.Budget) -> tw.SessionManager:
    """A manager with events and a budget too."""
    return tw.SessionManager(base_url=url, budget=budget, on_event=_listen)


class Bearer(Variant):
    """With what a manager does when it is told nothing: limits and retries."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.query = tw.TweetQuery().fields(*TWEET_FIELDS).author(*USER_FIELDS)
        self.oauth = account_of(_KEYS)
        self.shared = self.manager()

    def manager(self) -> tw.SessionManager:
        return tw.SessionManager(base_url=self.url)

    def reader(self, manager: tw.SessionManager) -> tw.Session:
        return manager.session(tw.AppOnly(BEARER))

    async def __aenter__(self) -> Self:
        self.opened = await self.manager().open()
        self.session = self.reader(self.opened)
        self.writer = self.opened.session(_KEYS)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.opened.aclose()

    async def walk(self, number: int, take: Take) -> None:
        async for tweet in self.session.retweets(number, self.query):
            author = tweet.author
            take(tweet.id, tweet.text, author.username if author else "")

    async def hold(self, number: int, take: Take) -> Any:
        held = []
        async for tweet in self.session.retweets(number, self.query):
            author = tweet.author
            take(tweet.id, tweet.text, author.username if author else "")
            held.append(tweet)
        return held

    def look_back(self, held: Any, take: Take) -> None:
        for tweet in held:
            author = tweet.author
            take(tweet.id, tweet.text, author.username if author else "")

    async def write(self, tweet: int) -> bool:
        return (await self.writer.retweet(tweet)).retweeted

    def decode(self, body: bytes) -> Any:
        return tweet_page(body)

    def look(self, page: Any, take: Take) -> None:
        self.look_back(page.data, take)

    def signer(self, method: str, path: str, params: dict[str, str]) -> Callable[[], str]:
        request = Request("POST" if method == "POST" else "GET", path, encode_params(params))
        sign = self.oauth.sign
        return lambda: dict(sign(request, time.time()).headers)["Authorization"]

    def account(self, number: int) -> object:
        return self.shared.session(
            tw.OAuth1(CONSUMER_KEY, CONSUMER_SECRET, f"{number}-token", ACCESS_SECRET)
        )


class Signing(Bearer):
    """The same as a user of OAuth 1.0a."""

    def reader(self, manager: tw.SessionManager) -> tw.Session:
        return manager.session(_KEYS)


class Everything(Bearer):
    """With events and a budget too."""

    def manager(self) -> tw.SessionManager:
        return everything_on(self.url, tw.Budget(usd=MUCH))


class EverythingSigned(Everything):
    """The same as a user of OAuth 1.0a."""

    def reader(self, manager: tw.SessionManager) -> tw.Session:
        return manager.session(_KEYS)


class Collected(Everything):
    """The walk at one go, by ``collect()``."""

    async def hold(self, number: int, take: Take) -> Any:
        held = await self.session.retweets(number, self.query).collect()
        self.look_back(held, take)
        return held


class Unlooked(Everything):
    """The authors are asked for, and never looked at."""

    async def walk(self, number: int, take: Take) -> None:
        async for tweet in self.session.retweets(number, self.query):
            take(tweet.id, tweet.text, "")

    async def hold(self, number: int, take: Take) -> Any:
        held = []
        async for tweet in self.session.retweets(number, self.query):
            take(tweet.id, tweet.text, "")
            held.append(tweet)
        return held

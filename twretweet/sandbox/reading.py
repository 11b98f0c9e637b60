"""Reading the lines of a snapshot into new contents; what they mean tells ``snapshot.py``."""

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Final

import msgspec

from twretweet.sandbox import sign_ins, spent, story
from twretweet.sandbox.accounts import SCOPES, checked_name
from twretweet.sandbox.bounds import LATEST, MOST, within
from twretweet.sandbox.core import Contents, Core, build
from twretweet.sandbox.draw import draw
from twretweet.sandbox.growth import Growth
from twretweet.sandbox.lines import (
    TYPES,
    VERSION,
    AccountLine,
    Line,
    Recipe,
    RetweetLine,
    SandboxLine,
    SignInLine,
    TokenLine,
    TweetLine,
    UserLine,
    WindowLine,
    a_moment,
    an_id,
)
from twretweet.sandbox.options import Options
from twretweet.sandbox.people import User
from twretweet.sandbox.retweets import Retweets
from twretweet.sandbox.snowflake import BEYOND, first_id
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.windows import Window
from twretweet.sandbox.wording import plainly
from twretweet.sandbox.world import World

_KNOWN: Final = {"type": ", ".join(TYPES)}
_STEP: Final = 1000
"""After so many lines others may have their turn."""
_FIRST_GUEST_ID: Final = 1_000_000_000
_JOINED_MS: Final = 1_400_000_000_000


class Reader:
    """Reads lines into contents of their own.

    Args:
        core: whose options and clock count.
        before: whose faults and growth go on.
    """

    def __init__(self, core: Core, before: Contents) -> None:
        self._core = core
        self._before = before
        self._now = core.clock.time()
        self._begun: Contents | None = None
        self._whole = False  # whether every token has a line
        self._guests = 0

    def read(self, text: Iterable[bytes | str]) -> Generator[None, None, Contents]:
        """Return what the lines say, in steps.

        Raises:
            ValueError: a line can't be read.
        """
        decode = msgspec.json.Decoder(Line).decode
        for number, line in enumerate(text, 1):
            if not number % _STEP:
                yield
            if not line.strip():
                continue
            try:
                self._take(decode(line))
            except (ValueError, OverflowError) as error:
                why = plainly(error, _KNOWN) if isinstance(error, ValueError) else str(error)
                raise ValueError(f"line {number}: {why}") from error
        return self._contents

    @property
    def _contents(self) -> Contents:
        return self._begun or self._begin(self._core.options)

    @property
    def _world(self) -> World:
        return self._contents.state.world

    def _begin(self, options: Options) -> Contents:
        faults = self._before.state.faults
        self._begun = build(options, self._now, faults)
        self._grow(self._before.growth.rate)
        return self._begun

    def _grow(self, rate: float) -> None:
        self._begun = replace(self._contents, growth=Growth(rate, self._now))

    def _take(self, line: Line) -> None:
        match line:
            case SandboxLine():
                self._take_head(line)
            case AccountLine():
                self._take_account(line)
            case UserLine():
                self._take_user(line)
            case TweetLine():
                self._take_tweet(line)
            case RetweetLine():
                self._take_retweet(line)
            case WindowLine():
                self._take_window(line)
            case TokenLine() | SignInLine():
                sign_ins.take(self._contents.state.accounts, line)
            case _:
                spent.take(self._contents.state, line)

    def _take_head(self, line: SandboxLine) -> None:
        if self._begun is not None:
            raise ValueError("the line of the sandbox must be the first")
        if line.version != VERSION:
            raise ValueError(f"version is {line.version}: only {VERSION} can be read")
        population = within("population", line.population, 0)
        options = self._core.options
        # Whatever was to come when it was saved is to come again, and what was past is past.
        ahead = max(0.0, self._core.checked_lead(line.ahead) - self._core.ahead)
        self._now += ahead
        # The lines of a whole sandbox say themselves what each tweet has.
        whole = replace(options, retweets=0)
        self._begin(whole if line.seed is None else replace(whole, seed=line.seed))
        self._begun = replace(self._contents, ahead=line.ahead)
        if line.retweets_per_second is not None and options.retweets_per_second is None:
            self._grow(line.retweets_per_second)
        self._world.go_on(an_id("latest_id", line.latest_id), population)
        if line.signed_in is not None:
            self._whole = True
            sign_ins.go_on(self._contents.state.accounts, line)

    def _take_account(self, line: AccountLine) -> None:
        account = self._contents.me
        if line.username != account.username:
            scopes = SCOPES if line.scopes is None else line.scopes
            account = self._contents.new_account(line.username, scopes)
        if line.user_id not in {None, account.user_id}:
            raise ValueError(
                f"user_id is {line.user_id}: it follows from the seed and from the order of the"
                f" accounts, and is {account.user_id}"
            )
        if self._whole:
            self._contents.state.accounts.forget(account.user_id)

    def _take_user(self, line: UserLine) -> None:
        if line.id is None:
            user_id = _FIRST_GUEST_ID + self._guests
            while self._world.knows(user_id):
                user_id += 1
            self._guests += 1
        else:
            user_id = an_id("id", line.id)
        if self._world.user_named(line.username) is not None:
            raise ValueError(f"the name {line.username!r} is taken")
        if line.followers is not None:
            within("followers", line.followers, 0, 10 * MOST)
        user = User(
            id=user_id,
            username=checked_name(line.username),
            name=line.name or line.username,
            bits=draw(user_id),
            created_ms=a_moment(line.created_at) if line.created_at else _JOINED_MS,
            followers=line.followers,
            description=line.description,
        )
        self._world.add_guest(user)

    def _new_id(self, line: TweetLine) -> int:
        """Return the id of a tweet: the one given, one of its time, or one of now."""
        if line.id is not None:
            return an_id("id", line.id)
        if line.created_at is None:
            return self._world.fresh_id(first_id(self._now))
        tweet_id = max(1, first_id(a_moment(line.created_at) / 1000))
        while self._world.tweet(tweet_id) is not None:
            tweet_id += 1
        return tweet_id

    def _take_tweet(self, line: TweetLine) -> None:
        moment = first_id(self._now)
        tweet_id = self._new_id(line)
        known = self._world.tweet(tweet_id)
        if known is None:
            author = self._user(line.author, line.author_id)
            known = Tweet(id=tweet_id, author_id=author or story.AUTHOR_ID, text=line.text)
            if line.created_at is not None:
                written = a_moment(line.created_at)
                # The first ids of X, those of before November 2010, don't tell it.
                known.written_ms = None if written == known.created_ms else written
            known.quoted = self._older("quotes", line.quotes, tweet_id)
            known.replied_to = self._older("replies_to", line.replies_to, tweet_id)
            self._world.add_tweet(known)
        elif known.original is not None:
            raise ValueError(f"id is {tweet_id}: that is a retweet")
        if isinstance(line.retweets, Recipe):
            retweets = _follow(line.retweets)
        else:
            count = within("retweets", line.retweets, 0)
            retweets = story.crowd_retweets(tweet_id, count, moment, self._contents.state.seed)
        self._world.set_retweets(known, retweets)

    def _older(self, name: str, text: str | None, tweet_id: int) -> tuple[int, int] | None:
        """Return the ids of the tweet that one refers to, and of its author.

        In the order of their ids, as they are saved, each line finds the ones it refers to.
        """
        if text is None:
            return None
        found = self._world.tweet(an_id(name, text))
        if found is None or found.original is not None or found.id >= tweet_id:
            raise ValueError(f"{name} is {text}: there is no such tweet that is older")
        return found.id, found.author_id

    def _take_retweet(self, line: RetweetLine) -> None:
        tweet = self._world.tweet(an_id("tweet_id", line.tweet_id))
        if tweet is None or tweet.original is not None:
            raise ValueError(f"tweet_id is {line.tweet_id}: there is no such tweet")
        user_id = self._user(line.username, line.user_id)
        moment = first_id(self._now)
        if user_id is None:
            self._world.newcomer_retweet(tweet, moment)
        elif line.id is not None:
            self._world.put_retweet(user_id, tweet, an_id("id", line.id))
        elif self._world.retweet(user_id, tweet, moment) is None:
            raise ValueError(f"user {user_id} has retweeted {tweet.id} already")

    def _take_window(self, line: WindowLine) -> None:
        limit = within("limit", line.limit, 0)
        used = within("used", line.used, 0)
        end = within("end", line.end, 0, LATEST)
        self._contents.api.windows.restore(tuple(line.key), Window(limit, end, used))

    def _user(self, username: str | None, user_id: str | None) -> int | None:
        """Return the id of a user that is named in one of two ways, or in none."""
        if username is not None:
            named = self._world.user_named(username)
            found = None if named is None else named.id
        elif user_id is not None:
            given = an_id("user_id", user_id)
            found = given if self._world.knows(given) else None
        else:
            return None
        if found is None:
            raise ValueError(f"there is no user {username or user_id}")
        return found


def _follow(recipe: Recipe) -> Retweets:
    crowd = within("crowd", recipe.crowd, 0)
    first, gap = an_id("first", recipe.first), an_id("gap", recipe.gap)
    if gap < 1 or first + (crowd + 1) * gap >= BEYOND:
        raise ValueError(f"gap is {gap}: ids would be too large, or all the same")
    return Retweets(crowd=crowd, first=first, gap=gap, seed=recipe.seed)

"""The state of a sandbox as JSON Lines: saved, loaded, and written by hand.

Each line is an object with a ``type``:

===========  ==================================================================================
sandbox      where keys and ids come from: ``seed``, ``latest_id``, ``population``; if there is
             one, it is the first
account      a user that can sign in: ``username``, and ``scopes`` of the bearer token
tweet        ``text``, ``author`` (a username), and ``retweets``: how many by the crowd
retweet      ``tweet_id``, and ``user_id`` or ``username``
window       a rate limit that is in use
updates      how much a user has posted today
token        an OAuth 1.0a access token that is good
sign_in      an OAuth 2.0 sign-in, with hashes of what descends from it
cost, read   what the requests have cost, and what was read today and is not charged again
===========  ==================================================================================

All else may be left out, and is made up. Keys follow from the seed and from the order of the
accounts, and OAuth 2.0 tokens are kept as hashes, so that no line holds a secret. What lives for
minutes is not saved: request tokens, codes, used nonces. Faults are no state: those in force stay
in force.
"""

from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from errno import EISDIR
from heapq import merge
from os import strerror
from pathlib import Path
from typing import Final

import msgspec

from twretweet.sandbox import sign_ins, spent, story
from twretweet.sandbox.accounts import SCOPES
from twretweet.sandbox.bounds import LATEST, within
from twretweet.sandbox.core import Contents, Core, build
from twretweet.sandbox.growth import Growth
from twretweet.sandbox.lines import (
    VERSION,
    AccountLine,
    Line,
    Recipe,
    RetweetLine,
    SandboxLine,
    SignInLine,
    TokenLine,
    TweetLine,
    WindowLine,
    an_id,
)
from twretweet.sandbox.options import Options
from twretweet.sandbox.retweets import Retweets
from twretweet.sandbox.snowflake import BEYOND, first_id
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.windows import Window
from twretweet.sandbox.world import World

_STEP: Final = 1000
"""After so many lines others may have their turn."""


def lines(core: Core) -> Iterator[bytes]:
    """Write what a sandbox holds, a line at a time."""
    core.catch_up()
    encode = msgspec.json.Encoder().encode
    for line in _told(core):
        yield encode(line) + b"\n"


def write(core: Core, path: Path) -> None:
    """Write what a sandbox holds to a file, which is replaced as a whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    part = _part_of(path)
    try:
        with part.open("wb") as file:
            file.writelines(lines(core))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def try_path(path: Path) -> None:
    """Find out whether a snapshot could be written to a file, which is left as it is.

    Raises:
        OSError: it could not.
    """
    part = _part_of(path)
    part.open("wb").close()
    part.unlink()


def read(core: Core, path: Path) -> None:
    """Let a sandbox hold what a file says, or what it held if that can't be read.

    Raises:
        OSError: the file can't be read.
        ValueError: a line can't be read.
    """
    with path.open("rb") as file:
        try:
            load(core, file)
        except ValueError as error:
            raise ValueError(f"{path}: {error}") from error


def load(core: Core, text: Iterable[bytes | str]) -> None:
    """Let a sandbox hold what lines say, or what it held if they can't be read.

    Raises:
        ValueError: a line can't be read, or contradicts one before it; the message says which.
    """
    for _ in loading(core, text):
        pass


def loading(core: Core, text: Iterable[bytes | str]) -> Iterator[None]:
    """Do the same a step at a time; nothing is replaced before the last one.

    Raises:
        ValueError: what :func:`load` raises.
    """
    core.replace((yield from filling(core, core.contents, text)))


def filling(
    core: Core, before: Contents, text: Iterable[bytes | str]
) -> Generator[None, None, Contents]:
    """Return what lines say, a step at a time.

    Args:
        core: whose options and clock count.
        before: whose faults and growth go on.
        text: the lines.

    Raises:
        ValueError: what :func:`load` raises.
    """
    return (yield from _Reader(core, before).read(text))


def _part_of(path: Path) -> Path:
    """Return where a file is written before it replaces another.

    Raises:
        IsADirectoryError: that is no file, and can't be replaced.
    """
    if path.is_dir():
        raise IsADirectoryError(EISDIR, strerror(EISDIR), str(path))
    return path.with_name(f"{path.name}.part")


def _told(core: Core) -> Iterator[Line]:
    contents = core.contents
    world, accounts = contents.state.world, contents.state.accounts
    yield SandboxLine(
        seed=contents.state.seed,
        latest_id=str(world.latest_id),
        population=world.population,
        signed_in=accounts.legs.given,
        app_tokens=accounts.app_bearers.given,
        app_signed_out=accounts.app_bearers.ended,
    )
    for account in accounts:
        yield AccountLine(account.username, account.user_id, sorted(account.scopes))
    tweets = sorted(world.originals(), key=lambda tweet: tweet.id)
    for tweet in tweets:
        crowd, first, gap, seed = tweet.retweets.recipe
        recipe = Recipe(crowd, str(first), str(gap), seed)
        yield TweetLine(
            id=str(tweet.id), text=tweet.text, author_id=str(tweet.author_id), retweets=recipe
        )
    # In the order of their ids over all tweets, so that reading them only ever appends.
    for snowflake, user_id, tweet_id in merge(*map(_live, tweets)):
        yield RetweetLine(str(tweet_id), user_id=str(user_id), id=str(snowflake))
    for key, window in contents.api.windows.opened(core.clock.time()):
        yield WindowLine(list(key), window.limit, window.used, window.end)
    yield from sign_ins.told(accounts, core.clock.time())
    yield from spent.told(contents.state, core.clock.time())


def _live(tweet: Tweet) -> Iterator[tuple[int, int, int]]:
    return ((snowflake, user_id, tweet.id) for snowflake, user_id in tweet.retweets.live())


class _Reader:
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
                raise ValueError(f"line {number}: {error}") from error
        return self._contents

    @property
    def _contents(self) -> Contents:
        return self._begun or self._begin(self._core.options)

    @property
    def _world(self) -> World:
        return self._contents.state.world

    def _begin(self, options: Options) -> Contents:
        growth = Growth(self._before.growth.rate, self._now)
        faults = self._before.state.faults
        self._begun = replace(build(options, self._now, faults), growth=growth)
        return self._begun

    def _take(self, line: Line) -> None:
        match line:
            case SandboxLine():
                self._take_head(line)
            case AccountLine():
                self._take_account(line)
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
        # The lines of a whole sandbox say themselves what each tweet has.
        whole = replace(options, retweets=0)
        self._begin(whole if line.seed is None else replace(whole, seed=line.seed))
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

    def _take_tweet(self, line: TweetLine) -> None:
        moment = first_id(self._now)
        tweet_id = self._world.fresh_id(moment) if line.id is None else an_id("id", line.id)
        known = self._world.tweet(tweet_id)
        if known is None:
            author = self._user(line.author, line.author_id)
            known = Tweet(id=tweet_id, author_id=author or story.AUTHOR_ID, text=line.text)
            self._world.add_tweet(known)
        elif known.original is not None:
            raise ValueError(f"id is {tweet_id}: that is a retweet")
        if isinstance(line.retweets, Recipe):
            retweets = _follow(line.retweets)
        else:
            count = within("retweets", line.retweets, 0)
            retweets = story.crowd_retweets(tweet_id, count, moment, self._contents.state.seed)
        self._world.set_retweets(known, retweets)

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

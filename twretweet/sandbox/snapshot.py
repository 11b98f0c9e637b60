"""The state of a sandbox as JSON Lines: saved, loaded, and written by hand.

Each line is an object with a ``type``:

===========  ==================================================================================
sandbox      where keys and ids come from: ``seed``, ``latest_id``, ``population``; how many
             ``retweets_per_second`` come in, unless the sandbox was made with a rate of its own;
             by how many seconds the clock is to be ``ahead``; if there is one, it is the first
account      a user that can sign in: ``username``, and ``scopes`` of the bearer token
user         another user: ``username``, ``id``, ``name``, ``description``, ``followers``,
             ``created_at``
tweet        ``id``, ``text``, ``author`` (a username) or ``author_id``, ``created_at``,
             ``quotes`` and ``replies_to`` (ids of older tweets above it), and ``retweets``: how
             many by the crowd
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
from errno import EISDIR
from heapq import merge
from os import strerror
from pathlib import Path

import msgspec

from twretweet.sandbox import sign_ins, spent
from twretweet.sandbox.core import Contents, Core
from twretweet.sandbox.lines import (
    AccountLine,
    Line,
    Recipe,
    RetweetLine,
    SandboxLine,
    TweetLine,
    UserLine,
    WindowLine,
)
from twretweet.sandbox.reading import Reader
from twretweet.sandbox.snowflake import iso
from twretweet.sandbox.tweets import Tweet


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
    return (yield from Reader(core, before).read(text))


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
        retweets_per_second=contents.growth.rate,
        ahead=core.ahead,
    )
    for account in accounts:
        yield AccountLine(account.username, account.user_id, sorted(account.scopes))
    for user in world.guests:
        yield UserLine(
            user.username,
            id=str(user.id),
            name=user.name,
            description=user.description,
            followers=user.followers,
            created_at=iso(user.created_ms),
        )
    tweets = sorted(world.originals(), key=lambda tweet: tweet.id)
    for tweet in tweets:
        crowd, first, gap, seed = tweet.retweets.recipe
        recipe = Recipe(crowd, str(first), str(gap), seed)
        yield TweetLine(
            id=str(tweet.id),
            text=tweet.text,
            author_id=str(tweet.author_id),
            created_at=None if tweet.written_ms is None else iso(tweet.written_ms),
            quotes=None if tweet.quoted is None else str(tweet.quoted[0]),
            replies_to=None if tweet.replied_to is None else str(tweet.replied_to[0]),
            retweets=recipe,
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

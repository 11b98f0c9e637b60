"""All that a sandbox holds, and what can be done to it from outside the API.

Everything here is plain memory and returns at once. What a reset or a snapshot replaces is held
together by :class:`Contents`, so that it is replaced as a whole or not at all.
"""

from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from twretweet.clock import Clock
from twretweet.sandbox import story
from twretweet.sandbox.accounts import SCOPES, Account, Accounts, checked_name, profile
from twretweet.sandbox.api import Api
from twretweet.sandbox.bounds import within
from twretweet.sandbox.call import Answer, Incoming, State
from twretweet.sandbox.changes import Changes
from twretweet.sandbox.clocks import Movable
from twretweet.sandbox.endpoints import ENDPOINTS, with_limits
from twretweet.sandbox.faults.faults import Faults
from twretweet.sandbox.growth import Growth
from twretweet.sandbox.oauth import desk
from twretweet.sandbox.options import Options
from twretweet.sandbox.records import RecordedRequest, Records
from twretweet.sandbox.snowflake import first_id
from twretweet.sandbox.tokens import Tokens
from twretweet.sandbox.tweets import Tweet
from twretweet.sandbox.updates import Updates
from twretweet.sandbox.world import World

_OWN_TWEETS_FROM: Final = 1_510_000_000_000_000_000
_ENDPOINTS: Final = (*(endpoint.name for endpoint in ENDPOINTS), *desk.ENDPOINTS)
_FAR: Final = 3_400_000_000.0  # ids of later than 2080 have no room in 63 bits
MOST_AT_ONCE: Final = 100_000
_WRITES: Final = frozenset({"POST", "DELETE"})
_DONE: Final = (200, 0)  # a write whose reply was lost is done as well


@dataclass(frozen=True, slots=True)
class Contents:
    """What is there, and answers.

    Args:
        state: users, tweets, accounts, faults.
        me: the first account.
        api: answers requests.
        growth: the retweets that come in by themselves.
        ahead: by how many seconds the clock is to have been moved on, for what is there to make
            sense.
    """

    state: State
    me: Account
    api: Api
    growth: Growth
    ahead: float = 0.0

    def new_account(self, username: str | None, scopes: Iterable[str]) -> Account:
        """Make another user that can sign in.

        Raises:
            ValueError: there is no such scope, the name is taken or none that X allows, or
                somebody else has the account's id.
        """
        world, accounts = self.state.world, self.state.accounts
        if username is None:
            # Somebody who was written by hand may have the name that is next.
            username = next(name for name in accounts.names() if world.user_named(name) is None)
        elif world.user_named(checked_name(username)) is not None:
            raise ValueError(f"the name {username!r} is taken")
        if world.knows(int(accounts.next_id)):
            raise ValueError(
                f"user {accounts.next_id} was written by hand, with the id of the next account:"
                " give them another"
            )
        account = accounts.new(username, scopes)
        world.add_user(profile(account))
        return account


def build(options: Options, now: float, faults: Faults | None = None) -> Contents:
    """Put together what a sandbox begins with.

    Args:
        options: how it begins.
        now: epoch seconds.
        faults: those in force, if not the ones of the options.

    Raises:
        ValueError: a fault is bound to an endpoint that there is not, or retweets come too fast.
    """
    seed, moment = options.seed, first_id(now)
    world = World(retweets=options.retweets, seed=seed, now=moment)
    accounts = Accounts(
        seed,
        redirect_uris=options.redirect_uris,
        token_lifetime=options.token_lifetime,
        code_lifetime=options.code_lifetime,
    )
    me = accounts.new("sandbox_bot")
    written = story.own_tweets(int(me.user_id), _OWN_TWEETS_FROM, moment, seed)
    world.add_user(replace(profile(me), pinned=written[0].id, recent=written[-1].id))
    for tweet in written:
        world.add_tweet(tweet)
    state = State(
        world=world,
        accounts=accounts,
        tokens=Tokens(f"page tokens {seed}".encode()),
        quirks=options.quirks,
        faults=Faults(_ENDPOINTS, options.faults) if faults is None else faults,
        seed=seed,
        vocabulary=options.vocabulary,
        updates=Updates(options.daily_updates, options.window_scale),
    )
    growth = Growth(options.retweets_per_second or 0.0, now)
    return Contents(
        state, me, Api(state, options.window_scale, with_limits(options.limits)), growth
    )


Origin: TypeAlias = Callable[[Contents], Generator[None, None, Contents]]


class Core:
    """A sandbox without its socket.

    Args:
        options: how it begins.
        clock: the time that windows, ids and headers go by.

    Attributes:
        options: how it began.
        clock: the time.
        ahead: by how many seconds the clock was moved on.
        contents: what is there.
        origin: fills new contents, in steps, with what a file said at the beginning.
        records: the requests that were answered.
        changes: who watches.

    Raises:
        ValueError: what :func:`build` raises.
    """

    def __init__(self, options: Options, clock: Clock) -> None:
        self.options = options
        self.clock = clock
        self.ahead = 0.0
        self.contents = build(options, clock.time())
        self.origin: Origin | None = None
        self.records = Records()
        self.changes = Changes()

    @property
    def world(self) -> World:
        """Users and tweets."""
        return self.contents.state.world

    @property
    def accounts(self) -> Accounts:
        """Who may sign in."""
        return self.contents.state.accounts

    @property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return self.contents.state.faults

    @property
    def movable(self) -> bool:
        """Whether the clock can be moved on."""
        return isinstance(self.clock, Movable)

    # Requests

    def answer(self, incoming: Incoming) -> Answer:
        """Answer one request to the API."""
        self.catch_up()
        return self.contents.api.answer(incoming)

    def record(self, request: RecordedRequest) -> None:
        """Remember a request that was answered."""
        self.records.add(request)
        self.changes.answered(request)
        if request.method in _WRITES and request.status in _DONE:
            self.changes.tell("tweets")
        if request.faults:
            self.changes.tell("faults")

    # What is there

    def catch_up(self) -> None:
        """Let the retweets be there that have come in by themselves."""
        growth = self.contents.growth
        if not growth.rate:
            return
        tweet = self.tweet(story.TWEET_ID)
        grew = False
        for moment in growth.due(self.clock.time()):
            self.world.newcomer_retweet(tweet, first_id(moment))
            grew = True
        if grew:
            self.changes.tell("tweets")

    def grow(self, retweets_per_second: float) -> None:
        """Let retweets come in at another rate from now on.

        Raises:
            ValueError: the rate is out of range.
        """
        self.catch_up()
        growth = Growth(retweets_per_second, self.clock.time())
        self.contents = replace(self.contents, growth=growth)
        self.changes.tell("tweets")

    def tweet(self, tweet_id: int) -> Tweet:
        """Find a tweet.

        Raises:
            ValueError: there is none.
        """
        found = self.world.tweet(tweet_id)
        if found is None:
            raise ValueError(f"there is no tweet {tweet_id}")
        return found.original or found

    def retweeters(self, tweet: Tweet) -> Iterator[int]:
        """Go through the ids of who has retweeted a tweet by now, latest first.

        What happens while somebody goes through them changes nothing.
        """
        self.catch_up()
        return self.world.retweeters(tweet)

    def new_account(self, username: str | None, scopes: Iterable[str] = SCOPES) -> Account:
        """Make another user that can sign in.

        Raises:
            ValueError: there is no such scope, or the name is taken or none that X allows.
        """
        account = self.contents.new_account(username, scopes)
        self.changes.tell("accounts")
        return account

    def add_tweet(self, text: str, retweets: int, author_id: int) -> Tweet:
        """Put up a tweet, retweeted by the crowd.

        Raises:
            ValueError: there is no such author, or the number of retweets is out of range.
        """
        within("retweets", retweets, 0)
        # It lies as far back as its retweets need, in the usual distance; if they are too many for
        # the time since X's first id, half of that, and they are closer.
        now = first_id(self.clock.time())
        fresh = self.world.fresh_id(now)
        written = fresh - min((retweets + 1) * story.APART, fresh // 2)
        while self.world.is_taken(written):
            written += 1
        tweet = Tweet(id=written, author_id=author_id, text=text)
        tweet.retweets = story.crowd_retweets(tweet.id, retweets, now, self.contents.state.seed)
        self.world.add_tweet(tweet)
        self.changes.tell("tweets")
        return tweet

    def act(self, tweet: Tweet, user_id: int | None, count: int, *, undo: bool) -> int:
        """Let a user, or so many of the crowd, retweet or undo, and return how many did.

        Raises:
            ValueError: there is no such user, theirs can't be undone, or the number is out of
                range.
        """
        within("count", count, 1, MOST_AT_ONCE)
        self.catch_up()
        now = first_id(self.clock.time())
        if user_id is None:
            changed = self._crowd_acts(tweet, count, now, undo=undo)
        elif not self.world.knows(user_id):
            raise ValueError(f"there is no user {user_id}")
        elif undo and self.world.is_of_crowd(user_id, tweet):
            raise ValueError(
                f"user {user_id} is of the crowd that had retweeted {tweet.id} from the start:"
                " these retweets can't be undone, only those made since"
            )
        elif undo:
            changed = int(self.world.undo(user_id, tweet))
        else:
            changed = int(self.world.retweet(user_id, tweet, now) is not None)
        self.changes.tell("tweets")
        return changed

    def _crowd_acts(self, tweet: Tweet, count: int, now: int, *, undo: bool) -> int:
        if undo:
            return sum(self.world.newcomer_undo(tweet) for _ in range(count))
        for _ in range(count):
            self.world.newcomer_retweet(tweet, now)
        return count

    # All of it

    def advance(self, seconds: float) -> None:
        """Move the clock on.

        Raises:
            ValueError: it can't be moved that far, or backwards.
            TypeError: it can't be moved at all.
        """
        if not isinstance(self.clock, Movable):
            raise TypeError(
                f"{type(self.clock).__name__} can't be moved on; a sandbox without a clock of its"
                " own, or with a VirtualClock, has one that can"
            )
        if not seconds >= 0 or self.clock.time() + seconds > _FAR:
            raise ValueError(f"advance is {seconds}: it must be 0 or more, and not past 2077")
        self.clock.advance(seconds)
        self.ahead += seconds
        self.changes.tell("clock", "buckets")

    def reset(self) -> None:
        """Be as at the beginning, but for the clock and the count of requests."""
        for _ in self.resetting():
            pass

    def resetting(self) -> Iterator[None]:
        """Do the same a step at a time; nothing is replaced before the last one."""
        contents = build(self.options, self.clock.time())
        if self.origin is not None:
            contents = yield from self.origin(contents)
        self.replace(contents)
        self.records.clear()

    def checked_lead(self, ahead: float) -> float:
        """Return a lead of a clock if this one can have it.

        Raises:
            ValueError: it can't.
        """
        if not ahead >= 0 or self.clock.time() + ahead - self.ahead > _FAR:
            raise ValueError(f"ahead is {ahead}: it must be 0 or more, and not past 2077")
        if ahead > self.ahead and not self.movable:
            raise ValueError(f"ahead is {ahead}: the clock of this sandbox can't be moved on")
        return ahead

    def replace(self, contents: Contents) -> None:
        """Hold something else."""
        if contents.ahead > self.ahead:
            self.advance(contents.ahead - self.ahead)
        self.contents = contents
        self.changes.tell("tweets", "accounts", "buckets", "faults", "requests")

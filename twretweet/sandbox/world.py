"""The state: users, tweets, and who retweeted what.

Everything here is plain memory and returns at once, so a request sees and changes it as a whole.
"""

from bisect import insort
from collections.abc import Iterator
from itertools import chain
from typing import Final

from twretweet.sandbox import story
from twretweet.sandbox.people import Crowd, User
from twretweet.sandbox.retweets import IdList, LiveIndex, Retweets
from twretweet.sandbox.stretches import Stretches
from twretweet.sandbox.tweets import Echoes, Tweet

_RECENT: Final = 20
"""How many of an author's latest tweets a new one may not repeat; X does not say how many."""


class World:
    """All users and tweets of one sandbox.

    Args:
        retweets: how many the first tweet has.
        seed: another seed, another crowd.
        now: the lowest id of this moment.

    Attributes:
        guests: the users that were written by hand.
    """

    def __init__(self, *, retweets: int, seed: int, now: int) -> None:
        self.attachments = story.attachments()
        self._latest = 0
        self._population = 0
        self._users: dict[int, User] = {}
        self._names: dict[str, User] = {}
        self.guests: list[User] = []
        self._echoes: dict[int, Echoes] = {}
        self._crowded = Stretches()
        self._by_author: dict[int, list[int]] = {}
        self._live = LiveIndex()
        self._newcomers: dict[int, int] = {}
        self._crowd = Crowd(
            seed,
            pinned=story.LONG_TWEET_ID,
            affiliated=story.AUTHOR_ID,
            recent=self._recent,
        )
        self.add_user(story.author())
        for tweet in story.tweets(retweets, now, seed):
            self.add_tweet(tweet)
        for tweet in story.quotes(self._crowd.user_id):
            self.add_tweet(tweet)

    @property
    def latest_id(self) -> int:
        """The highest id given out so far."""
        return self._latest

    @property
    def population(self) -> int:
        """How many users of the crowd there are."""
        return self._population

    def go_on(self, latest_id: int, population: int) -> None:
        """Go on from the counts of another world."""
        self._latest = max(self._latest, latest_id)
        self._population = max(self._population, population)

    # Users

    def add_user(self, user: User) -> None:
        """Let ``user`` exist."""
        self._users[user.id] = user
        self._names[user.username.lower()] = user

    def add_guest(self, user: User) -> None:
        """Let a user exist who was written by hand.

        Raises:
            ValueError: the id is somebody else's.
        """
        if user.id in self._users or self._crowd.index_of(user.id) is not None:
            raise ValueError(f"id is {user.id}: that is another user's, or kept for the crowd")
        self.add_user(user)
        self.guests.append(user)

    def user(self, user_id: int) -> User | None:
        """Find a user by id."""
        if (known := self._users.get(user_id)) is not None:
            return known
        index = self._crowd.index_of(user_id)
        return self._member(index)

    def knows(self, user_id: int) -> bool:
        """Tell whether there is a user with this id."""
        index = self._crowd.index_of(user_id)
        return user_id in self._users or (index is not None and index < self._population)

    def user_named(self, username: str) -> User | None:
        """Find a user by name, in upper or lower case."""
        if (known := self._names.get(username.lower())) is not None:
            return known
        index = self._crowd.index_named(username)
        return self._member(index)

    # Tweets

    def add_tweet(self, tweet: Tweet) -> None:
        """Let ``tweet`` exist; its author does already.

        Raises:
            ValueError: the author does not, or there is a tweet with this id.
        """
        if tweet.id in self._echoes:
            raise ValueError(f"there is a tweet {tweet.id} already")
        writer = self.user(tweet.author_id)
        if writer is None:
            raise ValueError(f"no user {tweet.author_id} to write tweet {tweet.id}")
        self._echoes[tweet.id] = Echoes(tweet, writer.username)
        self.set_retweets(tweet, tweet.retweets)
        insort(self._by_author.setdefault(tweet.author_id, []), tweet.id)
        if tweet.quoted is not None and (quoted := self.tweet(tweet.quoted[0])) is not None:
            quoted.quotes = tuple(sorted({*quoted.quotes, tweet.id}))

    def set_retweets(self, tweet: Tweet, retweets: Retweets) -> None:
        """Let ``tweet`` have these retweets, and the crowd be as large as they need."""
        if tweet.retweets.crowd and tweet.retweets is not retweets:
            self._crowded.remove(tweet.id, *tweet.retweets.stretch)
        tweet.retweets = retweets
        if retweets.crowd:
            self._crowded.add(tweet.id, *retweets.stretch)
            self._population = max(self._population, retweets.crowd)

    def write(self, author_id: int, text: str, now: int) -> Tweet:
        """Post a new tweet."""
        tweet = Tweet(id=self.fresh_id(now), author_id=author_id, text=text)
        self.add_tweet(tweet)
        return tweet

    def recent_texts(self, author_id: int) -> list[str]:
        """Return what this author wrote lately."""
        recent = self._by_author.get(author_id, [])[-_RECENT:]
        return [self._echoes[one].original.text for one in recent]

    def tweet(self, tweet_id: int) -> Tweet | None:
        """Find a tweet, or a retweet, by id."""
        if (echoes := self._echoes.get(tweet_id)) is not None:
            return echoes.original
        if (original := self._live.find(tweet_id)) is not None:
            echoes = self._echoes[original]
            position = echoes.original.retweets.position_of(tweet_id)
            return None if position is None else self.retweet_at(echoes.original, position)
        for crowded in self._crowded.around(tweet_id):
            tweet = self._echoes[crowded].original
            position = tweet.retweets.position_of(tweet_id)
            if position is not None:
                return self.retweet_at(tweet, position)
        return None

    def is_taken(self, tweet_id: int) -> bool:
        """Tell whether a tweet, or a retweet that was really sent, has this id."""
        return tweet_id in self._echoes or self._live.find(tweet_id) is not None

    def retweeter_at(self, tweet: Tweet, position: int) -> int:
        """Return the id of the user who made the retweet at ``position``, oldest first."""
        if position < tweet.retweets.crowd:
            return self._crowd.user_id(position)
        return tweet.retweets.live_user_at(position)

    def retweeters(self, tweet: Tweet) -> Iterator[int]:
        """Go through the ids of who has retweeted ``tweet`` by now, latest first."""
        computed = map(self._crowd.user_id, range(tweet.retweets.crowd - 1, -1, -1))
        return chain(reversed(tweet.retweets.live_copy()), computed)

    def retweet_at(self, tweet: Tweet, position: int) -> Tweet:
        """Return the retweet of ``tweet`` at ``position``, oldest first."""
        user_id = self.retweeter_at(tweet, position)
        return self._echoes[tweet.id].echo(tweet.retweets.id_at(position), user_id)

    def retweeted_of(self, author_id: int) -> IdList:
        """List the ids of this author's tweets that somebody retweeted."""
        mine = self._by_author.get(author_id, [])
        return IdList([one for one in mine if len(self._echoes[one].original.retweets)])

    def quotes_of(self, tweet: Tweet, *, replies: bool = True) -> IdList:
        """List the ids of the tweets that quote ``tweet``, with those that are replies or not."""
        if replies:
            return IdList(list(tweet.quotes))
        found = [(one, self._echoes[one].original) for one in tweet.quotes]
        return IdList([one for one, quote in found if quote.replied_to is None])

    def originals(self) -> Iterator[Tweet]:
        """Go through all tweets that are no retweets, in no order."""
        return (echoes.original for echoes in self._echoes.values())

    def is_of_crowd(self, user_id: int, tweet: Tweet) -> bool:
        """Tell whether this user's retweet of ``tweet`` is one of those computed."""
        index = self._crowd.index_of(user_id)
        return index is not None and index < tweet.retweets.crowd

    # Actions

    def retweet(self, user_id: int, tweet: Tweet, now: int) -> Tweet | None:
        """Let a user retweet ``tweet``; ``None`` if that was done before."""
        original = tweet.original or tweet
        if self.is_of_crowd(user_id, original) or original.retweets.by_user(user_id) is not None:
            return None
        snowflake = original.retweets.add(user_id, self.fresh_id(now))
        self._latest = max(self._latest, snowflake)
        self._live.add(snowflake, original.id)
        return self._echoes[original.id].echo(snowflake, user_id)

    def undo(self, user_id: int, tweet: Tweet) -> bool:
        """Take a user's retweet of ``tweet`` back, if they sent one; return whether they did."""
        original = tweet.original or tweet
        snowflake = original.retweets.by_user(user_id)
        if snowflake is None:
            return False
        self._live.remove(snowflake)
        return original.retweets.remove(user_id)

    def newcomer_retweet(self, tweet: Tweet, now: int) -> None:
        """Let somebody of the crowd retweet ``tweet`` who hasn't yet."""
        original = tweet.original or tweet
        index = max(self._newcomers.get(original.id, 0), original.retweets.crowd)
        # One of those to come may have retweeted by name.
        while self.retweet(self._crowd.user_id(index), original, now) is None:
            index += 1
        self._newcomers[original.id] = index + 1
        self._population = max(self._population, index + 1)

    def newcomer_undo(self, tweet: Tweet) -> bool:
        """Let the latest of them take it back; return whether there was one."""
        original = tweet.original or tweet
        for user_id in original.retweets.live_users():
            if self._crowd.index_of(user_id) is not None:
                return self.undo(user_id, original)
        return False

    def put_retweet(self, user_id: int, tweet: Tweet, snowflake: int) -> None:
        """Let a retweet exist that was made elsewhere.

        Raises:
            ValueError: it can't.
        """
        if self.is_of_crowd(user_id, tweet):
            raise ValueError(f"user {user_id} has retweeted {tweet.id} with the crowd already")
        tweet.retweets.put(user_id, snowflake)
        self._live.add(snowflake, tweet.id)
        self._latest = max(self._latest, snowflake)
        if (index := self._crowd.index_of(user_id)) is not None:
            self._population = max(self._population, index + 1)
            known = self._newcomers.get(tweet.id, tweet.retweets.crowd)
            self._newcomers[tweet.id] = max(known, index + 1)

    def fresh_id(self, now: int) -> int:
        """Return an id that nothing else has, at the lowest id ``now`` of this moment."""
        self._latest = max(now, self._latest + 1)
        return self._latest

    def _member(self, index: int | None) -> User | None:
        return None if index is None or index >= self._population else self._crowd.user(index)

    def _recent(self, index: int) -> int | None:
        retweets = self._echoes[story.TWEET_ID].original.retweets
        return retweets.id_at(index) if index < retweets.crowd else None

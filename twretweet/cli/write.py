"""``twretweet retweet`` and ``twretweet undo``."""

import anyio

from twretweet import ids
from twretweet.cli import environment
from twretweet.cli.options import Account, MaxWait, TweetId
from twretweet.cli.outcome import FAILED, OK, complain, say
from twretweet.session import RetweetResult


def retweet(tweet_id: TweetId, /, *, account: Account = None, max_wait: MaxWait = None) -> int:
    """Retweet a tweet. That it was retweeted before is no error."""
    tweet = ids.tweet_id(tweet_id)

    async def send() -> RetweetResult:
        async with environment.session(max_wait=max_wait, account=account) as session:
            return await session.retweet(tweet)

    result = anyio.run(send)
    if not result.retweeted:
        complain(f"the answer says that {tweet} is not retweeted")
        return FAILED
    say(f"{tweet} was retweeted already" if result.already else f"retweeted {tweet}")
    return OK


def undo(tweet_id: TweetId, /, *, account: Account = None, max_wait: MaxWait = None) -> int:
    """Undo a retweet. That there was nothing to undo is no error."""
    tweet = ids.tweet_id(tweet_id)

    async def send() -> RetweetResult:
        async with environment.session(max_wait=max_wait, account=account) as session:
            return await session.undo_retweet(tweet)

    if anyio.run(send).retweeted:
        complain(f"the answer says that {tweet} is still retweeted")
        return FAILED
    say(f"undone: {tweet} is no longer retweeted")
    return OK

"""What type checkers see of the public face: right programs pass, and typos don't."""

import subprocess
import sys
from pathlib import Path

import pytest

import twretweet

RIGHT = """
import twretweet as tw
from collections.abc import AsyncIterator
from typing import assert_type
from redis.asyncio import Redis, RedisCluster
from twretweet.auth.redis import RedisTokenStore

async def accounts(redis: Redis, cluster: RedisCluster) -> None:
    stores: list[tw.TokenStore] = [
        tw.MemoryTokenStore(), tw.FileTokenStore("tokens.json"), RedisTokenStore(redis),
        RedisTokenStore(cluster),
    ]
    manager = tw.SessionManager(token_store=stores[0])
    assert_type(tw.SignIn, type[tw.SignIn])
    tokens = await stores[0].load("bot")
    assert_type(tokens, tw.StoredTokens | None)
    if isinstance(tokens, tw.OAuth2Tokens):
        manager.session(tokens.credentials("bot"))

async def main(manager: tw.SessionManager, point: tw.Checkpoint) -> None:
    session = manager.session(tw.OAuth1("a", "b", "c", "d"))
    assert_type(session, tw.Session)
    assert_type(await session.retweet("1"), tw.RetweetResult)
    assert_type(await session.undo_retweet(1), tw.RetweetResult)
    walk = session.retweets(1, tw.TweetQuery().fields("lang").author("username"), resume=point)
    assert_type(walk, tw.Walk[tw.Tweet])
    async for retweet in walk:
        assert_type(retweet, tw.Tweet)
        assert_type(retweet.author, tw.User | None)
    async for page in session.retweeters(1).pages():
        assert_type(page, tw.Page[tw.User])
        assert_type(page.data, tuple[tw.User, ...])
        assert_type(page.rate_limit, tw.RateLimit | None)
    assert_type(await session.reposts_of_me().collect(), list[tw.Tweet])
    assert_type(await session.me(tw.UserQuery().fields("verified")), tw.User)
    assert_type(await session.v1.retweet(1, trim_user=True), tw.Status)
    assert_type(session.rate_limits(), list[tw.BucketState])
    assert_type(walk.checkpoint().to_json(), str)
    budget = tw.Budget(usd=5.00)
    tw.SessionManager(budget=budget)
    assert_type(budget.cap, float | None)
    assert_type(session.retweeters(1, prefetch=2, budget=budget), tw.Walk[tw.User])
    many = session.walk_many([1, "2"], on_error=lambda tweet_id, error: print(tweet_id, error))
    async for found in many:
        assert_type(found, tw.Found[tw.Tweet])
        assert_type(found.item, tw.Tweet)
    assert_type(many.checkpoints(), dict[str, tw.Checkpoint])
    watch = session.watch_retweets(1, on_problem="raise", resume=point)
    async for retweet in watch:
        assert_type(retweet, tw.Tweet)
"""
WRONG = [
    'session.retweets("1", tw.TweetQuery().fields("create_at"))',
    'session.retweets("1", tw.UserQuery())',
    'session.retweeters("1", tw.TweetQuery())',
    'session.retweets("1", query=None)',
    'session.retweets("1", max_results="100")',
    'session.retweets(b"1")',
    'manager.session("token")',
    'tw.SessionManager(vocabulary="toot")',
    'tw.OAuth1("a", "b", "c")',
    'session.retweets("1", on_problem="ignore")',
    'session.retweets("1", budget=5.0)',
    'session.walk_many("1", prefetch=2)',
    "tw.SessionManager(budget=5)",
    "tw.Budget(usd=[5])",
    "tw.FileTokenStores('tokens.json')",
]


def mypy(program: str, folder: Path) -> tuple[int, str]:
    path = folder / "program.py"
    path.write_text(program)
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", str(path)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def test_a_right_program_passes_and_every_type_is_what_it_seems(tmp_path):
    code, output = mypy(RIGHT, tmp_path)
    assert code == 0, output


def test_each_mistake_is_seen_by_the_type_checker(tmp_path):
    lines = "\n".join(f"    {line}" for line in WRONG)
    head = (
        "import twretweet as tw\n\n"
        "def f(manager: tw.SessionManager, session: tw.Session) -> None:\n"
    )
    code, output = mypy(head + lines, tmp_path)
    assert code == 1
    first = head.count("\n") + 1
    faulty = {int(line.split(":")[1]) for line in output.splitlines() if ": error:" in line}
    missed = [line for number, line in enumerate(WRONG, first) if number not in faulty]
    assert missed == [], output


@pytest.mark.parametrize("name", twretweet.__all__)
def test_every_public_name_exists_and_is_documented(name):
    thing = getattr(twretweet, name)
    assert name in ("__version__", "Credentials") or thing.__doc__

"""What is special to tokens in Redis: a lock that ends, and a server that may be away."""

import anyio
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from twretweet.auth.redis import RedisTokenStore
from twretweet.auth.tokens import AppOnlyTokens, OAuth2Tokens
from twretweet.errors import QueryError, TokenStoreError

pytestmark = pytest.mark.anyio

TOKENS = OAuth2Tokens(client_id="c", access_token="s3cret-a", refresh_token="s3cret-r")
LOCK = "twretweet:token-lock:bot"


@pytest.fixture
def store(redis):
    return RedisTokenStore(redis)


async def test_the_lock_ends_by_itself_so_a_dead_process_holds_it_up_for_a_while_only(
    store, redis
):
    async with store.lock("bot"):
        assert 14_000 < await redis.pttl(LOCK) <= 15_000
        await redis.pexpire(LOCK, 1)
        with anyio.fail_after(10):
            async with store.lock("bot") as lease:
                await lease.hold(1)
    assert await redis.exists(LOCK) == 0


async def test_holding_it_makes_it_longer_and_never_shorter(store, redis):
    async with store.lock("bot") as lease:
        await lease.hold(60)
        assert 59_000 < await redis.pttl(LOCK) <= 60_000
        await lease.hold(1)
        assert 59_000 < await redis.pttl(LOCK) <= 60_000


@pytest.mark.parametrize("taken", [False, True])
async def test_a_lock_that_was_lost_is_noticed_and_not_taken_from_its_new_owner(
    store, redis, taken
):
    async with store.lock("bot") as lease:
        await redis.delete(LOCK)
        if taken:
            await redis.set(LOCK, "somebody else")
        with pytest.raises(TokenStoreError, match="lock of 'bot' in Redis was lost"):
            await lease.hold(60)
    assert await redis.get(LOCK) == (b"somebody else" if taken else None)


async def test_a_lock_that_was_taken_by_a_command_whose_reply_was_lost_is_had(redis):
    class Repeating:
        """Sends each command again, as a client does whose connection broke."""

        async def eval(self, script: str, numkeys: int, *rest: str) -> object:
            await redis.eval(script, numkeys, *rest)
            return await redis.eval(script, numkeys, *rest)

    store = RedisTokenStore(Repeating())
    with anyio.fail_after(10):
        async with store.lock("bot") as lease:
            await lease.hold(1)
    assert await redis.exists(LOCK) == 0


async def test_waiting_for_it_asks_seldom(store, redis):
    await redis.set(LOCK, "somebody else")
    before = (await redis.info("commandstats"))["cmdstat_eval"]["calls"]
    with anyio.move_on_after(1.0):
        async with store.lock("bot"):
            pass
    after = (await redis.info("commandstats"))["cmdstat_eval"]["calls"]
    assert after - before < 20


async def test_prefixes_keep_services_apart(redis):
    one, other = RedisTokenStore(redis, prefix="a"), RedisTokenStore(redis, prefix="a*[x]")
    await one.save("bot", TOKENS)
    await other.save("cat", TOKENS)
    assert (await one.accounts(), await other.accounts()) == (["bot"], ["cat"])
    async with one.lock("bot"), other.lock("bot"):
        assert sorted(await redis.keys("*lock*")) == [
            b"a*[x]:token-lock:bot",
            b"a:token-lock:bot",
        ]


async def test_a_client_that_decodes_will_do_too(redis_server):
    async with Redis(port=redis_server.port, decode_responses=True) as client:
        store = RedisTokenStore(client)
        await store.save("b t", TOKENS)
        assert await store.load("b t") == TOKENS
        assert await store.accounts() == ["b t"]
        async with store.lock("bot") as lease:
            await lease.hold(1)


async def test_what_is_no_text_of_tokens_says_so(store, redis):
    await redis.set("twretweet:tokens:bot", "s3cret")
    with pytest.raises(TokenStoreError, match="the tokens of 'bot' in Redis can't be read"):
        await store.load("bot")
    with pytest.raises(TokenStoreError, match="can't be read"):
        await store.save("bot", TOKENS)
    assert await redis.get("twretweet:tokens:bot") == b"s3cret"
    await redis.delete("twretweet:tokens:bot")
    await redis.lpush("twretweet:tokens:bot", "s3cret")
    with pytest.raises(TokenStoreError, match="WRONGTYPE"):
        await store.load("bot")


def impatient(port: int, **options: str) -> Redis:
    return Redis(port=port, retry=Retry(NoBackoff(), 0), **options)


async def refusals(store: RedisTokenStore) -> set[str]:
    said = set()

    async def lock() -> None:
        async with store.lock("bot"):
            pass

    for call in (
        lambda: store.load("bot"),
        lambda: store.save("bot", TOKENS),
        lambda: store.delete("bot"),
        store.accounts,
        lock,
    ):
        with pytest.raises(TokenStoreError) as caught:
            await call()
        said.add(str(caught.value))
        assert caught.value.__context__ is None
    return said


async def test_a_redis_that_is_away_says_so_with_what_to_check(redis_server):
    port = redis_server.port
    async with impatient(port, username="nobody", password="s3cret") as client:
        for said in await refusals(RedisTokenStore(client)):
            assert "Redis could not be asked (AuthenticationError" in said
            assert "s3cret" not in said
    async with impatient(1) as client:
        for said in await refusals(RedisTokenStore(client)):
            assert "ConnectionError" in said
            assert "check that the client leads to a Redis server" in said


async def test_a_redis_that_refuses_scripts_shows_nothing_of_what_was_sent(redis_server, redis):
    name = "watcher"
    await redis.execute_command("ACL", "SETUSER", name, "on", "nopass", "~*", "+ping")
    try:
        async with impatient(redis_server.port, username=name, password="x") as client:
            [save, *_] = [
                said for said in await refusals(RedisTokenStore(client)) if "eval" in said
            ]
        assert "NoPermissionError" in save
        assert "s3cret" not in save
    finally:
        await redis.execute_command("ACL", "DELUSER", name)


async def test_a_redis_that_does_not_answer_is_given_up(redis):
    store = RedisTokenStore(redis, timeout=0.05)
    await redis.execute_command("CLIENT", "PAUSE", "60000", "WRITE")
    try:
        with pytest.raises(TokenStoreError, match=r"did not answer within 0\.05 s"):
            await store.save("bot", AppOnlyTokens(bearer_token="s3cret"))
    finally:
        await redis.execute_command("CLIENT", "UNPAUSE")


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf"), 100_000])
def test_a_time_out_of_range_is_refused(seconds):
    with pytest.raises(QueryError, match="lock_seconds"):
        RedisTokenStore(Redis(), lock_seconds=seconds)
    with pytest.raises(QueryError, match="timeout"):
        RedisTokenStore(Redis(), timeout=seconds)

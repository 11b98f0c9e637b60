"""Whatever a token store raises, callers get a TokenStoreError, and nobody sees a secret."""

import asyncio
import gc
from contextlib import asynccontextmanager

import anyio
import pytest
from redis.asyncio import Redis

import twretweet as tw
from tests.client.test_refresh import new_manager
from twretweet.auth.redis import RedisTokenStore

pytestmark = pytest.mark.anyio

STORED = tw.OAuth2Tokens(
    client_id="client", client_secret='s3cret-"client', access_token="s3cret-a",
    refresh_token="s3cret-r", expires_at=1,
)  # fmt: skip


class Quoting(tw.MemoryTokenStore):
    """Fails at one kind of call, and quotes what it holds, as some databases do."""

    def __init__(self, at: str) -> None:
        super().__init__()
        self._tokens["bot"] = STORED
        self.at = at

    def fail(self, call: str) -> None:
        if call == self.at:
            text = STORED.to_json()
            raise RuntimeError(f"server closed [parameters: {text} {STORED.client_secret}]")

    async def load(self, account: str) -> tw.StoredTokens | None:
        if self._locks:
            self.fail("load")
        return await super().load(account)

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        await asyncio.sleep(0)
        self.fail("save")
        await super().save(account, tokens)

    @asynccontextmanager
    async def lock(self, account: str):
        self.fail("lock")
        async with super().lock(account):
            yield self
            self.fail("unlock")

    async def hold(self, seconds: float) -> None:
        assert seconds
        self.fail("hold")


def texts(error: BaseException | None) -> str:
    """All that an error and those behind it say."""
    said = ""
    while error is not None:
        said += f"{error!r} {error} {vars(error)}"
        error = error.__cause__ or error.__context__
    return said


@pytest.mark.parametrize("at", ["load", "save", "lock", "hold"])
async def test_what_a_store_raises_becomes_a_token_store_error_without_a_secret(
    sandbox, clock, at
):
    async with new_manager(sandbox, clock, Quoting(at)) as manager:
        with pytest.raises(tw.TokenStoreError, match="RuntimeError: server closed") as caught:
            await manager.session(tw.OAuth2("client", account="bot")).me()
        assert caught.value.account == "bot"
        assert "s3cret" not in texts(caught.value)


async def test_a_store_error_that_nobody_waits_for_is_not_logged(sandbox, clock, caplog):
    async with new_manager(sandbox, clock, Quoting("save")) as manager:
        call = asyncio.ensure_future(manager.session(tw.OAuth2("client", account="bot")).me())
        for _ in range(3):
            await asyncio.sleep(0)
        call.cancel()
        await asyncio.wait([call])
        await anyio.sleep(1)
        gc.collect()
    assert "s3cret" not in caplog.text
    assert "never retrieved" not in caplog.text


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # another process lives by the wall clock
async def test_what_is_no_text_in_redis_is_a_token_store_error_and_stays(redis_server):
    content = b'{"refresh_token":"s3cret","client_id":"\xff"}'
    async with (
        Redis(port=redis_server.port, decode_responses=True) as decoding,
        Redis(port=redis_server.port) as raw,
    ):
        store = RedisTokenStore(decoding, prefix="no-text")
        await raw.set("no-text:tokens:bot", content)
        for call in (store.load("bot"), store.save("bot", STORED)):
            with pytest.raises(tw.TokenStoreError, match="no text") as caught:
                await call
            assert "s3cret" not in texts(caught.value)
        assert await raw.get("no-text:tokens:bot") == content


def test_a_bad_secret_in_the_environment_stands_in_no_local_of_from_env(monkeypatch):
    monkeypatch.setenv("TWRETWEET_CLIENT_ID", "client")
    monkeypatch.setenv("TWRETWEET_ACCESS_TOKEN", "s3cret-a")
    monkeypatch.setenv("TWRETWEET_CLIENT_SECRET", "s3cret-c\n")
    with pytest.raises(tw.CredentialsError) as caught:
        tw.OAuth2.from_env()
    [frame] = [each for each in caught.traceback if each.name == "from_env"]
    assert "s3cret" not in repr(frame.locals)

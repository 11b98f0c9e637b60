"""Whatever a token store raises while people sign in or out, it is a TokenStoreError, bare."""

import gc
from contextlib import asynccontextmanager

import pytest

import twretweet as tw
from tests.client.test_secrets import everything
from tests.sign_in.conftest import CALLBACK, managing
from tests.support.scripted import ScriptedServer, reply

pytestmark = pytest.mark.anyio

CLIENT = tw.OAuth2("the-client")
OLD = tw.OAuth2Tokens(
    client_id="the-client", access_token="planted-old-a", refresh_token="planted-old-r"
)
GRANT = {"token_type": "bearer", "access_token": "planted-a", "refresh_token": "planted-r"}
ME = {"data": {"id": "7", "username": "somebody", "name": "A"}}


class Quoting(tw.MemoryTokenStore):
    """Fails at one kind of call, the n-th time, and quotes all that it holds and is given."""

    def __init__(self, at: str, nth: int = 1) -> None:
        super().__init__()
        self._tokens["bot"] = OLD
        self.at, self.left = at, nth

    def fail(self, call: str, tokens: tw.StoredTokens | None = None) -> None:
        if call == self.at:
            self.left -= 1
        if call == self.at and not self.left:
            self.at = ""
            raise RuntimeError(f"lost: {'' if tokens is None else tokens.to_json()}")

    async def load(self, account: str) -> tw.StoredTokens | None:
        self.fail("load")
        return await super().load(account)

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        self.fail("save", tokens)
        await super().save(account, tokens)

    async def delete(self, account: str) -> None:
        self.fail("delete", self._tokens[account])
        await super().delete(account)

    async def accounts(self) -> list[str]:
        self.fail("accounts")
        return await super().accounts()

    @asynccontextmanager
    async def lock(self, account: str):
        self.fail("lock")
        async with super().lock(account):
            yield self
            self.fail("unlock", self._tokens.get(account))

    async def hold(self, seconds: float) -> None:
        assert seconds
        self.fail("hold", OLD)


def shown(caught: pytest.ExceptionInfo[tw.TokenStoreError]) -> str:
    seen = everything(caught.value)
    assert "lost: " in seen
    assert "RuntimeError" in str(caught.value)
    assert caught.value.__context__ is None
    gc.collect()  # a transport that nobody closed would warn now
    return seen


@pytest.mark.parametrize(
    ("account", "at"),
    [(account, at) for account in (None, "bot") for at in ("lock", "load", "save", "unlock")]
    + [(None, "delete")],
)
async def test_a_store_that_is_tried_out_and_fails(clock, at, account):
    async with ScriptedServer() as server, managing(server, clock, Quoting(at)) as manager:
        with pytest.raises(tw.TokenStoreError, match="try again") as caught:
            await manager.sign_in.check_store(account)
    assert "planted" not in shown(caught)


@pytest.mark.parametrize(
    ("account", "at", "nth"),
    [
        (account, at, nth)
        for account in (None, "bot")
        for at in ("lock", "load", "save", "unlock")
        for nth in (1, 2)
    ]
    + [(None, "accounts", 1), (None, "delete", 1)],
)
async def test_a_sign_in_that_can_not_be_stored_or_renamed(clock, at, nth, account):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, GRANT), reply(200, ME)])
        async with managing(server, clock, Quoting(at, nth)) as manager:
            pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
            back = f"{CALLBACK}?code=c&state={pending.state}"
            with pytest.raises(tw.TokenStoreError) as caught:
                await manager.sign_in.finish(pending, back, account=account)
    assert "planted" not in shown(caught)


@pytest.mark.parametrize("at", ["lock", "load", "hold", "delete", "unlock"])
async def test_a_sign_out_that_can_not_be_stored(clock, at):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, {"revoked": True})] * 2)
        async with managing(server, clock, Quoting(at)) as manager:
            with pytest.raises(tw.TokenStoreError, match="try again") as caught:
                await manager.sign_in.revoke("bot")
    assert "planted" not in shown(caught)

"""No secret of an account in whatever can be looked at, in every flow and wherever it breaks."""

import logging
import os
import re

import msgspec
import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

import twretweet as tw
from tests.client.test_secrets import everything
from tests.support.scripted import ScriptedServer, cut_short, reply
from twretweet.auth.redis import RedisTokenStore

pytestmark = pytest.mark.anyio

# Each is found in a reply or passed in, and begins with the same word.
WORD = "s3cret"
CLIENT = tw.OAuth2("client", f"{WORD}-client")
APP = tw.AppOnly.from_key(f"{WORD}-key", f"{WORD}-consumer")
PASSED = tw.OAuth2(
    "client",
    f"{WORD}-client",
    access_token=f"{WORD}-access",
    refresh_token=f"{WORD}-refresh",
    expires_at=1.0,
    account="bot",
)
GRANT = {
    "token_type": "bearer",
    "access_token": f"{WORD}-access-2",
    "refresh_token": f"{WORD}-refresh-2",
    "expires_in": 7200,
}
LEGS = (
    f"oauth_token={WORD}-token&oauth_token_secret={WORD}-ts&oauth_callback_confirmed=true"
).encode()
COMMON = {"closed": None, "never": ..., "no HTTP": b"garbage\r\n\r\n", "429": reply(429)}
JSON = {
    **COMMON,
    "cut": cut_short(msgspec.json.encode(GRANT)),
    "not due": reply(200, {"tokens": GRANT}),
    "wrong kind": reply(200, {**GRANT, "access_token": [f"{WORD}-access-2"]}),
    "other scheme": reply(200, {**GRANT, "token_type": "mac"}),
    "redirect": reply(302, b"", {"location": "https://elsewhere"}),
}
FORM = {
    **COMMON,
    "cut": cut_short(LEGS),
    "half": reply(200, f"oauth_token={WORD}-token".encode()),
    "unconfirmed": reply(200, LEGS.replace(b"true", b"false")),
}

# What X could quote, because it was sent.
SENT = {
    "renew": ("refresh", "client"),
    "renew_app": ("key", "consumer"),
    "finish": ("code", "verifier", "client"),
    "begin_oauth1": ("key",),
    "finish_oauth1": ("key", "token", "pin"),
    "revoke": ("refresh", "client"),
    "revoke_oauth1": ("key", "access"),
}


def quoting(flow, status: int, error: str) -> bytes:
    said = " and ".join(f"{WORD}-{name}" for name in SENT.get(flow.__name__, ()))
    if error == "html":
        return reply(status, f"<p>{said}".encode())
    return reply(status, {"error": error, "error_description": said})


class Failing(tw.MemoryTokenStore):
    """Fails at a chosen save, and says in its error what it was given, as databases do."""

    def __init__(self, at: int = 0) -> None:
        super().__init__()
        self._at = at

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        self._at -= 1
        if self._at == 0:
            text = f"{tokens.access_token} {tokens.refresh_token}"  # type: ignore[attr-defined]
            del tokens
            raise RuntimeError(f"UPDATE accounts SET tokens = {text}")
        await super().save(account, tokens)


async def renew(manager: tw.SessionManager) -> None:
    await manager.session(PASSED).tweet(1)


async def renew_app(manager: tw.SessionManager) -> None:
    await manager.session(APP).tweet(1)


async def finish(manager: tw.SessionManager) -> None:
    pending = manager.sign_in.begin(CLIENT, redirect_uri="http://127.0.0.1/cb")
    pending = msgspec.structs.replace(pending, verifier=f"{WORD}-verifier")
    back = f"http://127.0.0.1/cb?state={pending.state}&code="
    await manager.sign_in.finish(pending, back + f"{WORD}-code", account="bot")


async def wrong_answer(manager: tw.SessionManager) -> None:
    pending = manager.sign_in.begin(CLIENT, redirect_uri="http://127.0.0.1/cb")
    address = f"http://127.0.0.1/cb?state={WORD}-state&code={WORD}-code"
    await manager.sign_in.finish(pending, address)


PENDING_1 = tw.PendingOAuth1(
    url="http://x",
    callback="http://127.0.0.1/cb",
    app=APP,
    token=f"{WORD}-token",
    token_secret=f"{WORD}-ts",
)


async def begin_oauth1(manager: tw.SessionManager) -> None:
    await manager.sign_in.begin_oauth1(APP)


async def finish_oauth1(manager: tw.SessionManager) -> None:
    back = "http://127.0.0.1/cb?oauth_token="
    await manager.sign_in.finish_oauth1(
        PENDING_1, f"{back}{WORD}-token&oauth_verifier={WORD}-pin", account="bot"
    )


async def wrong_answer_1(manager: tw.SessionManager) -> None:
    address = f"http://127.0.0.1/cb?oauth_token={WORD}-other&oauth_verifier={WORD}-verifier"
    await manager.sign_in.finish_oauth1(PENDING_1, address)


async def check(manager: tw.SessionManager) -> None:
    await manager.sign_in.check_store("bot")


async def revoke(manager: tw.SessionManager) -> None:
    store = manager._pipeline._wire.store
    await store.save(
        "bot",
        tw.OAuth2Tokens(
            client_id="client",
            client_secret=f"{WORD}-client",
            access_token=f"{WORD}-access",
            refresh_token=f"{WORD}-refresh",
        ),
    )
    await manager.sign_in.revoke("bot")


async def revoke_oauth1(manager: tw.SessionManager) -> None:
    store = manager._pipeline._wire.store
    keys = tw.OAuth1Tokens(
        consumer_key=f"{WORD}-key",
        consumer_secret=f"{WORD}-consumer",
        access_token=f"{WORD}-access",
        access_token_secret=f"{WORD}-as",
    )
    await store.save("bot", keys)
    await manager.sign_in.revoke("bot")


FLOWS = [renew, renew_app, finish, begin_oauth1, finish_oauth1, revoke, revoke_oauth1]
BAD = [
    pytest.param(flow, case, id=f"{flow.__name__}, {name}")
    for flows, cases in (
        ((renew, renew_app, finish), JSON),
        ((begin_oauth1, finish_oauth1), FORM),
        ((revoke, revoke_oauth1), COMMON),
    )
    for flow in flows
    for name, case in cases.items()
]


def assert_hidden(seen: str) -> None:
    found = re.findall(rf".{{0,200}}{WORD}.{{0,80}}", seen)
    assert not found, found[0]
    assert "c2VjcmV0" not in seen, "in base64"


async def failure(flow, manager: tw.SessionManager) -> Exception | None:
    """What a flow ends with: signing out is done by whatever X calls a success."""
    try:
        await flow(manager)
    except (tw.TwretweetError, RuntimeError) as error:
        return error
    return None


async def looked_at(url, clock, flow, caplog, store=None) -> str:
    """All there is to be seen of a flow: what it raised, what it told, what was logged."""
    caplog.set_level(logging.DEBUG)
    events: list[object] = []
    manager = tw.SessionManager(
        base_url=url,
        clock=clock,
        retry=tw.RetryPolicy(attempts=2),
        token_store=store,
        on_event=events.append,
    )
    async with manager:
        error = await failure(flow, manager)
        seen = "" if error is None else everything(error)
        seen += repr(events) + repr(manager) + repr(manager.session(PASSED))
        seen += repr(manager.rate_limits()) + repr(vars(manager)) + repr(manager.sign_in)
    return seen + caplog.text


@pytest.mark.parametrize(("flow", "case"), BAD)
async def test_a_flow_that_breaks_shows_no_secret_wherever_it_is_looked_at(
    clock, caplog, flow, case
):
    async with ScriptedServer() as server:
        server.replies.append(case)
        assert_hidden(await looked_at(server.url, clock, flow, caplog))


@pytest.mark.parametrize("flow", [wrong_answer, wrong_answer_1])
async def test_a_wrong_answer_is_not_repeated(clock, caplog, flow):
    seen = await looked_at("http://127.0.0.1:1", clock, flow, caplog)
    assert "SignInError" in seen
    assert_hidden(seen)


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, "invalid_grant"), (401, "invalid_client"), (503, "html")],
)
@pytest.mark.parametrize("flow", FLOWS)
async def test_a_reply_that_quotes_what_was_sent_is_not_repeated(
    clock, caplog, flow, status, error
):
    async with ScriptedServer() as server:
        server.replies.append(quoting(flow, status, error))
        assert_hidden(await looked_at(server.url, clock, flow, caplog))


@pytest.mark.parametrize("flow", FLOWS)
async def test_nobody_listening_shows_no_secret(clock, caplog, flow):
    async with ScriptedServer() as server:
        url = server.url
    assert_hidden(await looked_at(url, clock, flow, caplog))


@pytest.mark.parametrize("failing", [1, 2])
async def test_a_store_that_shows_what_it_was_given_is_not_repeated(clock, caplog, failing):
    async with ScriptedServer() as server:
        server.replies.append(reply(200, GRANT))
        seen = await looked_at(server.url, clock, renew, caplog, Failing(failing))
    if failing == 2:  # the first error is the store's own, and comes as it is
        assert "could not be stored" in seen
        assert_hidden(seen)


async def test_a_token_file_that_can_t_be_used_shows_none(clock, caplog, tmp_path):
    path = tmp_path / "tokens.json"
    contents = [f'{{"version":1,"accounts":{{"bot":"{WORD}"}}}}', f'"{WORD}', f'{{"{WORD}":1}}']
    for content in contents:
        path.write_text(content)
        path.chmod(0o600)
        for flow in (renew, check, revoke):
            seen = await looked_at(
                "http://127.0.0.1:1", clock, flow, caplog, tw.FileTokenStore(path)
            )
            assert "TokenStoreError" in seen, (content, flow)
            assert_hidden(seen)
    path.unlink()
    os.mkfifo(path)
    assert_hidden(
        await looked_at("http://127.0.0.1:1", clock, renew, caplog, tw.FileTokenStore(path))
    )


@pytest.mark.parametrize("anyio_backend", ["asyncio"])  # another process lives by the wall clock
async def test_a_redis_that_refuses_shows_none(clock, caplog, redis_server, redis):
    password = f"{WORD}-redis"
    await redis.execute_command(
        "ACL", "SETUSER", "watcher", "on", "nopass", "~*", "+@all", "-eval"
    )
    try:
        client = Redis(
            port=redis_server.port,
            username="watcher",
            password=password,
            retry=Retry(NoBackoff(), 0),
        )
        async with client:
            for flow in (renew, check, revoke):
                await redis.flushall()  # a lock that could not be given back among it
                seen = await looked_at(
                    "http://127.0.0.1:1", clock, flow, caplog, RedisTokenStore(client)
                )
                assert "NoPermissionError" in seen
                assert_hidden(seen)
    finally:
        await redis.execute_command("ACL", "DELUSER", "watcher")


async def test_accounts_that_work_show_nothing_either(sandbox, clock, caplog):
    caplog.set_level(logging.DEBUG)
    events: list[object] = []
    store = tw.MemoryTokenStore()
    secrets: set[str] = set()
    app = tw.AppOnly.from_key(sandbox.oauth1.consumer_key, sandbox.oauth1.consumer_secret)
    async with tw.SessionManager(
        base_url=sandbox.url, clock=clock, token_store=store, on_event=events.append
    ) as manager:
        pending = manager.sign_in.begin(sandbox.confidential, redirect_uri="http://127.0.0.1:1/cb")
        address = await sandbox.authorize(pending.url)
        done = await manager.sign_in.finish(
            pending, address, account="bot", keep_client_secret=True
        )
        credentials, first = done.credentials, await store.load("bot")
        secrets |= {first.access_token, first.refresh_token, pending.verifier}
        secrets |= {credentials.client_secret, address.partition("code=")[2].partition("&")[0]}
        session = manager.session(credentials)
        sandbox.expire_access_tokens()
        await session.me()
        tokens = await store.load("bot")
        secrets |= {tokens.access_token, tokens.refresh_token}
        pending_1 = await manager.sign_in.begin_oauth1(app)
        pin = await sandbox.authorize(pending_1.url)
        done_1 = await manager.sign_in.finish_oauth1(pending_1, pin, account="keys")
        keys = done_1.credentials
        secrets |= {pending_1.token_secret, keys.access_token_secret, app.consumer_secret, pin}
        await manager.session(keys).me()
        await manager.session(app).tweet(sandbox.tweet_id)
        secrets.add(sandbox.app_only.bearer_token)
        seen = repr([events, session, done, done_1, app, tokens, pending, pending_1])
        seen += repr([session._caller.account, vars(manager), manager.rate_limits()])
        await manager.sign_in.revoke("bot")
        await manager.sign_in.revoke("keys")
    assert len(secrets) == 12
    for secret in secrets:
        assert secret not in seen + caplog.text

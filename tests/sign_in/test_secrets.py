"""No secret in whatever signing in prints, logs or raises, wherever it breaks."""

import json
import logging

import pytest

import twretweet as tw
from tests.client.test_secrets import BAD, everything
from tests.sign_in.conftest import CALLBACK, Store, managing
from tests.support.scripted import ScriptedServer, reply

pytestmark = pytest.mark.anyio

CODE = "planted-code"
CLIENT = tw.OAuth2("the-client", "planted-client-secret")
APP = tw.AppOnly.from_key("planted-consumer-key", "planted-consumer-secret")
GRANT = {
    "token_type": "bearer",
    "access_token": "planted-access-token",
    "refresh_token": "planted-refresh-token",
    "expires_in": 7200,
    "scope": "tweet.read",
}
WRONG = BAD | {
    "redirect": reply(302, b"", {"location": "https://evil.example/"}),
    "no token": reply(200, GRANT | {"access_token": ["planted"]}),
    "no bearer": reply(200, GRANT | {"token_type": "planted"}),
    "no JSON": reply(200, json.dumps(GRANT)[:-1].encode()),
    "half a form": reply(200, b"oauth_token=planted-t&oauth_token_secret=planted%00"),
    "unconfirmed": reply(200, b"oauth_token=planted-t&oauth_token_secret=planted-s"),
    # X quotes what it was sent.
    "quoting 400": (400, {"error": "invalid_request", "error_description": "SENT"}),
    "quoting 401": (401, b"SENT"),
    "quoting 403": (403, {"errors": [{"code": 415, "message": "SENT"}]}),
    "quoting 500": (500, b"SENT"),
}
NO_RETRY = tw.RetryPolicy(attempts=1)


def wrong(case: str, *sent: str):
    """A reply; what it quotes is what was sent."""
    found = WRONG[case]
    if not isinstance(found, tuple):
        return found
    status, body = found
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return reply(status, text.replace(b"SENT", " and ".join(sent).encode()))


def hidden_in(text: str, *secrets: str) -> None:
    # The keys are "planted-…", so nothing of them is left if the word is nowhere.
    for secret in ("planted", *secrets):
        before, found, after = text.partition(secret)
        assert not found, f"…{before[-150:]}>>>{secret}<<<{after[:100]}…"


@pytest.fixture(autouse=True)
def all_logs(caplog):
    caplog.set_level(logging.DEBUG)


@pytest.mark.parametrize("case", WRONG)
async def test_a_code_and_its_verifier_are_shown_nowhere(clock, caplog, case):
    async with ScriptedServer() as server:
        server.replies.append(wrong(case, CODE))
        async with managing(server, clock, Store(), retry=NO_RETRY) as manager:
            pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
            back = f"{CALLBACK}?code={CODE}&state={pending.state}"
            with pytest.raises(tw.TwretweetError) as caught:
                await manager.sign_in.finish(pending, back)
            seen = everything(caught.value) + repr(pending) + repr(manager.sign_in)
    hidden_in(seen + caplog.text, pending.verifier, pending.state)
    assert CODE in server.requests[0].body.decode()
    assert len(server.requests) == 1


@pytest.mark.parametrize("case", WRONG)
async def test_an_app_s_secret_is_shown_nowhere(clock, caplog, case):
    async with ScriptedServer() as server:
        server.replies.append(wrong(case, "planted-consumer-key"))
        async with managing(server, clock, Store(), retry=NO_RETRY) as manager:
            with pytest.raises(tw.TwretweetError) as caught:
                await manager.sign_in.begin_oauth1(APP)
            seen = everything(caught.value)
    signature = server.requests[0].headers["authorization"].rpartition("oauth_signature=")[2]
    hidden_in(seen + caplog.text, signature)


@pytest.mark.parametrize("case", sorted(WRONG.keys() - {"unconfirmed"}))  # an answer to it
async def test_a_pin_and_a_token_s_secret_are_shown_nowhere(clock, caplog, case):
    async with ScriptedServer() as server:
        server.replies.append(wrong(case, "planted-consumer-key", "planted-pin"))
        async with managing(server, clock, Store(), retry=NO_RETRY) as manager:
            pending = tw.PendingOAuth1(
                url="", callback=CALLBACK, app=APP, token="t", token_secret="planted-ts"
            )
            back = f"{CALLBACK}?oauth_token=t&oauth_verifier=planted-pin"
            with pytest.raises(tw.TwretweetError) as caught:
                await manager.sign_in.finish_oauth1(pending, back)
            seen = everything(caught.value)
    hidden_in(seen + caplog.text)


@pytest.mark.parametrize("case", WRONG)
@pytest.mark.parametrize("kind", ["OAuth 2.0", "OAuth 1.0a"])
async def test_tokens_that_are_to_end_are_shown_nowhere(clock, caplog, case, kind):
    store = Store()
    tokens: tw.StoredTokens = tw.OAuth1Tokens(
        consumer_key="planted-consumer-key",
        consumer_secret="planted-cs",
        access_token="7-planted",
        access_token_secret="planted-ats",
    )
    if kind == "OAuth 2.0":
        tokens = tw.OAuth2Tokens(
            client_id="c", access_token="planted-access", refresh_token="planted-refresh"
        )
    await store.save("bot", tokens)
    # What success looks like here is of no concern.
    sent = ["planted-refresh"] if kind == "OAuth 2.0" else ["planted-consumer-key", "7-planted"]
    broken = wrong(case, *sent)
    if isinstance(broken, bytes) and broken.startswith(b"HTTP/1.1 200"):
        broken = None
    async with ScriptedServer() as server:
        server.replies.append(broken)
        async with managing(server, clock, store, retry=NO_RETRY) as manager:
            with pytest.raises(tw.TwretweetError) as caught:
                await manager.sign_in.revoke("bot", client=tw.OAuth2("c", "planted-secret"))
            seen = everything(caught.value)
    hidden_in(seen + caplog.text)
    assert await store.accounts() == ["bot"]


class Telltale(Store):
    """Somebody's own, with an error that quotes what it was given."""

    async def save(self, account: str, tokens: tw.StoredTokens) -> None:
        raise RuntimeError(f"can't insert {tokens.to_json()}")


async def test_a_store_that_quotes_what_it_was_given_is_not_repeated(clock, caplog):
    async with ScriptedServer() as server:
        server.replies.append(reply(200, GRANT))
        async with managing(server, clock, Telltale()) as manager:
            pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
            back = f"{CALLBACK}?code={CODE}&state={pending.state}"
            with pytest.raises(
                tw.TokenStoreError, match=r"so sign in again: the .*: can't"
            ) as caught:
                await manager.sign_in.finish(pending, back, keep_client_secret=True)
            seen = everything(caught.value)
    hidden_in(seen + caplog.text, pending.verifier)


@pytest.mark.parametrize("at", [1, 2])
async def test_tokens_that_could_not_be_stored_are_shown_nowhere(clock, caplog, at):
    store = Store()
    store.failing = {at}
    async with ScriptedServer() as server:
        server.replies.extend(
            [reply(200, GRANT), reply(200, {"data": {"id": "7", "username": "a", "name": "A"}})]
        )
        async with managing(server, clock, store) as manager:
            pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
            back = f"{CALLBACK}?code={CODE}&state={pending.state}"
            with pytest.raises(tw.TokenStoreError) as caught:
                await manager.sign_in.finish(pending, back)
            seen = everything(caught.value)
    hidden_in(seen + caplog.text, pending.verifier)


async def test_what_comes_of_a_sign_in_shows_no_secret(clock, caplog):
    async with ScriptedServer() as server:
        server.replies.extend([reply(200, GRANT), reply(500)])
        async with managing(server, clock, Store(), retry=NO_RETRY) as manager:
            pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
            back = f"{CALLBACK}?code={CODE}&state={pending.state}"
            done = await manager.sign_in.finish(pending, back)
    hidden_in(f"{done!r} {done}" + caplog.text, pending.verifier)


@pytest.mark.parametrize("what", ["state", "address", "declined"])
async def test_what_came_back_wrongly_is_shown_by_no_frame_of_ours(clock, what):
    async with ScriptedServer() as server, managing(server, clock, Store()) as manager:
        pending = manager.sign_in.begin(CLIENT, redirect_uri=CALLBACK)
        state = "planted-state" if what == "state" else pending.state
        base = "http://planted.example/" if what == "address" else CALLBACK
        more = "&error=access_denied" if what == "declined" else ""
        with pytest.raises(tw.SignInError) as caught:
            await manager.sign_in.finish(pending, f"{base}?code={CODE}&state={state}{more}")
        hidden_in(everything(caught.value), pending.state)
        begun = tw.PendingOAuth1(
            url="", callback=None, app=APP, token="t", token_secret="planted-ts"
        )
        with pytest.raises(tw.SignInError) as caught:
            await manager.sign_in.finish_oauth1(begun, "planted-pin")
        hidden_in(everything(caught.value))

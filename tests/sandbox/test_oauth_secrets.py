"""What the sandbox says, logs and remembers of secrets while people sign in: nothing."""

import logging
from typing import Any

import pytest

from tests.sandbox.signin import CALLBACK, VERIFIER, SignIn, query_of
from twretweet.sandbox.accounts import Accounts
from twretweet.sandbox.call import Incoming

pytestmark = pytest.mark.anyio


async def everything(sign: SignIn) -> set[str]:
    """Go through all flows, and some refusals; return what must be seen nowhere."""
    secrets: set[str] = {VERIFIER}

    def keep(answer: dict[str, Any]) -> dict[str, Any]:
        secrets.update(value for name, value in answer.items() if "token" in name[-13:])
        secrets.discard("bearer")
        return answer

    token = await sign.request_token(CALLBACK)
    verifier = query_of(await sign.sandbox.authorize(sign.page_of(token)))["oauth_verifier"]
    keys = (await sign.access_token(token, verifier)).form
    secrets |= {token[1], verifier, keys["oauth_token_secret"]}
    for client in (sign.sandbox.client, sign.sandbox.confidential):
        code = await sign.code(client)
        secrets.add(code)
        first = keep((await sign.exchange(code, client)).json)
        second = keep((await sign.refresh(first["refresh_token"], client)).json)
        await sign.exchange(code, client, code_verifier="wrong")
        await sign.refresh(first["refresh_token"], client)
        await sign.refresh(second["refresh_token"], client, scope="dm.read")
        await sign.revoke(second["refresh_token"], client)
        await sign.me(second["access_token"])
    secrets.add(sign.sandbox.confidential.client_secret or "")
    secrets.add(sign.sandbox.oauth1.consumer_secret)
    return secrets


async def test_no_log_record_at_any_level_holds_a_secret(
    sign: SignIn, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = await everything(sign)
    # oauthlib's client logs what it signs; that is this test's own, and not the sandbox's.
    client = "oauthlib.oauth1.rfc5849"
    said = [record.getMessage() for record in caplog.records if record.name != client]
    # oauthlib's server logs what it checks, so something was there to be found.
    assert any("Validating refresh token" in text for text in said)
    assert len(secrets) > 12
    assert not [text for text in said if any(secret in text for secret in secrets)]


async def test_no_record_of_a_request_holds_a_secret(sign: SignIn) -> None:
    secrets = await everything(sign)
    url = sign.authorize_url(state="planted-state", code_challenge=VERIFIER)
    await sign.send("GET", url)
    token = await sign.request_token()
    await sign.send("GET", sign.page_of(token))
    await sign.send("POST", "/2/oauth2/token?refresh_token=planted-refresh&a=b")
    remembered = repr(list(sign.sandbox.requests)) + repr(sign.sandbox.refreshes)
    for secret in {*secrets, token[0], "planted-state", "planted-refresh"}:
        assert secret not in remembered
    assert "scope=tweet.read" in remembered
    assert sign.sandbox.requests[-1].query == "refresh_token=…&a=b"


def test_no_repr_shows_a_secret() -> None:
    accounts = Accounts(seed=0)
    account = accounts.new()
    request = accounts.legs.request("oob", 0)
    verifier = request.allow(account.user_id)
    family = accounts.grants.family(account.user_id, "client", ["offline.access"])
    issued = accounts.grants.issue(family, 0)
    incoming = Incoming("POST", "host", "/x?code=planted", {"a": "planted"}, b"planted", 0)
    shown = repr([account, accounts.registration, request, issued, family, incoming])
    app = accounts.registration
    for secret in (
        "planted",
        request.secret,
        verifier,
        issued.access_token,
        issued.refresh_token,
        account.oauth2.refresh_token,
        app.consumer_secret,
        app.confidential.secret,
    ):
        assert secret
        assert secret not in shown

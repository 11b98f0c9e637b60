"""The app's own bearer token: got with key and secret, the same until it is invalidated."""

from urllib.parse import quote

import pytest

from tests.sandbox.signin import Answer, SignIn, basic
from twretweet.credentials import AppOnly

pytestmark = pytest.mark.anyio
TOKEN = "/oauth2/token"
INVALIDATE = "/oauth2/invalidate_token"
GRANT = {"grant_type": "client_credentials"}


def keys(sign: SignIn) -> dict[str, str]:
    return basic(sign.sandbox.oauth1.consumer_key, sign.sandbox.oauth1.consumer_secret)


async def ask(sign: SignIn) -> str:
    answer = await sign.send("POST", TOKEN, keys(sign), GRANT)
    assert answer.status == 200
    assert set(answer.json) == {"token_type", "access_token"}
    assert answer.json["token_type"] == "bearer"
    return answer.json["access_token"]


async def works(sign: SignIn, token: str) -> bool:
    return (await sign.api.get(sign.api.tweet, AppOnly(token))).status == 200


async def test_key_and_secret_give_the_same_bearer_every_time(sign: SignIn) -> None:
    assert await ask(sign) == await ask(sign) == sign.sandbox.app_only.bearer_token
    assert await works(sign, await ask(sign))
    assert sign.sandbox.requests[0].account == "app"


async def test_after_it_is_invalidated_another_one_is_given(sign: SignIn) -> None:
    first = await ask(sign)
    form = {"access_token": first}
    answer = await sign.send("POST", INVALIDATE, keys(sign), form)
    assert (answer.status, answer.json) == (200, form)
    assert not await works(sign, first)
    assert (await sign.send("POST", INVALIDATE, keys(sign), form)).code == (401, 89)
    second = await ask(sign)
    assert second != first
    assert await ask(sign) == second
    assert await works(sign, second)
    assert not await works(sign, first)


async def test_wrong_keys_are_not_verified(sign: SignIn) -> None:
    app = sign.sandbox.oauth1
    wrong = [
        {},
        basic("wrong", app.consumer_secret),
        basic(app.consumer_key, "wrong"),
        basic(sign.sandbox.confidential.client_id, sign.sandbox.confidential.client_secret or ""),
        {"Authorization": "Basic é"},
        {"Authorization": f"Bearer {sign.sandbox.app_only.bearer_token}"},
    ]
    for headers in wrong:
        for path, form in ((TOKEN, GRANT), (INVALIDATE, {"access_token": "x"})):
            answer = await sign.send("POST", path, headers, form)
            assert answer.status == 403
            assert answer.json == {
                "errors": [
                    {
                        "code": 99,
                        "message": "Unable to verify your credentials",
                        "label": "authenticity_token_error",
                    }
                ]
            }


async def test_key_and_secret_may_be_percent_encoded_as_x_says(sign: SignIn) -> None:
    key, secret = sign.sandbox.oauth1.consumer_key, sign.sandbox.oauth1.consumer_secret
    encoded = basic(f"%{ord(key[0]):02x}{quote(key[1:])}", quote(secret))
    assert (await sign.send("POST", TOKEN, encoded, GRANT)).status == 200


async def test_what_is_missing_is_named(sign: SignIn) -> None:
    async def send(path: str, form: dict[str, str]) -> Answer:
        return await sign.send("POST", path, keys(sign), form)

    for answer in (await send(TOKEN, {}), await send(TOKEN, {"grant_type": "password"})):
        assert answer.code == (403, 170)
        assert "grant_type" in answer.text
    assert "access_token" in (await send(INVALIDATE, {})).text

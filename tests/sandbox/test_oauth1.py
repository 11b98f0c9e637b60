"""Three-legged OAuth 1.0a: request token, the person's answer, access token, and its end."""

from dataclasses import replace
from urllib.parse import quote

import pytest

from tests.sandbox.signin import CALLBACK, FORM, SignIn, query_of, signing_in
from tests.support.clock import ManualClock
from twretweet.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_person_signs_in_with_a_pin(sign: SignIn) -> None:
    other = sign.sandbox.new_account("somebody")
    token = await sign.request_token("oob")
    pin = await sign.sandbox.authorize(sign.page_of(token), user=other)
    assert len(pin) == 7
    assert pin.isdigit()
    answer = await sign.access_token(token, pin)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(FORM)
    form = answer.form
    assert set(form) == {"oauth_token", "oauth_token_secret", "user_id", "screen_name"}
    assert (form["user_id"], form["screen_name"]) == (other.user_id, "somebody")
    assert form["oauth_token"].startswith(f"{other.user_id}-")
    assert sign.sandbox.requests[-1].account == other.user_id


async def test_the_tokens_given_out_act_for_the_user_who_was_chosen(sign: SignIn) -> None:
    other = sign.sandbox.new_account()
    mine, theirs = await sign.sign_in_1(), await sign.sign_in_1(other)
    assert (await sign.me(mine)).body["data"]["id"] == sign.sandbox.me.user_id
    assert (await sign.me(theirs)).body["data"]["id"] == other.user_id
    again = await sign.sign_in_1(other)
    assert again.access_token != theirs.access_token
    assert await sign.works(theirs)
    assert not await sign.works(replace(theirs, access_token_secret=mine.access_token_secret))


async def test_a_callback_gets_the_token_and_a_verifier(sign: SignIn) -> None:
    token = await sign.request_token(CALLBACK + "?kept=1")
    address = await sign.sandbox.authorize(sign.page_of(token))
    assert address.startswith(CALLBACK + "?kept=1&")
    answer = query_of(address)
    assert answer["oauth_token"] == token[0]
    assert (await sign.access_token(token, answer["oauth_verifier"])).status == 200


@pytest.mark.parametrize("path", ["/oauth/authorize", "/oauth/authenticate"])
async def test_there_are_two_addresses_of_the_page(sign: SignIn, path: str) -> None:
    token = await sign.request_token()
    url = f"{sign.sandbox.url}{path}?oauth_token={token[0]}"
    assert (await sign.send("GET", url)).status == 200
    assert await sign.sandbox.authorize(url)


async def test_a_person_who_declines_is_sent_back_with_the_token_denied(sign: SignIn) -> None:
    token = await sign.request_token(CALLBACK)
    address = await sign.sandbox.authorize(sign.page_of(token), allow=False)
    assert query_of(address) == {"denied": token[0]}
    assert (await sign.access_token(token, "anything")).code == (401, 89)
    with pytest.raises(ValueError, match="used already"):
        await sign.sandbox.authorize(sign.page_of(token))


async def test_who_declines_to_get_a_pin_gets_none(sign: SignIn) -> None:
    token = await sign.request_token()
    assert await sign.sandbox.authorize(sign.page_of(token), allow=False) == ""
    assert (await sign.access_token(token, "0000000")).code == (401, 89)


async def test_a_request_token_expires_before_and_after_it_was_allowed(sign: SignIn) -> None:
    early, late = await sign.request_token(), await sign.request_token()
    pin = await sign.sandbox.authorize(sign.page_of(early))
    sign.clock.advance(899)
    assert (await sign.send("GET", sign.page_of(late))).status == 200
    sign.clock.advance(1)
    assert (await sign.access_token(early, pin)).code == (401, 89)
    with pytest.raises(ValueError, match="be too old"):
        await sign.sandbox.authorize(sign.page_of(late))
    assert await sign.sign_in_1()


async def test_request_tokens_that_have_expired_are_forgotten(sign: SignIn) -> None:
    legs = sign.sandbox._core.accounts.legs
    for _ in range(1_001):
        legs.request("oob", sign.clock.time())
    sign.clock.advance(900)
    kept = await sign.request_token()
    assert list(legs._requests) == [kept[0]]


async def test_a_request_token_works_once(sign: SignIn) -> None:
    token = await sign.request_token()
    pin = await sign.sandbox.authorize(sign.page_of(token))
    with pytest.raises(ValueError, match="used already"):
        await sign.sandbox.authorize(sign.page_of(token))
    assert (await sign.access_token(token, pin)).status == 200
    assert (await sign.access_token(token, pin)).code == (401, 89)


async def test_a_wrong_verifier_is_refused_and_the_right_one_still_works(sign: SignIn) -> None:
    token = await sign.request_token()
    assert (await sign.access_token(token, "")).status == 400
    early = await sign.access_token(token, "0000000")
    pin = await sign.sandbox.authorize(sign.page_of(token))
    wrong = await sign.access_token(token, str((int(pin) + 1) % 10_000_000).zfill(7))
    for answer in (early, wrong):
        assert answer.status == 401
        assert "Invalid oauth_verifier" in answer.text
    assert (await sign.access_token(token, pin)).status == 200


async def test_the_verifier_of_one_token_is_not_that_of_another(sign: SignIn) -> None:
    first, second = await sign.request_token(CALLBACK), await sign.request_token(CALLBACK)
    verifier = query_of(await sign.sandbox.authorize(sign.page_of(first)))["oauth_verifier"]
    await sign.sandbox.authorize(sign.page_of(second))
    assert (await sign.access_token(second, verifier)).status == 401
    assert (await sign.access_token(first, verifier)).status == 200


async def test_a_request_token_that_never_was_is_refused(sign: SignIn) -> None:
    assert (await sign.access_token(("never", "was"), "0000000")).code == (401, 89)
    with pytest.raises(ValueError, match="not valid"):
        await sign.sandbox.authorize(sign.page_of(("never", "was")))
    with pytest.raises(ValueError, match="not valid"):
        await sign.sandbox.authorize(f"{sign.sandbox.url}/oauth/authorize")


@pytest.mark.parametrize("part", ["consumer_key", "consumer_secret"])
async def test_only_the_app_s_own_keys_get_a_request_token(sign: SignIn, part: str) -> None:
    wrong = replace(sign.sandbox.oauth1, **{part: "wrong"})
    answer = await sign.signed("/oauth/request_token", wrong, callback_uri="oob")
    assert answer.code == (401, 32)
    token = await sign.request_token()
    pin = await sign.sandbox.authorize(sign.page_of(token))
    assert (await sign.access_token(token, pin, keys=wrong)).code == (401, 32)
    assert (await sign.access_token((token[0], "wrong"), pin)).code == (401, 32)
    assert (await sign.access_token(token, pin)).status == 200


async def test_a_request_without_a_signature_or_callback_is_malformed(sign: SignIn) -> None:
    for path in ("/oauth/request_token", "/oauth/access_token", "/1.1/oauth/invalidate_token"):
        assert (await sign.send("POST", path)).code == (400, 215)
        odd = {"Authorization": 'OAuth oauth_nonce="%"'}
        assert (await sign.send("POST", path + "?a=%zz", odd)).code == (400, 215)
    assert (await sign.signed("/oauth/request_token")).code == (400, 215)


async def test_a_nonce_and_a_timestamp_are_good_once_and_for_five_minutes(sign: SignIn) -> None:
    path, now = "/oauth/request_token", sign.clock.time()

    async def ask(nonce: str, off: float = 0) -> tuple[int, int] | int:
        answer = await sign.signed(
            path, callback_uri="oob", nonce=nonce, timestamp=str(int(now + off))
        )
        return answer.status if answer.status == 200 else answer.code

    assert await ask("one") == 200
    assert await ask("one") == (401, 32)
    assert await ask("two", 301) == (401, 135)
    assert await ask("two", -301) == (401, 135)
    assert await ask("two", -300) == 200
    wrong = replace(sign.sandbox.oauth1, consumer_secret="wrong")
    answer = await sign.signed(path, wrong, callback_uri="oob", nonce="three")
    assert answer.code == (401, 32)
    assert await ask("three") == 200


@pytest.mark.parametrize("where", ["body", "query"])
async def test_callback_and_verifier_may_stand_beside_the_header(sign: SignIn, where: str) -> None:
    async def call(path: str, text: str, token: tuple[str, str] | None = None) -> dict[str, str]:
        if where == "query":
            answer = await sign.signed(f"{path}?{text}", token=token)
        else:
            answer = await sign.signed(path, token=token, form=text)
        assert answer.status == 200, answer.text
        return answer.form

    made = await call("/oauth/request_token", f"oauth_callback={quote(CALLBACK, safe='')}")
    token = (made["oauth_token"], made["oauth_token_secret"])
    address = await sign.sandbox.authorize(sign.page_of(token))
    verifier = query_of(address)["oauth_verifier"]
    assert "oauth_token" in await call(
        "/oauth/access_token", f"oauth_verifier={verifier}", token=token
    )


@pytest.mark.parametrize(
    "callback",
    [
        "https://example.com/callback",
        "http://example.com/",
        "http://127.0.0.1.example.com/",
        "http://127.0.0.1@example.com/",
        "http://localhost:80@example.com/",
        "http://127.0.0.1\\@example.com/",
        "http://127.0.0.1/#fragment",
        "ftp://127.0.0.1/",
        "http://10.0.0.1/",
        "nonsense",
    ],
)
async def test_a_callback_beyond_loopback_is_refused(sign: SignIn, callback: str) -> None:
    answer = await sign.signed("/oauth/request_token", callback_uri=callback)
    assert answer.code == (403, 415)


async def test_callbacks_that_are_listed_are_the_only_ones(clock: ManualClock) -> None:
    listed = "https://example.com/callback"
    async with signing_in(Sandbox(clock=clock, redirect_uris=[listed]), clock) as sign:
        token = await sign.request_token(listed)
        assert (await sign.sandbox.authorize(sign.page_of(token))).startswith(listed + "?")
        await sign.request_token("oob")
        for other in (CALLBACK, listed + "/", listed.upper()):
            answer = await sign.signed("/oauth/request_token", callback_uri=other)
            assert answer.code == (403, 415)


@pytest.mark.parametrize("ending", ["", ".json"])
async def test_a_token_ends_itself_and_no_other(sign: SignIn, ending: str) -> None:
    first, second = await sign.sign_in_1(), await sign.sign_in_1()
    path = f"/1.1/oauth/invalidate_token{ending}"
    answer = await sign.api.call("POST", path, who=first)
    assert (answer.status, answer.body) == (200, {"access_token": first.access_token})
    assert not await sign.works(first)
    assert (await sign.api.call("POST", path, who=first)).codes == [89]
    assert await sign.works(second)
    assert await sign.works(sign.sandbox.oauth1)
    status = f"/1.1/statuses/retweet/{sign.sandbox.tweet_id}.json"
    assert (await sign.api.call("POST", status, who=first)).codes == [89]


async def test_a_user_who_takes_everything_back_ends_every_token(sign: SignIn) -> None:
    other = sign.sandbox.new_account()
    mine, theirs = await sign.sign_in_1(), await sign.sign_in_1(other)
    pending = await sign.request_token()
    pin = await sign.sandbox.authorize(sign.page_of(pending))
    sign.sandbox.revoke(sign.sandbox.me)
    assert not await sign.works(mine)
    assert not await sign.works(sign.sandbox.oauth1)
    assert (await sign.access_token(pending, pin)).code == (401, 89)
    assert await sign.works(theirs)
    assert await sign.works(await sign.sign_in_1())

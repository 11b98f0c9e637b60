"""The page on which a person allows an app something, as a browser gets it."""

import pytest

from tests.sandbox.signin import CALLBACK, STATE, VERIFIER, Answer, Page, SignIn, query_of
from twretweet.sandbox.oauth import page
from twretweet.sandbox.oauth.scopes import MEANINGS

pytestmark = pytest.mark.anyio


def policy(answer: Answer) -> dict[str, str]:
    parts = [part.strip() for part in answer.headers["content-security-policy"].split(";")]
    return dict(part.split(" ", 1) for part in parts)


async def urls(sign: SignIn) -> list[str]:
    return [
        sign.authorize_url(),
        sign.page_of(await sign.request_token()),
        sign.page_of(await sign.request_token(CALLBACK)),
    ]


async def test_the_page_has_a_choice_of_users_and_two_buttons(sign: SignIn) -> None:
    other = sign.sandbox.new_account("somebody")
    for url in await urls(sign):
        answer = await sign.send("GET", url)
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        shown = Page(answer.text)
        assert shown.ids["allow"] == "Authorize app"
        assert shown.ids["deny"] == "Cancel"
        assert shown.options == [sign.sandbox.me.user_id, other.user_id]
        assert "@somebody" in shown.text
        assert "Sandbox App" in shown.text
        assert shown.attributes["form"] == {"method": "post"}
        assert shown.attributes["label"] == {"for": "user"}
        assert shown.attributes["html"] == {"lang": "en"}


async def test_the_page_says_what_is_asked_for_and_where_one_is_sent(sign: SignIn) -> None:
    text = (await sign.send("GET", sign.authorize_url(scope="tweet.read like.write"))).text
    shown = Page(text).text
    assert MEANINGS["tweet.read"] in shown
    assert MEANINGS["like.write"] in shown
    assert MEANINGS["tweet.write"] not in shown
    assert "http://127.0.0.1:8977" in shown
    pin = await sign.send("GET", sign.page_of(await sign.request_token()))
    assert "PIN" in Page(pin.text).text


async def test_nothing_is_loaded_kept_or_framed_and_the_form_goes_nowhere_else(
    sign: SignIn,
) -> None:
    first, pin, third = await urls(sign)
    for url, target in ((first, " http://127.0.0.1:8977"), (pin, ""), (third, None)):
        answer = await sign.send("GET", url)
        rules = policy(answer)
        assert rules["default-src"] == "'none'"
        assert rules["frame-ancestors"] == "'none'"
        assert rules["base-uri"] == "'none'"
        assert rules["style-src"].startswith("'sha256-")
        if target is not None:
            assert rules["form-action"] == f"'self'{target}"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-content-type-options"] == "nosniff"
        for word in ("http-equiv", "<script", "<img", "<link", "src=", "url("):
            assert word not in answer.text


async def test_the_form_is_taken_from_the_address_of_its_page(sign: SignIn) -> None:
    other = sign.sandbox.new_account()
    url = sign.authorize_url()
    answer = await sign.send("POST", url, form={"user": other.user_id, "decision": "allow"})
    assert answer.status == 302
    assert answer.headers["cache-control"] == "no-store"
    found = query_of(answer.headers["location"])
    assert found["state"] == STATE
    token = (await sign.exchange(found["code"], code_verifier=VERIFIER)).json
    assert (await sign.me(token["access_token"])).body["data"]["id"] == other.user_id
    token_1 = await sign.request_token()
    form = {"user": other.user_id, "decision": "allow"}
    shown = Page((await sign.send("POST", sign.page_of(token_1), form=form)).text)
    assert (await sign.access_token(token_1, shown.ids["pin"])).form["user_id"] == other.user_id


async def test_a_form_that_says_nothing_changes_nothing(sign: SignIn) -> None:
    me = sign.sandbox.me.user_id
    for url in await urls(sign):
        for form in (
            {},
            {"decision": "allow"},
            {"decision": "allow", "user": "1"},
            {"decision": "other", "user": me},
            {"user": me},
        ):
            answer = await sign.send("POST", url, form=form)
            assert answer.status == 400
            assert "error" in Page(answer.text).ids
        assert await sign.sandbox.authorize(url)


async def test_what_came_in_is_escaped(sign: SignIn) -> None:
    hostile = "http://127.0.0.1:1/'><script>alert(1)</script>"
    answer = await sign.send("GET", sign.authorize_url(redirect_uri=hostile))
    assert answer.status == 400
    assert "<script" not in answer.text
    reply = page.ask("<b>&", ["<i>"], [('"><u>', "<s>")], "x://<em>/")
    assert isinstance(reply.body, bytes)
    for tag in (b"<b>", b"<i>", b"<u>", b"<s>", b"<em>"):
        assert tag not in reply.body
    for reply in (page.wrong("<b>"), page.pin("<b>", "<b>"), page.denied("<b>")):
        assert isinstance(reply.body, bytes)
        assert b"<b>" not in reply.body


async def test_the_page_offers_no_endless_list_of_users(sign: SignIn) -> None:
    last = [sign.sandbox.new_account() for _ in range(150)][-1]
    shown = Page((await sign.send("GET", sign.authorize_url())).text)
    assert len(shown.options) == 100
    # Who is not listed can sign in all the same.
    assert await sign.code(user=last)

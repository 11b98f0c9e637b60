"""The three legs of OAuth 1.0a: what is signed, what comes back, what is made of it."""

import io
from urllib.parse import unquote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oauthlib.oauth1 import Client
from rich.console import Console

from twretweet.auth import three_legged
from twretweet.auth.pending import PendingOAuth1
from twretweet.auth.tokens import OAuth1Tokens
from twretweet.credentials import AppOnly, OAuth1
from twretweet.errors import (
    APIError,
    DecodeError,
    Forbidden,
    QueryError,
    SignInDeclined,
    SignInError,
    TwretweetError,
    Unauthorized,
)
from twretweet.protocol.response import Reply

X = "https://api.x.com"
CALLBACK = "http://127.0.0.1:8976/callback"
APP = AppOnly.from_key("planted-key", "planted-secret")
TOKEN = "request-token"
NOW = 1_700_000_000.9


def pending(callback: str | None = CALLBACK) -> PendingOAuth1:
    return PendingOAuth1(
        url="u", callback=callback, app=APP, token=TOKEN, token_secret="planted-token-secret"
    )


def outcome(flow, reply: Reply):
    """The request of a flow, and what it makes of the reply."""
    request = next(flow)
    try:
        flow.send(reply)
    except StopIteration as stop:
        return request, stop.value
    except TwretweetError as error:
        return request, error
    raise AssertionError("it asks a second time")


def form(status: int = 200, **fields: str) -> Reply:
    return Reply(status, {}, urlencode(fields).encode())


def fields_of(request) -> dict[str, str]:
    [(name, header)] = request.headers
    assert name == "Authorization"
    assert header.startswith("OAuth ")
    pairs = (part.partition("=") for part in header[6:].split(", "))
    return {name: unquote(value.strip('"')) for name, _, value in pairs}


def granted(**more: str) -> Reply:
    fields = {
        "oauth_token": TOKEN,
        "oauth_token_secret": "planted-token-secret",
        "oauth_callback_confirmed": "true",
    }
    return form(**fields | more)


@given(
    st.sampled_from([None, CALLBACK, "https://app.example/cb?a=b&c=%20d"]),
    st.text("ab%&=+/~ é漢", min_size=1).map(lambda text: f"k{text}k"),
)
def test_a_request_token_is_asked_for_as_oauthlib_asks(callback, secret):
    app = AppOnly.from_key("key+&=", secret)
    request, _ = outcome(three_legged.request_token(X, app, callback, NOW), granted())
    ours = fields_of(request)
    theirs = Client(
        "key+&=",
        secret,
        callback_uri=callback or "oob",
        nonce=ours["oauth_nonce"],
        timestamp="1700000000",
    )
    _, headers, _ = theirs.sign(f"{X}/oauth/request_token", "POST")
    wanted = headers["Authorization"].removeprefix("OAuth ").split(", ")
    assert ours == {
        name: unquote(value.strip('"')) for name, _, value in (w.partition("=") for w in wanted)
    }
    assert (request.method, request.full_url) == ("POST", f"{X}/oauth/request_token")


@given(st.text("0123456789", min_size=1), st.text("ab%&=+/~", min_size=1))
def test_an_access_token_is_asked_for_as_oauthlib_asks(pin, token_secret):
    begun = PendingOAuth1(url="", callback=None, app=APP, token="t+&=", token_secret=token_secret)
    answer = three_legged.answer(begun, pin)
    request, _ = outcome(three_legged.access_token(X, begun, answer, NOW), form(500))
    ours = fields_of(request)
    theirs = Client(
        "planted-key",
        "planted-secret",
        "t+&=",
        token_secret,
        verifier=pin,
        nonce=ours["oauth_nonce"],
        timestamp="1700000000",
    )
    _, headers, _ = theirs.sign(f"{X}/oauth/access_token", "POST")
    wanted = headers["Authorization"].removeprefix("OAuth ").split(", ")
    assert ours == {
        name: unquote(value.strip('"')) for name, _, value in (w.partition("=") for w in wanted)
    }


@pytest.mark.parametrize("callback", [None, CALLBACK])
def test_what_x_gives_leads_to_its_page(callback):
    reply = granted(oauth_token="t&=/")
    _, begun = outcome(three_legged.request_token(X, APP, callback, NOW), reply)
    assert begun.url == f"{X}/oauth/authorize?oauth_token=t%26%3D%2F"
    assert (begun.callback, begun.token) == (callback, "t&=/")


@pytest.mark.parametrize(
    "reply",
    [
        granted(oauth_callback_confirmed="false"),
        granted(oauth_callback_confirmed=""),
        granted(oauth_token=""),
        granted(oauth_token_secret="planted\x00"),
        Reply(200, {}, b"\xff\xfe=planted"),
        Reply(200, {}, b"<html>planted</html>"),
        Reply(200, {}, b"&".join([b"a=planted"] * 1000)),
        Reply(200, {}, granted().body, "broke off"),
    ],
)
def test_a_callback_that_x_did_not_confirm_ends_it(reply):
    _, error = outcome(three_legged.request_token(X, APP, CALLBACK, NOW), reply)
    assert isinstance(error, DecodeError)
    assert "does not confirm the callback" in str(error)
    assert "planted" not in str(error) + error.excerpt


@pytest.mark.parametrize(
    ("status", "code", "kind"), [(401, 32, Unauthorized), (403, 415, Forbidden)]
)
def test_what_x_says_to_a_wrong_key_or_callback_is_passed_on_without_the_key(status, code, kind):
    said = f'{{"errors":[{{"code":{code},"message":"no planted-key here"}}]}}'
    reply = Reply(status, {}, said.encode())
    _, error = outcome(three_legged.request_token(X, APP, CALLBACK, NOW), reply)
    assert isinstance(error, kind)
    assert "no [hidden] here" in str(error)


def test_a_callback_that_is_no_address_is_refused_before_anything_is_sent():
    with pytest.raises(QueryError, match="callback is 'oob'"):
        next(three_legged.request_token(X, APP, "oob", NOW))


def back(**params: str) -> str:
    return f"{CALLBACK}?{urlencode(params)}"


def test_a_verifier_that_came_back_in_order_is_taken():
    answer = three_legged.answer(pending(), back(oauth_token=TOKEN, oauth_verifier="planted"))
    assert answer.verifier == "planted"
    shown = io.StringIO()
    Console(file=shown).print(answer)
    assert "planted" not in repr(answer) + shown.getvalue()


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (back(oauth_token="other", oauth_verifier="planted"), "another sign-in"),
        (back(oauth_verifier="planted"), "another sign-in"),
        (back(denied="other"), "another sign-in"),
        (back(oauth_token=TOKEN), "no verifier"),
        (back(oauth_token=TOKEN, oauth_verifier="planted") + "&oauth_verifier=b", "is not http"),
        (back(oauth_token=TOKEN, oauth_verifier="planted")[1:], "is not http"),
        ("1234567", "is not http"),
    ],
)
def test_an_address_that_is_not_the_answer_is_refused(address, says):
    error = three_legged.answer(pending(), address)
    assert isinstance(error, SignInError)
    assert not isinstance(error, SignInDeclined)
    assert says in str(error)
    assert "planted" not in str(error)


def test_who_says_no_has_declined():
    assert isinstance(three_legged.answer(pending(), back(denied=TOKEN)), SignInDeclined)


@given(st.text(max_size=20))
def test_a_pin_is_digits_and_all_else_is_refused(text):
    answer = three_legged.answer(pending(None), text)
    digits = "".join(text.split())
    if digits and set(digits) <= set("0123456789"):
        assert answer.verifier == digits
    else:
        assert isinstance(answer, SignInError)


def proof():
    return three_legged.answer(pending(), back(oauth_token=TOKEN, oauth_verifier="planted-v"))


def test_the_keys_that_x_gives_are_stored_with_the_app_s():
    reply = form(
        oauth_token="7-a", oauth_token_secret="s", user_id="7", screen_name="seven", extra="x"
    )
    _, tokens = outcome(three_legged.access_token(X, pending(), proof(), NOW), reply)
    assert tokens == OAuth1Tokens(
        host="https://api.x.com",
        consumer_key="planted-key",
        consumer_secret="planted-secret",
        access_token="7-a",
        access_token_secret="s",
        user_id="7",
        screen_name="seven",
    )


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_verifier_that_x_does_not_take_asks_for_another_sign_in(status):
    reply = Reply(status, {}, b"Error: invalid planted-v")
    _, error = outcome(three_legged.access_token(X, pending(), proof(), NOW), reply)
    assert isinstance(error, SignInError)
    assert "does not take the verifier" in str(error)
    assert "planted" not in str(error)


def test_trouble_of_x_is_passed_on_without_what_was_sent():
    reply = Reply(503, {}, b"<html>planted-v of planted-key</html>")
    _, error = outcome(three_legged.access_token(X, pending(), proof(), NOW), reply)
    assert isinstance(error, APIError)
    assert "[hidden] of [hidden]" in str(error)


@pytest.mark.parametrize(
    "body", [b"", b"oauth_token=planted", b"oauth_token=a&oauth_token_secret=%00"]
)
def test_an_answer_without_keys_is_not_shown(body):
    _, error = outcome(three_legged.access_token(X, pending(), proof(), NOW), Reply(200, {}, body))
    assert isinstance(error, DecodeError)
    assert "planted" not in str(error)


KEYS = OAuth1("planted-key", "planted-secret", "7-planted", "planted-token-secret")


def test_a_token_that_x_does_not_know_is_ended():
    reply = Reply(401, {}, b'{"errors":[{"code":89,"message":"Invalid or expired token."}]}')
    request, ended = outcome(three_legged.revoke(X, KEYS, NOW), reply)
    assert ended is None
    assert request.full_url == f"{X}/1.1/oauth/invalidate_token.json"


def test_a_token_that_x_does_not_end_raises_without_it():
    reply = Reply(401, {}, b'{"errors":[{"code":32,"message":"7-planted"}]}')
    _, error = outcome(three_legged.revoke(X, KEYS, NOW), reply)
    assert isinstance(error, Unauthorized)
    assert "planted" not in str(error)


def test_a_sign_in_can_be_finished_by_another_process_that_knows_the_app():
    for begun in (pending(), pending(None)):
        text = begun.to_json()
        assert PendingOAuth1.from_json(text, APP) == begun
        assert "planted-key" not in text
        assert "planted-secret" not in text
        with pytest.raises(SignInError, match="another app"):
            PendingOAuth1.from_json(text, AppOnly.from_key("other", "other"))
        with pytest.raises(SignInError, match="no sign-in"):
            PendingOAuth1.from_json(text[:-1], APP)


def test_a_sign_in_shows_no_secret():
    shown = io.StringIO()
    Console(file=shown).print(pending(), pending(None))
    text = repr([pending(), pending(None)]) + shown.getvalue()
    assert CALLBACK in text
    assert "planted" not in text
    assert TOKEN not in text

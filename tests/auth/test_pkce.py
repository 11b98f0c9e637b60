"""Addresses to sign in at, and addresses that come back."""

import base64
import hashlib
import io
import json
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.console import Console

from twretweet.auth import pkce
from twretweet.auth.grant import Form
from twretweet.auth.pending import PendingSignIn
from twretweet.credentials import OAuth2
from twretweet.errors import QueryError, SignInDeclined, SignInError

X = "https://api.x.com"
CALLBACK = "http://127.0.0.1:8976/callback"
CLIENT = OAuth2("the-client", "planted-client-secret")
CODE = "planted-code"
ANY_TEXT = st.text(max_size=60)
CALLBACKS = st.sampled_from(
    [CALLBACK, "https://app.example/cb?tenant=7&x=%20", "https://app.example/", "myapp:/back"]
)


def begun(callback: str = CALLBACK, **more) -> PendingSignIn:
    return pkce.begin(X, CLIENT, callback, **more)


def back(pending: PendingSignIn, **params: str) -> str:
    """Where X would send the browser."""
    params = {"state": pending.state, "code": CODE} | params
    mark = "&" if "?" in pending.redirect_uri else "?"
    return pending.redirect_uri + mark + urlencode({k: v for k, v in params.items() if v})


def query_of(url: str) -> dict[str, str]:
    pairs = parse_qsl(urlsplit(url).query, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@given(CALLBACKS, st.lists(st.sampled_from(["tweet.read", "a:b", "x/y"]), min_size=1))
def test_the_page_is_asked_for_just_what_was_chosen(callback, scopes):
    pending = begun(callback, scopes=scopes)
    challenge = hashlib.sha256(pending.verifier.encode()).digest()
    assert pending.url.startswith("https://x.com/i/oauth2/authorize?")
    assert "+" not in pending.url
    assert query_of(pending.url) == {
        "response_type": "code",
        "client_id": "the-client",
        "redirect_uri": callback,
        "scope": " ".join(dict.fromkeys(scopes)),
        "state": pending.state,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize(
    ("host", "page"),
    [
        ("https://api.x.com", "https://x.com/i/oauth2/authorize"),
        ("https://api.twitter.com", "https://x.com/i/oauth2/authorize"),
        ("http://127.0.0.1:80", "http://127.0.0.1:80/i/oauth2/authorize"),
        ("https://proxy.example/way", "https://proxy.example/way/i/oauth2/authorize"),
    ],
)
def test_the_page_of_x_is_another_host_than_its_api(host, page):
    assert pkce.begin(host, CLIENT, CALLBACK).url.partition("?")[0] == page


def test_no_two_sign_ins_share_a_secret_and_none_can_be_guessed():
    all_of_them = [begun() for _ in range(50)]
    assert len({each.state for each in all_of_them}) == 50
    assert len({each.verifier for each in all_of_them}) == 50
    for each in all_of_them:
        assert len(base64.urlsafe_b64decode(each.state + "=")) * 8 >= 128
        assert 43 <= len(each.verifier) <= 128
        assert len(each.state) <= 500  # X takes no longer one


def test_the_scopes_are_those_of_the_endpoints():
    read, write = ("tweet.read", "users.read"), ("tweet.read", "tweet.write", "users.read")
    assert pkce.scopes_for("retweets", "retweeters") == (*read, "offline.access")
    assert pkce.scopes_for("retweet") == (*write, "offline.access")
    assert pkce.scopes_for() == ("timeline.read", *write, "offline.access")
    assert begun().scopes == pkce.scopes_for()


@pytest.mark.parametrize("name", ["v1.retweet", "retwet", ""])
def test_scopes_of_what_oauth2_can_not_call_are_refused_by_name(name):
    with pytest.raises(QueryError, match=rf"'{name}' is nothing that OAuth 2.0 can call.*retweet"):
        pkce.scopes_for("retweet", name)


@pytest.mark.parametrize("scopes", ["tweet.read", [], [""], ["tweet.read users.read"], ["ü"]])
def test_what_is_no_list_of_scopes_is_refused(scopes):
    with pytest.raises(QueryError, match="scope"):
        begun(scopes=scopes)


@pytest.mark.parametrize(
    "uri", ["", "callback", "/callback", "http://", "http://[::1", f"{CALLBACK}#x", f"{CALLBACK} "]
)
def test_a_redirect_uri_that_is_no_address_is_refused(uri):
    with pytest.raises(QueryError, match="redirect_uri is "):
        begun(uri)


@given(CALLBACKS, st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_code_that_came_back_in_order_is_sent_with_the_verifier(callback, code):
    pending = begun(callback)
    form = pkce.answer(pending, f" {back(pending, code=code)}\n")
    assert isinstance(form, Form)
    assert form.fields == {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": callback,
        "code_verifier": pending.verifier,
    }


@given(CALLBACKS, st.data())
def test_an_address_that_differs_anywhere_before_the_code_is_refused(callback, data):
    pending = begun(callback)
    address = back(pending)
    # The state and all before it; the code is X's to judge.
    end = address.index(pending.state) + len(pending.state)
    at = data.draw(st.integers(0, end - 1))
    letter = data.draw(
        st.sampled_from(["", "a", "Z", "%", "&", "=", "?", "#", "/", "ü", "\udc80"])
    )
    changed = address[:at] + letter + address[at + 1 :]
    assume(changed.strip() != address)
    error = pkce.answer(pending, changed)
    # A code or an error of X's counts only with the state it was asked with.
    assert isinstance(error, SignInError)
    assert not isinstance(error, SignInDeclined)
    hidden_in(str(error), pending)


@given(ANY_TEXT)
def test_any_text_in_place_of_an_address_is_refused_in_words(text):
    error = pkce.answer(begun(), text)
    assert isinstance(error, SignInError)
    assert CALLBACK in str(error)


@pytest.mark.parametrize("state", ["", "other", "x" * 10_000])
def test_a_wrong_state_is_refused_before_anything_else_is_believed(state):
    pending = begun()
    for more in ({}, {"error": "access_denied", "code": ""}):
        error = pkce.answer(pending, back(pending, state=state, **more))
        assert isinstance(error, SignInError)
        assert not isinstance(error, SignInDeclined)
        assert "another sign-in" in str(error)


@pytest.mark.parametrize("twice", ["code", "state"])
def test_a_parameter_that_comes_twice_is_refused(twice):
    pending = begun()
    error = pkce.answer(pending, back(pending) + f"&{twice}=x")
    assert isinstance(error, SignInError)


def test_an_answer_without_a_code_is_refused():
    pending = begun()
    error = pkce.answer(pending, back(pending, code=""))
    assert "no code" in str(error)


def test_who_says_no_has_declined():
    pending = begun()
    error = pkce.answer(pending, back(pending, error="access_denied", code=""))
    assert isinstance(error, SignInDeclined)


def test_what_x_says_is_shown_on_one_line_without_what_it_was_sent():
    pending = begun()
    said = f"scope\x1b[31m {pending.state}\n{pending.verifier}" + "é" * 500
    error = pkce.answer(
        pending, back(pending, error="invalid_scope", error_description=said, code="")
    )
    assert isinstance(error, SignInError)
    assert str(error).startswith("X does not let anybody sign in here: invalid_scope scope [31m ")
    assert str(error).isprintable()
    assert len(str(error)) < 300
    hidden_in(str(error), pending)


def test_a_sign_in_can_be_finished_by_another_process():
    pending = begun()
    text = pending.to_json()
    assert PendingSignIn.from_json(text, CLIENT) == pending
    assert PendingSignIn.from_json(text.encode(), CLIENT) == pending
    assert "planted" not in text
    with pytest.raises(SignInError, match="another app"):
        PendingSignIn.from_json(text, OAuth2("another"))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"app": 1}', b"\xff", "[" * 100_000])
def test_what_is_no_sign_in_is_not_read(text):
    with pytest.raises(SignInError, match="no sign-in that was begun"):
        PendingSignIn.from_json(text, CLIENT)


def test_a_text_that_lacks_a_member_is_not_read_and_not_shown():
    fields = json.loads(begun().to_json())
    fields["verifier"] = ["planted"]
    with pytest.raises(SignInError) as caught:
        PendingSignIn.from_json(json.dumps(fields), CLIENT)
    assert "planted" not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_sign_in_shows_no_secret():
    pending = begun()
    shown = io.StringIO()
    Console(file=shown, width=500).print(pending)
    for text in (repr(pending), str(pending), f"{[pending]}", shown.getvalue()):
        hidden_in(text, pending)
        assert CALLBACK in text


def hidden_in(text: str, pending: PendingSignIn) -> None:
    for secret in (pending.state, pending.verifier, "planted", quote(pending.state)):
        assert secret not in text
